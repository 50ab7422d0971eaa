"""How soon a brush is seen: a dab on 512^3 labels in three slices and on the surface in 3D, in a real window.

Run: xvfb-run -a -s "-screen 0 1920x1080x24" python tests/bench/labels.py [--write]
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from sections import write_section

EDGE = 512
DABS = 40


def heart_like():  # type: ignore[no-untyped-def]
    """A case of 512^3 voxels of 0.35 mm: shells and balls of the sizes of the parts of a heart."""
    from twinviewer.domain import Grid, LabelMap, Patient, Series, Volume
    from twinviewer.session.case import Case

    affine = np.diag([0.35, 0.35, 0.35, 1.0])
    affine[:3, 3] = -0.35 * (EDGE - 1) / 2
    grid = Grid((EDGE, EDGE, EDGE), affine)
    axis = (np.arange(EDGE, dtype=np.float32) - (EDGE - 1) / 2) * 0.35
    z, y, x = axis[:, None, None], axis[None, :, None], axis[None, None, :]
    labels = np.zeros((1, EDGE, EDGE, EDGE), np.uint8)

    def put(value: int, centre: tuple[float, float, float], radii: tuple[float, float, float]) -> None:
        (cx, cy, cz), (rx, ry, rz) = centre, radii
        inside = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 + ((z - cz) / rz) ** 2 < 1.0
        labels[0][inside & ((labels[0] == 0) | (value in (2, 1)))] = value

    put(1, (15, 0, -10), (36, 36, 52))  # LV wall
    put(2, (15, 0, -8), (26, 26, 42))
    for value, centre, radii in (
        (3, (-28, -8, -8), (26, 22, 40)), (4, (10, 30, 38), (26, 20, 22)), (5, (-38, 14, 34), (22, 24, 26)),
        (6, (0, -2, 62), (14, 14, 24)), (7, (-12, -26, 56), (12, 14, 22)),
    ):  # fmt: skip
        put(value, centre, radii)
    names = {1: "lv_myocardium", 2: "lv_blood", 3: "rv_blood", 4: "la_blood", 5: "ra_blood", 6: "aorta",
             7: "pulmonary_artery"}  # fmt: skip
    data = np.where(labels > 1, 350, np.where(labels == 1, 110, -40)).astype(np.int16)
    for array in (data, labels):
        array.setflags(write=False)
    phases = np.zeros(1)
    series = Series("1.2", "1", Patient("BENCH"), "ct_volume", "CT", "Bench", "", EDGE, 1, (EDGE, EDGE),
                    (0.35, 0.35, 0.35), ())  # fmt: skip
    return Case(
        title="BENCH", patient=Patient("BENCH"), series=(series,), active_series_uid="1.2", organ="heart",
        image=Volume(data, grid, "CT", phases, None, "bench"),
        labels=LabelMap(labels, grid, names, phases, "bench", "bench"),
    )  # fmt: skip


def main() -> int:
    """Prints the figures; with --write they go into docs/benchmarks.md."""
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent

    from twinviewer.session.settings import Settings
    from twinviewer.ui.app import application
    from twinviewer.ui.theme import THEMES, Look

    app = application()
    look = Look()
    look.use(THEMES["dark"])
    from twinviewer.ui.window import MainWindow

    window = MainWindow(look, settings=Settings())
    window.settings_ask_before_close = False
    window.setGeometry(0, 0, 1920, 1080)
    window.show()

    def until(done, most_s: float = 60.0) -> None:  # type: ignore[no-untyped-def]
        end = time.perf_counter() + most_s
        while not done() and time.perf_counter() < end:
            app.processEvents()
            time.sleep(0.0005)

    ready: list[int] = []
    window.warm_up.done.connect(lambda: ready.append(1))
    until(lambda: bool(ready))
    case = heart_like()
    window.presenter.accept(case)
    hand = window.coupling.hand
    begin = time.perf_counter()
    hand.start()
    until(lambda: hand.draft is not None)
    copied = time.perf_counter() - begin
    until(lambda: hand.shapes.ready)
    shown = time.perf_counter() - begin
    hand.panel.structures.choose(2)
    hand.panel.ball.click()
    hand.panel.radius.set_value(4.0)
    hand.chosen()
    until(lambda: hand.shapes.ready)
    until(lambda: False, 1.0)
    view, none = window.views.slices["axial"], Qt.MouseButton.NoButton

    def send(kind: QEvent.Type, place: QPointF, button: Qt.MouseButton) -> None:
        held = none if kind == QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
        app.sendEvent(
            view,
            QMouseEvent(kind, place, view.mapToGlobal(place), button, held, Qt.KeyboardModifier.NoModifier),
        )

    drawn: list[float] = []
    stage = window.views.view3d.stage
    if stage is not None:
        stage.window.AddObserver("EndEvent", lambda *_: drawn.append(time.perf_counter()))
    made: list[float] = []
    hand.shapes.changed.connect(lambda: made.append(time.perf_counter()))
    slices, worked, surface, ends = [], [], [], []
    for number in range(DABS):
        # round the rim of the cavity, so that every dab changes something in all three slices' surroundings
        turn = 2 * np.pi * number / DABS
        place = np.array([15 + 27 * np.cos(turn), 27 * np.sin(turn), 3.0])
        window.display.set_cross(place)
        until(lambda: hand.shapes.ready)
        until(lambda: False, 0.15)
        point = view.point_of(window.display.cross_mm)[0]
        made.clear()
        drawn.clear()
        begin, busy = time.perf_counter(), time.thread_time()
        send(QEvent.Type.MouseButtonPress, point, Qt.MouseButton.LeftButton)
        app.processEvents()  # the three views paint what was touched
        slices.append(time.perf_counter() - begin)
        worked.append(time.thread_time() - busy)
        if stage is not None:
            until(lambda: bool(made) and bool(drawn) and drawn[-1] > made[0], 5.0)
            surface.append(drawn[-1] - begin)
        begin = time.perf_counter()
        send(QEvent.Type.MouseButtonRelease, point, Qt.MouseButton.LeftButton)
        app.processEvents()
        ends.append(time.perf_counter() - begin)
    begin = time.perf_counter()
    window.presenter.undo()
    app.processEvents()
    undone = time.perf_counter() - begin
    kept = window.presenter.history.bytes_of_edits
    rows = [
        ("Hand taken up: labels ready to be painted", copied), ("… and the surfaces of 7 structures in 3D", shown),
        ("A dab in all three slices, median", float(np.median(slices))),
        ("A dab in all three slices, slowest", float(max(slices))),
        ("… of which the window's thread worked, median", float(np.median(worked))),
        ("… of which the window's thread worked, most", float(max(worked))),
        ("The surface in 3D after a dab, median", float(np.median(surface or [np.nan]))),
        ("The surface in 3D after a dab, slowest", float(max(surface or [np.nan]))),
        ("A stroke becomes a step of the case, median", float(np.median(ends))),
        ("Undo of a stroke", undone),
    ]  # fmt: skip
    text = "\n".join(f"| {name} | {1000 * value:.0f} ms |" for name, value in rows)
    text += f"\n| {DABS} strokes in the undo list | {kept / 1e6:.1f} MB |"
    print(text)
    if "--write" in sys.argv:
        head = (
            "## Labels mended by hand\n\n512³ voxels, 7 structures, a ball of 4 mm, a window of 1920 × 1080 pixels, "
            f"OpenGL in software ({window.renderer}), 2 cores with {os.getloadavg()[0]:.1f} processes at work."
        )
        write_section("labels", f"{head}\n\n| What | Time |\n| --- | --- |\n{text}\n")
    window.presenter._saved_revision = window.presenter.case.revision
    window.shut_down()
    return 0


if __name__ == "__main__":
    os.environ["TWINVIEWER_SETTINGS"] = str(Path(tempfile.mkdtemp()) / "settings.json")
    sys.exit(main())
