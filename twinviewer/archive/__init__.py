"""Images from a hospital's archive, by DICOMweb or DIMSE. No socket is opened but for a node that the user set up."""
