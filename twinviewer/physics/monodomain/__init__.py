"""Reaction and diffusion on a grid of cells immersed in the tissue (monodomain): docs/rooms.md."""
