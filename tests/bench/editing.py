"""Measure the hand on labels of 512^3: what a dab, the end of a stroke, undo and each tool take.

Usage: python -m tests.bench.editing [--write] [--size 512] [--repeat 5]
A synthetic heart of nested balls at 0.5 mm; medians of wall time in one process, the first call of each not counted.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.sections import write_section
from twinviewer.domain import Grid, LabelMap, Volume
from twinviewer.scene.label_paint import LabelColours
from twinviewer.scene.slices import patch_of, repaint, slice_image
from twinviewer.segmentation.edit.brush import Brush
from twinviewer.segmentation.edit.rule import Rule
from twinviewer.session import store
from twinviewer.session.case import Case
from twinviewer.session.history import History
from twinviewer.session.label_draft import LabelDraft
from twinviewer.session.label_edits import apply_edit
from twinviewer.session.label_jobs import compute_tool, tool_job

SPACING_MM = 0.5
RADIUS_MM = 10.0
FRAME_MS = 33.0
HOLD_MS = 100.0
COLOURS = {"lv_myocardium": "#C96A5B", "lv_blood": "#E04B4B"}
ONE = {"structure": "lv_blood"}
BLOOD = {**ONE, "over": "anything"}
TOOLS_ASKED: tuple[tuple[str, dict[str, Any], bool], ...] = (
    ("smooth", BLOOD, False), ("smooth", {"structure": "*"}, False), ("fill", {**ONE, "over": "lv_myocardium"}, False),
    ("close", {**BLOOD, "radius_mm": 4.0}, False), ("resize", {**BLOOD, "margin_mm": 2.0}, False),
    ("hollow", {**BLOOD, "wall_mm": 4.0}, False), ("islands", {**ONE, "what": "largest"}, False),
    ("interpolate", {**BLOOD, "mend_mm": 4.0}, True), ("grow", BLOOD, True),
    ("merge", {**ONE, "other": "lv_myocardium"}, False),
)  # fmt: skip


def a_case(size: int) -> Case:
    """One phase: blood of 30 mm in a wall of 10 mm, with a bad slice and a stray piece, and its CT."""
    grid = Grid((size, size, size), np.diag([SPACING_MM, SPACING_MM, SPACING_MM, 1.0]))
    line = (np.arange(size) - size / 2) * SPACING_MM
    away = np.sqrt(line[:, None, None] ** 2 + line[:, None] ** 2 + line**2).astype(np.float32)
    labels = np.zeros((1, size, size, size), np.uint8)
    labels[0][away < 40.0], labels[0][away < 30.0] = 1, 2
    image = np.full(labels.shape, 20, np.int16)
    image[labels == 1], image[labels == 2] = 110, 350
    labels[0, 40:60, 40:60, 40:60] = 2
    labels[0, size // 2, :, : size // 2][labels[0, size // 2, :, : size // 2] == 2] = 1
    labels[0, size // 2 + 20 : size // 2 + 26, size // 2 : size // 2 + 6, size // 2 : size // 2 + 6] = 1
    for array in (labels, image):
        array.setflags(write=False)
    percent = np.zeros(1)
    volume = Volume(image, grid, "CT", percent, None, "bench")
    case = Case(image=volume, labels=LabelMap(labels, grid, {1: "lv_myocardium", 2: "lv_blood"}, percent, "b", "bench"))
    return case.changed("x")


def timed(call: Callable[[], Any], repeat: int) -> float:
    """Median wall time in ms, after one call that does not count."""
    call()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1000.0 * statistics.median(times)


def strokes(case: Case, repeat: int) -> tuple[list[tuple[str, float, str]], History, LabelDraft]:
    """A dab with its slice, the end of a stroke, undo and redo."""
    assert case.labels is not None and isinstance(case.image, Volume)
    labels, volume = case.labels, case.image
    history = History(case)
    begun = timed(lambda: LabelDraft(labels, volume), min(repeat, 3))
    draft = LabelDraft(labels, volume)
    middle = labels.grid.centre_mm
    index = labels.grid.shape[0] // 2
    table = LabelColours.of(labels.names, COLOURS, 0.25)
    whole = slice_image(volume, "axial", index, labels=labels, colours=COLOURS)
    rng = np.random.default_rng(0)
    dab_ms, patch_ms, slice_ms, end_ms, back_ms, again_ms = [], [], [], [], [], []
    for number in range(3 * repeat):
        draft.begin(1 + number % 2, rule=Rule(frozenset({0, 1, 2}), low=-200.0, high=900.0))
        at = middle + rng.uniform(-35.0, 35.0, 3) * [1.0, 1.0, 0.1]
        for _ in range(8):
            at = at + rng.uniform(-5.0, 5.0, 3) * [1.0, 1.0, 0.1]
            start = time.perf_counter()
            box = draft.dab(Brush(RADIUS_MM), at)
            dabbed = time.perf_counter()
            if box is not None:
                start_at, stop_at = (
                    (b[0], b[1], b[2]) for b in zip(*((one.start, one.stop) for one in box), strict=True)
                )
                patch = patch_of(volume.grid, "axial", index, start_at, stop_at)
                if patch is not None:
                    repaint(whole, draft.labels.data[0], volume.grid, "axial", patch, table)
            patched = time.perf_counter()
            slice_image(volume, "axial", index, labels=draft.labels, colours=COLOURS)
            painted = time.perf_counter()
            dab_ms.append(1e3 * (dabbed - start))
            patch_ms.append(1e3 * (patched - start))
            slice_ms.append(1e3 * (painted - patched + dabbed - start))
        start = time.perf_counter()
        edit = draft.finish(f"Paint {number}")
        if edit is None:
            continue
        history.push(draft.accept(history.current, edit))
        end_ms.append(1e3 * (time.perf_counter() - start))
        start = time.perf_counter()
        history.undo()
        back_ms.append(1e3 * (time.perf_counter() - start))
        start = time.perf_counter()
        history.redo()
        again_ms.append(1e3 * (time.perf_counter() - start))
    middle_of = statistics.median
    return (
        [
            ("take the labels in hand (once, may be in a thread)", begun, "1 copy"),
            (f"a dab, ball of {RADIUS_MM:g} mm", middle_of(dab_ms), f"{FRAME_MS:g} ms"),
            ("a dab and the patch of the slice that it changed", middle_of(patch_ms), f"{FRAME_MS:g} ms"),
            ("the slowest of them", max(patch_ms), f"{FRAME_MS:g} ms"),
            ("a dab and the whole slice painted anew", middle_of(slice_ms), f"{FRAME_MS:g} ms"),
            ("end of a stroke of 8 dabs: edit, Case, history", middle_of(end_ms), f"{HOLD_MS:g} ms"),
            ("undo", middle_of(back_ms), f"{HOLD_MS:g} ms"),
            ("redo", middle_of(again_ms), f"{HOLD_MS:g} ms"),
        ],
        history,
        draft,
    )


def tools(case: Case, repeat: int) -> list[tuple[str, float, float, float, float]]:
    """Name; ms to cut out what is sent; MB of that; ms to compute; ms to take the edit into the Case."""
    assert case.labels is not None and isinstance(case.image, Volume)
    rows = []
    middle = case.labels.grid.centre_mm
    for name, values, clicked in TOOLS_ASKED:
        places = {"points_mm": [middle]} if clicked else {}
        job = tool_job(case.labels, case.image, name, values, **places)  # type: ignore[arg-type]
        cut_ms = timed(lambda n=name, v=values, p=places: tool_job(case.labels, case.image, n, v, **p), repeat)  # type: ignore[misc,arg-type]
        sent = (job[0].data.nbytes + (job[1].nbytes if job[1] is not None else 0)) / 1e6
        start = time.perf_counter()
        edit = compute_tool(*job)
        compute_ms = 1e3 * (time.perf_counter() - start)
        history = History(case)
        taken = apply_edit(case, edit, in_place=True)  # copies once: these labels were in nobody's hand
        history.push(taken)
        history.undo()
        start = time.perf_counter()
        history.push(apply_edit(history.current, edit, in_place=True))
        rows.append(
            (f"{name} {values.get('structure', '')}", cut_ms, sent, compute_ms, 1e3 * (time.perf_counter() - start))
        )
    return rows


def page(case: Case, repeat: int) -> str:
    """The section as Markdown."""
    assert case.labels is not None
    size = case.labels.grid.shape[0]
    rows, history, draft = strokes(case, repeat)
    count, kept = len(history.current.label_edits), history.bytes_of_edits
    with tempfile.TemporaryDirectory() as folder:
        bare = store.save(case, Path(folder) / "bare.twin", embed_images=False).stat().st_size
        full = store.save(history.current, Path(folder) / "full.twin", embed_images=False).stat().st_size
    del draft, history
    load = os.getloadavg()[0]
    lines = [
        "## Editing labels by hand", "",
        "`python -m tests.bench.editing --write` measures and rewrites this section: labels of "
        f"{size}^3 at {SPACING_MM:g} mm.",
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f}.", "",
        "| what the window waits for | median, ms | limit |", "|---|---|---|",
        *(f"| {what} | {value:.3g} | {limit} |" for what, value, limit in rows), "",
        f"{count} strokes of 8 dabs keep {kept / 1e6:.1f} MB in memory (the labels: "
        f"{case.labels.data.nbytes / 1e6:.0f} MB)"
        f" and add {(full - bare) / 1e6:.2f} MB to the file.", "",
        "| tool (ball of 30 mm, wall of 10 mm) | cut out, ms | sent, MB | in the worker, ms | into the Case, ms |",
        "|---|---|---|---|---|",
        *(f"| {name} | {cut:.0f} | {sent:.1f} | {compute:.0f} | {took:.1f} |"
          for name, cut, sent, compute, took in tools(case, min(repeat, 3))),
    ]  # fmt: skip
    return "\n".join(lines)


def main() -> int:
    """Measure; print the section; write it if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--repeat", type=int, default=5)
    asked = parser.parse_args()
    text = page(a_case(asked.size), asked.repeat)
    print(text)
    if asked.write:
        write_section("editing", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
