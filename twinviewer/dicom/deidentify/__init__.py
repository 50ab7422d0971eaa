"""A copy of a study without its patient, by the Basic Profile of DICOM PS3.15 and its options; the door is door.py."""
