"""From voxels to meshes and files: smooth solids, tetrahedra, surfaces, finite-element coordinates, quality, export."""

from twinviewer.geometry.export import closed_surfaces, write_surfaces, write_tets
from twinviewer.geometry.write_labels import write_nifti, write_nrrd
from twinviewer.geometry.write_parts import write_parts

__all__ = ["closed_surfaces", "write_nifti", "write_nrrd", "write_parts", "write_surfaces", "write_tets"]
