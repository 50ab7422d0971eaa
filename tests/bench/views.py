"""Times of oblique slices on 512 x 512 x 512 voxels: the pixels of four panes, a whole frame of the cardiac views with
labels and the model's outline, and a volume's picture without a graphics card."""

import os
import statistics
import time
from dataclasses import replace

import numpy as np

Time = tuple[str, float, str, float, str]
"""What, value, unit, limit, what the limit is."""
SIDE, SPACING_MM = 512, 0.4
PANE = (640, 400)
FRAMES = 24


def view_times() -> list[Time]:
    """Medians, with the machine as busy as it is."""
    return [*_slices(), *_window()]


def _volume():  # type: ignore[no-untyped-def]
    from twinviewer.domain import Grid, LabelMap, Volume

    ramp = (np.arange(SIDE, dtype=np.int16) - 200)[None, :, None]
    data = np.ascontiguousarray(np.broadcast_to(ramp, (SIDE, SIDE, SIDE)))[None]
    affine = np.diag([SPACING_MM, SPACING_MM, SPACING_MM, 1.0])
    affine[:3, 3] = -SIDE * SPACING_MM / 2
    grid = Grid((SIDE, SIDE, SIDE), affine)
    found = np.zeros((1, SIDE, SIDE, SIDE), np.uint8)
    found[0, 150:350, 150:350, 150:350] = 2
    names = {2: "lv_blood"}
    return (
        Volume(data, grid, "CT", np.zeros(1), None, "bench"),
        LabelMap(found, grid, names, np.zeros(1), "bench", "bench"),
    )


def _slices() -> list[Time]:
    from twinviewer.geometry.cardiac_planes import Plane, unit
    from twinviewer.scene.oblique import ObliqueSlicer, Raster, Slab

    volume, _ = _volume()
    right = unit(np.array([1.0, 0.3, 0.2]))
    plane = Plane(np.zeros(3), right, unit(np.cross(right, [0.2, 0.0, 1.0])))
    slicer, out = ObliqueSlicer(volume), []
    for text, slab, limit in (("thin", Slab(), 33.0), ("slab, MIP of 10 mm", Slab("max", 10.0), 400.0)):
        took = []
        for number in range(FRAMES):
            raster = Raster(plane.moved(0.3 * number), (0.0, 0.0), PANE, SPACING_MM)
            start = time.perf_counter()
            slicer.values(raster, 0, slab)
            took.append(time.perf_counter() - start)
        pane = f"oblique slice of {PANE[0]}x{PANE[1]} px from 512^3, {text}"
        out.append((pane, 1000 * statistics.median(took), "ms", limit, "one pane, one frame"))
    return out


def _window() -> list[Time]:
    """A frame of the cardiac views: all four painted anew."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen" if not os.environ.get("DISPLAY") else "xcb")
    from twinviewer.domain import CineStack
    from twinviewer.geometry.cardiac_planes import VIEWS, heart_frame
    from twinviewer.ui.app import application
    from twinviewer.ui.cardiac_views import CardiacViews
    from twinviewer.ui.image_display import ImageDisplay
    from twinviewer.ui.theme import THEMES, Look

    app = application()
    look = Look()
    look.use(THEMES["dark"])
    volume, labels = _volume()
    display = ImageDisplay()
    views = CardiacViews(look, display)
    views.resize(1280, 800)
    display.open(volume, labels, (800.0, 250.0))
    display.set_colours({"lv_blood": "#E04B4B"})
    assert not isinstance(volume, CineStack)
    views.state.open(volume)
    frame = heart_frame(np.array([40.0, -40, -30]), np.array([-10.0, 10, 10]), np.array([-40.0, -30, 0]),
                        aortic_mm=np.array([-15.0, -5, 25]))  # fmt: skip
    views.state.set_frame(replace(frame, source="model"))
    views.show()
    app.processEvents()
    _ready(views)
    scroll, beat, playing = [], [], []
    for number in range(FRAMES):
        start = time.perf_counter()
        views.state.step("sax", 1 if number % 2 else -1)
        views.grab()
        scroll.append(time.perf_counter() - start)
    for number in range(FRAMES):
        display.window = 800.0 + number  # what a phase costs: every pixel of every pane is made again
        for view in views.views.values():
            view._coarse = False
        start = time.perf_counter()
        for view in views.views.values():
            view.grab()
        beat.append(time.perf_counter() - start)
        for view in views.views.values():
            view._coarse = True
        display.window += 0.5
        start = time.perf_counter()
        for view in views.views.values():
            view.grab()
        playing.append(time.perf_counter() - start)
    views.close()
    assert set(views.views) == set(VIEWS)
    at = "1280x800, 512^3, labels, no graphics card"
    return [
        (f"cardiac views: short axis scrolled, {at}", 1000 * statistics.median(scroll), "ms", 33.0, "one pane changes"),
        (f"cardiac views: all four in full, {at}", 1000 * statistics.median(beat), "ms", 100.0, "at rest"),
        (f"cardiac views: all four while playing, {at}", 1000 * statistics.median(playing), "ms", 33.0, "a frame"),
    ]


def _ready(views):  # type: ignore[no-untyped-def]
    """Ask for the half as fine copies, and wait until their threads have made them."""
    for _ in range(2):
        for view in views.views.values():
            view._coarse = True
            view.grab()
        time.sleep(1.5)


if __name__ == "__main__":
    for what, value, unit_of, limit, why in view_times():
        print(f"{what}: {value:.1f} {unit_of} (limit {limit:g}: {why})")
