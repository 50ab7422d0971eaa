"""The old door of :func:`twinviewer.therapies.load_parameters`. Therapies import it from ``twinviewer.therapies``."""

from twinviewer.therapies import load_parameters

__all__ = ["load_parameters"]
