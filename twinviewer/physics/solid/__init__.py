"""Quasi-static finite elements of a ventricle's wall: quadratic tetrahedra, incompressible, loaded by its cavities."""
