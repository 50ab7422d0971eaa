"""DICOM in and out: scan a folder, read a series, write CT, SEG and secondary capture. The only user of pydicom."""

from twinviewer.dicom.ecg import is_ecg, read_ecg
from twinviewer.dicom.pictures import read_pictures
from twinviewer.dicom.read import read
from twinviewer.dicom.scan import scan
from twinviewer.dicom.secondary_capture import write_secondary_capture
from twinviewer.dicom.warning_codes import CODES
from twinviewer.dicom.write_ct import write_ct
from twinviewer.dicom.write_seg import write_seg
from twinviewer.dicom.write_sr import Reported, write_sr

__all__ = [
    "CODES", "Reported", "is_ecg", "read", "read_ecg", "read_pictures", "scan", "write_ct",
    "write_secondary_capture", "write_seg", "write_sr",
]  # fmt: skip
