"""What is known of the patient from outside the images: FHIR R4 bundles and tables of vitals."""

from twinviewer.records.fhir import write_fhir
from twinviewer.records.read import read_records

__all__ = ["read_records", "write_fhir"]
