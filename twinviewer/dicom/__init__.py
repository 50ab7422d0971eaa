"""DICOM in and out: scan a folder, read a series, write CT, SEG and secondary capture. The only user of pydicom."""

from twinviewer.dicom.read import read
from twinviewer.dicom.scan import scan

__all__ = ["read", "scan"]
