"""What a running simulation shows before it is done: the voltage on the wall, frame after frame."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from twinviewer.domain import Frame
from twinviewer.scene.electrical import MEMBRANE

if TYPE_CHECKING:
    from twinviewer.ui.presenter import Presenter


@dataclass(frozen=True, slots=True, eq=False)
class Live:
    """The newest frame of a scenario whose run is not there yet."""

    scenario: str
    frame: Frame


class LiveRun(QObject):
    """Keeps the newest frame while its job runs; ``changed`` asks for another picture."""

    changed = Signal()

    def __init__(self, presenter: "Presenter") -> None:
        super().__init__(presenter)
        self._presenter = presenter
        self.now: Live | None = None
        presenter.frame_reached.connect(self._reached)
        presenter.jobs_changed.connect(self._follow)

    def _reached(self, scenario: str, frame: Frame) -> None:
        if MEMBRANE in frame.fields:
            self.now = Live(scenario, frame)
            self.changed.emit()

    def _follow(self) -> None:
        if self.now is not None and not self._presenter.runs(self.now.scenario):
            self.now = None
            self.changed.emit()
