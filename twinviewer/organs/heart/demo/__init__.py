"""The embedded demo patient: an anatomically shaped heart with left bundle branch block, and its known truth."""
