"""One call in a worker process, from when it waits to when it has ended."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from twinviewer.domain import TwinviewerError

JobState = Literal["waiting", "running", "done", "failed", "cancelled"]


@dataclass(eq=False)
class Job:
    """One call in a worker. name: for people. revision: of the Case that it started from.

    fraction, text: the last progress. result: what the function returned, once state is "done".
    """

    name: str
    revision: int
    function: str
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any]
    deadline_s: float
    done: Callable[[Any], None] | None
    failed: Callable[[TwinviewerError], None] | None
    progress: Callable[[float, str], None] | None
    cancelled: Callable[[], None] | None
    live: Callable[[Any], None] | None = None
    state: JobState = "waiting"
    fraction: float = 0.0
    text: str = ""
    result: Any = None
    error: TwinviewerError | None = None
    started_s: float = 0.0
    taken: bool = False
    attempts: int = 0
    can_leave_out: bool = False
    """Whether it can be begun again without a file that its worker did not survive."""
    _stop: "Callable[[Job, bool], bool] | None" = None

    def cancel(self, gently: bool = False) -> bool:
        """Stop the job now, by killing its worker. False if it had ended already. Its callback comes with poll().

        gently: nothing of the job is heard any more, but its worker is asked to leave it at its next report and keeps
        what it has learned; it is killed where that takes longer than a moment.
        """
        return self._stop is not None and self._stop(self, gently)

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ("done", "failed", "cancelled")
