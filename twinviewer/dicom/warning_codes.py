"""The codes of everything that can be odd about a series. Scripts rely on them: add, never rename."""

from collections.abc import Iterable
from pathlib import Path

from twinviewer.domain import ImageWarning

MOST_NAMES = 3

CODES = frozenset(
    {
        "archive",  # an archive inside what was opened, which was not unpacked
        "dicomdir",  # a DICOMDIR that names what is not there, or is damaged
        "duplicate_slices",  # the same place (and phase) more than once; the first is kept
        "executable_preamble",  # the file's first bytes would run as a program (CVE-2019-11687)
        "few_slices",  # fewer than four slices
        "gantry_tilt",  # slices are stacked at an angle to their normal
        "incomplete_phases",  # some slices lack some phases
        "missing_slices",  # gaps that are whole multiples of the spacing
        "mixed_frames",  # images of one stack or study whose coordinates are in several frames of reference
        "mixed_matrix",  # one series, several pixel grids
        "mixed_orientation",  # one series, several directions
        "mixed_patients",  # one folder, several patients
        "no_contrast_tag",  # CT whose header names no contrast agent
        "no_decoder",  # a compression that this program has no decoder for
        "no_position",  # no (valid) position or orientation: it cannot be placed in space
        "not_dicom",  # files in the folder that are not DICOM
        "other_images",  # structures that were made on images which are not here
        "probe_frame",  # an ultrasound volume, which lies in its probe's frame and not in the patient's
        "rescale_inconsistent",  # CT slices with different rescale
        "rescale_slope_zero",  # slices whose values are all the same by a rescale slope of 0
        "several_stacks",  # one series, several stacks of parallel slices
        "uneven_spacing",  # slices that are not evenly spaced
        "unreadable_folder",  # a folder that may not be read, or lies too deep
        "units",  # in which unit the values are, where that needs saying (PET)
        "unreadable_file",  # damaged, cut short or impossible
        "zero_spacing",  # pixel spacing absent, zero or negative
    }
)


def warn(code: str, text: str) -> ImageWarning:
    """A warning with a known code; KeyError for any other, so that none is invented in passing."""
    if code not in CODES:
        raise KeyError(code)
    return ImageWarning(code, text)


def names_of(paths: Iterable[str]) -> str:
    """The files' names for a sentence: the first three of them, and how many more."""
    names = sorted({Path(path).name for path in paths})
    rest = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "")
