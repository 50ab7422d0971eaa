"""A whole report in one go: PDF, film, pictures, tables, DICOM and bundle in a folder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from twinviewer import __version__
from twinviewer.domain import RenderError, Reporter, StoreError, part, silent
from twinviewer.report import can_film, can_report, follows_images
from twinviewer.report.measured import still_of_both
from twinviewer.report.pages.story import title_of
from twinviewer.report.picture import still
from twinviewer.session.case import Case

PIECES = ("pdf", "film", "pictures", "tables", "dicom", "bundle")
DEFAULT = ("pdf", "film", "pictures", "tables", "bundle")
FILM_PX, FRAMES_PER_S, BEATS, SPEED = (1280, 720), 25, 3, 0.5
_COST = {"pdf": 8.0, "film": 9.0, "pictures": 3.0, "tables": 0.3, "dicom": 3.0, "bundle": 3.0}
"""Seconds on a quiet computer, for the progress bar."""


@dataclass
class _Making:
    """What later pieces take from earlier ones."""

    case: Case
    folder: Path
    files: dict[str, Path] = field(default_factory=dict)
    frames: list[NDArray[np.uint8]] = field(default_factory=list)
    pictures: list[tuple[str, NDArray[np.uint8]]] = field(default_factory=list)


def possible(case: Case) -> tuple[str, ...]:
    """The pieces that a case can give, in their order."""
    if not can_report(case):
        return ()
    simulated = any(one.run is not None for one in case.scenarios)
    can = {"pdf": True, "film": can_film(case), "pictures": case.mesh is not None, "tables": True,
           "dicom": case.mesh is not None, "bundle": simulated}  # fmt: skip
    return tuple(one for one in PIECES if can[one])


def make_report(
    case: Case, folder: Path, pieces: Sequence[str] = DEFAULT, report: Reporter = silent, *, images: bool = False
) -> dict[str, str]:
    """Write the pieces that the case can give and return name inside the folder -> path. images: into the bundle too.

    RenderError, StoreError; what was written by then stays.
    """
    wanted = [one for one in possible(case) if one in pieces]
    if not wanted:
        raise RenderError("There is nothing to report yet", remedy="Segment and simulate first")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"The folder cannot be made: {error.strerror}", where=folder.name) from error
    made = _Making(case, folder)
    total, done = sum(_COST[one] for one in wanted), 0.0
    for one in wanted:
        stage = part(report, done / total, (done + _COST[one]) / total)
        stage(0.0, _SAYS[one])
        if one == "bundle":
            _bundle(made, stage, images)
        else:
            _WRITE[one](made, stage)
        done += _COST[one]
    report(1.0, "Report written")
    return {name: str(path) for name, path in made.files.items()}


def _pdf(made: _Making, report: Reporter) -> None:
    from twinviewer.report.pdf import pdf

    made.files["report.pdf"] = pdf(made.case, made.folder / "report.pdf", report)


def _film(made: _Making, report: Reporter) -> None:
    from twinviewer.report.encode import encode

    _draw(made, part(report, 0.0, 0.9))
    made.files["film.mp4"] = encode(made.frames, made.folder / "film.mp4", BEATS, FRAMES_PER_S, part(report, 0.9, 1.0))


def _draw(made: _Making, report: Reporter) -> None:
    """The film's frames, once."""
    from twinviewer.report.film import film_frames

    if not made.frames:
        made.frames = film_frames(made.case, report, size=FILM_PX, speed=SPEED, frames_per_s=FRAMES_PER_S)


def _pictures(made: _Making, report: Reporter) -> None:
    for number, (name, rgb) in enumerate(_stills(made, report)):
        path = made.folder / "pictures" / f"{name}.png"
        try:
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(rgb).save(path)
        except OSError as error:
            raise StoreError(f"The picture could not be written: {error.strerror}", where=path.name) from error
        made.files[f"pictures/{name}.png"] = path
        report((number + 1) / len(made.pictures), "Writing pictures")


def _stills(made: _Making, report: Reporter) -> list[tuple[str, NDArray[np.uint8]]]:
    """Side by side with the difference, and beside the images where the mesh follows them; drawn once."""
    if made.pictures:
        return made.pictures
    case, found = made.case, []
    runs = [one.run for one in case.scenarios if one.run is not None]
    if runs:
        colour = "activation_ms" if all("activation_ms" in run.fields for run in runs) else ""
        found.append(("side_by_side", still(case, (1600, 900), colour, difference=len(runs) == 2, cut=True)))
        report(0.4, "Drawing pictures")
    if follows_images(case):
        found.append(("beside_the_images", still_of_both(case, (1600, 900))))
    elif not runs:
        found.append(("model", still(case, (1600, 900))))
    made.pictures = found
    return found


def _tables(made: _Making, report: Reporter) -> None:
    from twinviewer.report.measures_table import write_measures_csv
    from twinviewer.report.numbers_table import write_numbers_csv
    from twinviewer.session.metrics import write_metrics

    inside = made.folder / "numbers"
    try:
        inside.mkdir(exist_ok=True)
    except OSError as error:
        raise StoreError(f"The folder cannot be made: {error.strerror}", where=inside.name) from error
    made.files["numbers/metrics.json"] = write_metrics(made.case, inside / "metrics.json")
    made.files["numbers/numbers.csv"] = write_numbers_csv(made.case, inside / "numbers.csv")
    if made.case.measurements:
        made.files["numbers/measures.csv"] = write_measures_csv(made.case, inside / "measures.csv")


def _dicom(made: _Making, report: Reporter) -> None:
    from twinviewer.dicom.write_capture import Captures, check_capture

    case, inside = made.case, made.folder / "dicom"
    simulated = any(one.run is not None for one in case.scenarios)
    mark = "/".join(one.run.uid for one in case.scenarios if one.run is not None)
    captures = Captures(case.active_series, case.patient, __version__, simulated=simulated, mark=mark)
    written = []
    for name, rgb in _stills(made, part(report, 0.0, 0.2)):
        written.append((f"{name}.dcm", captures.picture(inside / f"{name}.dcm", rgb, name.replace("_", " "))))
    if can_film(case):
        _draw(made, part(report, 0.2, 0.7))
        rate = FRAMES_PER_S
        film = captures.film(inside / "film.dcm", made.frames, "Beat", rate, report=part(report, 0.7, 0.9))
        written.append(("film.dcm", film))
    if "report.pdf" in made.files:
        written.append(("report.dcm", captures.document(inside / "report.dcm", made.files["report.pdf"],
                                                        title_of(case))))  # fmt: skip
    for name, path in written:
        check_capture(path)
        made.files[f"dicom/{name}"] = path


def _bundle(made: _Making, report: Reporter, images: bool) -> None:
    from twinviewer.report.bundle.write import write_bundle

    files = {name: path for name, path in made.files.items() if name != "numbers/metrics.json"}
    made.files["bundle.zip"] = write_bundle(made.case, made.folder / "bundle.zip", files, report, images=images)


_WRITE: dict[str, Callable[[_Making, Reporter], None]] = {
    "pdf": _pdf, "film": _film, "pictures": _pictures, "tables": _tables, "dicom": _dicom,
}  # fmt: skip
_SAYS = {
    "pdf": "Writing the report", "film": "Drawing the film", "pictures": "Drawing pictures", "tables": "Writing tables",
    "dicom": "Writing DICOM", "bundle": "Packing the bundle",
}  # fmt: skip
