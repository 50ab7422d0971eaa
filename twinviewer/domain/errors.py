"""Typed errors. Each says what happened, where, and what the user can do about it."""


class TwinviewerError(Exception):
    """Base of every error that Twinviewer raises on purpose.

    Parameters
    ----------
    what: one sentence for the user, without a trailing stop.
    where: the file, series, step or parameter concerned (never a patient's name).
    remedy: what the user can do next.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        text = self.what if not self.where else f"{self.what} ({self.where})"
        return text if not self.remedy else f"{text}. {self.remedy}"


class LoadError(TwinviewerError):
    """Images or records could not be read."""


class SegmentationError(TwinviewerError):
    """The organ could not be delineated in these images."""


class MeshError(TwinviewerError):
    """A surface or tetrahedral mesh could not be made, or is not sound."""


class EngineError(TwinviewerError):
    """A simulation could not start, diverged, or gave numbers that are not finite."""


class TherapyError(TwinviewerError):
    """A therapy's values are out of bounds or do not fit this heart."""


class StoreError(TwinviewerError):
    """A case file could not be written or read, or is not to be trusted."""


class RenderError(TwinviewerError):
    """A picture, film or page could not be made."""


class ArchiveError(TwinviewerError):
    """An archive could not be reached, refused, or did not answer as it should."""


class WorkerError(TwinviewerError):
    """A worker process died, ran out of memory or passed its deadline."""


class Cancelled(Exception):
    """Raised by a reporter inside a step when the user has cancelled. Never an error to show."""
