"""From voxels to meshes and files: smooth solids, tetrahedra, surfaces, finite-element coordinates, quality, export."""

from twinviewer.geometry.export import write_nifti, write_surfaces, write_tets

__all__ = ["write_nifti", "write_surfaces", "write_tets"]
