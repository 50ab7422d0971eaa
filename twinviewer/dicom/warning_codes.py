"""The codes of everything that can be odd about a series. Scripts rely on them: add, never rename."""

from twinviewer.domain import ImageWarning

CODES = frozenset(
    {
        "duplicate_slices",  # the same place (and phase) more than once; the first is kept
        "executable_preamble",  # the file's first bytes would run as a program (CVE-2019-11687)
        "few_slices",  # fewer than four slices
        "gantry_tilt",  # slices are stacked at an angle to their normal
        "incomplete_phases",  # some slices lack some phases
        "missing_slices",  # gaps that are whole multiples of the spacing
        "mixed_matrix",  # one series, several pixel grids
        "mixed_orientation",  # one series, several directions
        "mixed_patients",  # one folder, several patients
        "no_contrast_tag",  # CT whose header names no contrast agent
        "no_decoder",  # a compression that this program has no decoder for
        "no_position",  # no (valid) position or orientation: it cannot be placed in space
        "not_dicom",  # files in the folder that are not DICOM
        "rescale_inconsistent",  # CT slices with different rescale
        "rescale_slope_zero",  # slices whose values are all the same by a rescale slope of 0
        "uneven_spacing",  # slices that are not evenly spaced
        "unreadable_file",  # damaged, cut short or impossible
        "zero_spacing",  # pixel spacing absent, zero or negative
    }
)


def warn(code: str, text: str) -> ImageWarning:
    """A warning with a known code; KeyError for any other, so that none is invented in passing."""
    if code not in CODES:
        raise KeyError(code)
    return ImageWarning(code, text)
