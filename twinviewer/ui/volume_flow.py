"""The images as a volume in 3D: off until asked for, made ready beside the window, coarse while something moves."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer

from twinviewer.domain import OrganMesh, Volume
from twinviewer.scene.state import PaneState, SceneState
from twinviewer.scene.volume_data import GPU_VOXELS, SOFTWARE_VOXELS, VolumeData, VolumeLook, box_of, volume_data
from twinviewer.ui.volume_panel import VolumePanel

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

POLL_MS, SETTLE_MS = 30, 160
KEPT = 12
"""Phases that stay ready."""
SOFTWARE_NAMES = ("llvmpipe", "softpipe", "swrast", "swiftshader", "software")


class VolumeFlow(QObject):
    """Keeps the volume in step with images, phase, playback and the panel."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self.on = False
        self.panel = VolumePanel(window.look)
        self.software = any(name in window.renderer.lower() for name in SOFTWARE_NAMES)
        self._ready: dict[tuple[str, int, bool], VolumeData] = {}
        self._work: tuple[tuple[str, int, bool], Future[VolumeData]] | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._last: VolumeData | None = None
        self._turning = False
        self._of: object = None
        self._poll = QTimer(self)
        self._poll.setInterval(POLL_MS)
        self._poll.timeout.connect(self._look)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._still)
        view = window.views.view3d
        view.below_bar.addWidget(self.panel)
        view.volume.clicked.connect(self.toggle)
        view.turning.connect(self._turn)
        self.panel.changed.connect(self._changed)
        window.presenter.case_changed.connect(self.follow)
        window.display.changed.connect(self._phase)
        window.playback.state_changed.connect(lambda: self._settle.start() if self.on else None)
        self.follow()

    @property
    def image(self) -> Volume | None:
        """What can be drawn."""
        image = self.w.presenter.case.image
        return image if isinstance(image, Volume) else None

    @property
    def why_not(self) -> str:
        """Why there is no volume to draw; "" where there is."""
        if not self.w.views.view3d.can_draw:
            return "OpenGL is not available here"
        if self.w.presenter.case.image is None:
            return "open images first"
        return "" if self.image is not None else "these images are planes with gaps, not a volume"

    def toggle(self) -> None:
        """Draw it, or take it away."""
        self.on = not self.on and not self.why_not
        self._show()

    def follow(self) -> None:
        """The Case changed."""
        image = self.w.presenter.case.image
        if image is not self._of:
            self._of, self._last = image, None
            self._ready.clear()
            if self.on and self.why_not:
                self.on = False
            if self.image is not None:
                self._offer(self.image)
        if "volume" in self.w.actions_.all:
            self.w.actions_.allow("volume", not self.why_not, self.why_not)
        self.w.views.view3d.volume.setEnabled(not self.why_not)
        self._show(draw=False)

    def _offer(self, image: Volume) -> None:
        from twinviewer.scene.volume_render import PRESETS

        ct = image.modality == "CT"
        names = {name: one.label for name, one in PRESETS.items() if one.percentiles is not ct}
        self.panel.offer(names, ("heart" if self.w.presenter.case.organ == "heart" else "bone") if ct else "mr")

    def _show(self, *, draw: bool = True) -> None:
        self.panel.setVisible(self.on)
        self.w.views.show_solid(self.on)
        self.w.views.view3d.volume.setChecked(self.on)
        if "volume" in self.w.actions_.all:
            self.w.actions_.all["volume"].setChecked(self.on)
        labels = self.w.presenter.case.labels
        self.panel.boxed.setVisible(labels is not None)
        self.panel.model.setVisible(self.w.presenter.case.mesh is not None)
        if draw:
            self.w.coupling.draw_scene()

    # Making it ready -------------------------------------------------------------------------------------------

    def _key(self) -> tuple[str, int, bool] | None:
        image, labels = self.image, self.w.presenter.case.labels
        if image is None:
            return None
        return image.uid, self.w.display.phase, labels is not None and self.panel.boxed.isChecked()

    def _data(self) -> VolumeData | None:
        """What is ready for this phase; meanwhile what was there before. While the processor draws a playing beat the
        volume stands still: each phase would cost half a second when it is first seen."""
        key, image = self._key(), self.image
        if key is None or image is None:
            return None
        if self.software and self.w.playback.playing and self._last is not None:
            return self._last
        if key in self._ready:
            self._last = self._ready[key]
        elif self._work is None:
            case, most = self.w.presenter.case, SOFTWARE_VOXELS if self.software else GPU_VOXELS
            self._pool = self._pool or ThreadPoolExecutor(1)
            voxels, labels = image.data[key[1]], case.labels if key[2] else None

            def make() -> VolumeData:
                box = None if labels is None else box_of(labels, image.grid)
                return volume_data(voxels, image.grid, box, most)

            self._work = key, self._pool.submit(make)
            self._poll.start()
        return self._last

    def _look(self) -> None:
        if self._work is None or not self._work[1].done():
            return
        (key, work), self._work = self._work, None
        self._poll.stop()
        if work.exception() is not None:
            self.w.messages.tell("These images could not be made ready to be drawn", str(work.exception()), "caution")
            return
        if self.image is not None and key[0] == self.image.uid:  # else another series was opened meanwhile
            while len(self._ready) >= KEPT:
                self._ready.pop(next(iter(self._ready)))
            self._ready[key] = work.result()
        if self.on:
            self.w.coupling.draw_scene()

    # What moves ------------------------------------------------------------------------------------------------

    def _turn(self, on: bool) -> None:
        if not self.on or not self.software:
            return
        if on:
            self._turning = True
            self.w.coupling.draw_scene()
        else:
            self._settle.start()

    def _still(self) -> None:
        self._turning = False
        if self.on:
            self.w.coupling.draw_scene()

    def _changed(self) -> None:
        if self.on:
            self._turning = self.software
            self._settle.start()
            self.w.coupling.draw_scene()

    def _phase(self) -> None:
        key = self._key()
        if self.on and not self.w.playback.playing and key is not None and self._ready.get(key) is not self._last:
            self.w.coupling.draw_scene()

    # The picture -----------------------------------------------------------------------------------------------

    def picture(self, state: SceneState | None) -> SceneState | None:
        """The scene with the volume; without a model a scene of the volume alone."""
        if not self.on or self.w.choices.comparing:
            return state
        data = self._data()
        if data is None:
            return state
        playing = self.w.playback.playing
        moving = self._turning or (playing and self.software)
        self._say(data, playing)
        preset = str(self.panel.preset.currentData())
        look = VolumeLook(data, preset, float(self.panel.shift.value()), self.panel.opacity.value() / 100.0, moving)
        if state is None:
            tokens, case = self.w.look.tokens, self.w.presenter.case
            pane = PaneState("Volume", _nothing(data), accent=tokens.quiet)
            footer = f"{case.patient.pseudonym} · research only, not for clinical use".lstrip(" ·")
            return SceneState((pane,), background=tokens.panel, text=tokens.text, quiet=tokens.quiet, footer=footer,
                              volume=look)  # fmt: skip
        if not self.panel.model.isChecked():
            panes = tuple(
                replace(one, structures=tuple(replace(s, visible=False) for s in one.structures)) for one in state.panes
            )
            state = replace(state, panes=panes)
        return replace(state, volume=look)

    def _say(self, data: VolumeData, playing: bool) -> None:
        words = []
        if self.software:
            words.append("still while the beat plays" if playing and self.image is not None and self.image.phases > 1
                         else "drawn by the processor")  # fmt: skip
        if max(data.step) > 1:
            words.append(f"every {max(data.step)} voxels")
        self.panel.say(", ".join(words))

    def close(self) -> None:
        """Let the thread go."""
        self._poll.stop()
        self._settle.stop()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def _nothing(data: VolumeData) -> OrganMesh:
    """A mesh of nothing: a pane needs one."""
    return OrganMesh(
        organ="", points_mm=np.asarray(data.corners_mm[:1]), tets=np.zeros((0, 4), np.int32), surfaces={},
        point_fields={}, cell_fields={}, landmarks={}, wall_points=0, uid=f"volume {data.values.shape}", label_uid="",
    )  # fmt: skip
