"""Any structure of an image as geometry: bone, lung, liver, tumour. No simulation."""

from twinviewer.organs.generic.organ import ORGAN

__all__ = ["ORGAN"]
