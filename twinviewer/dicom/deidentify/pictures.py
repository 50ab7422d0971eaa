"""What no table of attributes can take out of a picture: text burned into it, a face, a drawing in spare bits."""

from typing import Literal

import numpy as np
from pydicom.dataset import Dataset

from twinviewer.dicom.elements import BIG_ENDIAN
from twinviewer.dicom.pixel_place import NATIVE

Text = Literal["shown", "likely", "unknown", "none"]
"""Whether text is burned into a picture: it says so; its kind usually has it; nothing is known; it is most unlikely."""

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_CAPTURES = ("7", "3.1", "6.1", "6.2", "77.1.1", "77.1.2", "77.1.4", "77.1.5", "104", "12.77", "1.1.4")
"""Secondary captures, ultrasound, photographs and videos, scanned documents: tails of their SOP classes."""
_SILENT = frozenset({"CT", "MR", "PT", "NM", "SEG", "RTDOSE", "ECG"})
_FACES = ("HEAD", "BRAIN", "SKULL", "FACE", "ORBIT", "SINUS", "JAW", "MAXIL", "MANDIB", "NECK", "WHOLEBODY")


def burned_in(data: Dataset) -> Text:
    """How likely it is that this picture shows text about the patient."""
    if "Rows" not in data:
        return "none"
    said = str(data.get("BurnedInAnnotation", "")).strip().upper()
    if said == "YES":
        return "shown"
    if said == "NO":
        return "none"
    tail = str(data.get("SOPClassUID", "")).removeprefix(_STORAGE)
    kinds = {str(one).upper() for one in data.get("ImageType") or []}
    modality = str(data.get("Modality", "")).upper()
    capture = any(tail == one or tail.startswith(f"{one}.") for one in _CAPTURES) or "SCREEN SAVE" in kinds
    coloured = int(data.get("SamplesPerPixel") or 1) > 1 and modality in _SILENT
    if capture or coloured or modality in ("US", "IVUS") or any("DOSE_INFO" in kind for kind in kinds):
        return "likely"
    return "none" if modality in _SILENT else "unknown"


def shows_face(data: Dataset) -> bool:
    """Whether a face could be rendered from slices like this one."""
    if str(data.get("Modality", "")).upper() not in ("CT", "MR", "PT") or "Rows" not in data:
        return False
    where = f"{data.get('BodyPartExamined', '')}".upper().replace(" ", "").replace("_", "")
    return any(part in where for part in _FACES)


def clear_spare_bits(data: Dataset) -> bool:
    """Zero the bits of native pixels that are not part of their values: old overlays are drawn there. Whether any was.

    The values themselves do not change. Compressed pixels are left as they are.
    """
    allocated, stored = int(data.get("BitsAllocated") or 0), int(data.get("BitsStored") or 0)
    syntax = str(data.file_meta.TransferSyntaxUID)
    if "PixelData" not in data or allocated != 16 or not 0 < stored < 16 or syntax not in NATIVE:
        return False
    if not any(0x6000 <= tag.group <= 0x60FF for tag in list(data.keys())):
        return False
    high = int(data.get("HighBit", stored - 1))
    mask = ((1 << stored) - 1) << max(high + 1 - stored, 0)
    values = np.frombuffer(data.PixelData, ">u2" if syntax == BIG_ENDIAN else "<u2")
    signs = data.get("PixelRepresentation") == 1
    spare = values & ~np.uint16(mask & 0xFFFF)
    if signs or not spare.any():
        return False  # the bits above a negative value repeat its sign
    data.PixelData = (values & np.uint16(mask & 0xFFFF)).astype(values.dtype).tobytes()
    return True
