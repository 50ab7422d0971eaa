"""From voxels to meshes and files: smooth solids, tetrahedra, surfaces, finite-element coordinates, quality, export."""

from twinviewer.geometry.export import write_surfaces, write_tets
from twinviewer.geometry.write_labels import write_nifti, write_nrrd

__all__ = ["write_nifti", "write_nrrd", "write_surfaces", "write_tets"]
