"""One biventricular template of fixed topology, fitted to contours of all phases of a cine study."""
