"""The pipeline, one function a step, used by the command line and the window alike.

Each step has two halves: ``compute_*`` is pure, takes plug-ins by name and may run in a worker process; ``accept_*``
puts its answer into the Case at once. The function without prefix does both, where the caller can wait.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from twinviewer.domain import (
    ByChoice,
    CineContour,
    CineContours,
    CinePoint,
    CineStack,
    Found,
    Image,
    ImageWarning,
    LabelMap,
    LoadError,
    MeshError,
    OrganMesh,
    Patient,
    Quantity,
    Records,
    Reporter,
    Run,
    SegmentationError,
    Series,
    Suitability,
    Volume,
    WithEdge,
    part,
    silent,
)
from twinviewer.domain.image import LEFT_OUT
from twinviewer.domain.reading import LeaveOut
from twinviewer.session import catalog
from twinviewer.session.case import Case
from twinviewer.session.image_files import read_any_image, scan_any
from twinviewer.session.landmarks import with_landmarks
from twinviewer.session.pictures import opens_as_pictures
from twinviewer.session.scenarios import engine_of
from twinviewer.session.simulate import compute_run
from twinviewer.session.tissue import marked_model

Opened = tuple[Image, str, str]
"""The image, the name of the organ that it can become (or ""), and why not, or what is limited."""

Segmented = LabelMap | tuple[CineContours, dict[str, Quantity]]
"""Labels of a volume; or the contours of a cine study and what they measure."""


Corrected = tuple[CineContours, OrganMesh | None, dict[str, Quantity]]
"""Contours after a correction by hand, the model that followed it or None, and what they measure."""


def compute_scan(folder: str, report: Reporter = silent, leave_out: LeaveOut | None = None) -> tuple[Series, ...]:
    """The series in a folder, or in one file: DICOM by headers only, and other images. leave_out: files that an earlier
    worker did not survive. LoadError if there is none."""
    where = Path(folder)
    if not where.exists():
        raise LoadError("There is no such folder", where=where.name, remedy="Check the path")
    return scan_any(where, report, leave_out)


LOOKING = "Looking whether an organ can be made of these images"


def is_coming(image: Image) -> bool:
    """Whether slices of this image are still to come."""
    return image.uid == "reading"


def compute_image(
    series: Series,
    report: Reporter = silent,
    live: Callable[[Image], None] | None = None,
    leave_out: LeaveOut | None = None,
) -> Opened:
    """Decode the pixels of one series and find the organ that it can become. LoadError.

    live: is given a volume once its middle slice is there, and the whole image before the organ is looked for.
    leave_out: files that an earlier worker did not survive.
    """
    image = read_any_image(series, part(report, 0.0, 0.9), live, leave_out)
    if live is not None:
        live(image)
    report(0.92, "Which organ this may be")
    organ, verdict = suitable_organ(series, image)
    return image, organ, verdict.reason


def compute_records(path: str) -> Records:
    """Read one file of records, an ECG included. LoadError."""
    from twinviewer.session.record_files import read_file

    return read_file(Path(path))


def compute_segmentation(organ: str, image: Image, report: Reporter = silent) -> Segmented:
    """Label every phase of a volume, or delineate and measure every frame of a cine study. SegmentationError."""
    recipe = catalog.organ(organ)
    if isinstance(image, CineStack):
        contours, measured = recipe.delineate(image, report)
        return contours, dict(measured)
    return recipe.segment(image, report)


def compute_model(
    organ: str, found: Found, image: Image, patient: Patient, edge_mm: float = 0.0, report: Reporter = silent
) -> tuple[OrganMesh, dict[str, Quantity]]:
    """The mesh, and what the images say about it. edge_mm: its longest edge, 0 for the organ's own. MeshError,
    SegmentationError."""
    recipe = catalog.organ(organ)
    if edge_mm and isinstance(recipe, WithEdge) and isinstance(found, LabelMap):
        mesh = recipe.build_with_edge(found, image, part(report, 0.0, 0.95), edge_mm)
    else:
        mesh = recipe.build(found, image, part(report, 0.0, 0.95))
    measured = dict(recipe.measure(found, mesh, image, patient))
    report(1.0, "Measured")
    return mesh, measured


def compute_correction(
    organ: str,
    contours: CineContours,
    stack: CineStack,
    mesh: OrganMesh | None,
    patient: Patient,
    edit: CineContour | CinePoint,
    report: Reporter = silent,
) -> Corrected:
    """Contours with one put right by hand, the model that follows it, and what they measure now. MeshError."""
    recipe = catalog.organ(organ)
    contours, mesh = recipe.correct(contours, stack, mesh, edit)
    report(0.5, "Measuring")
    return contours, mesh, dict(recipe.measure(contours, mesh, stack, patient))


def accept_scan(case: Case, folder: str, found: tuple[Series, ...]) -> Case:
    """A fresh case of these series: one patient at a time, nothing of an earlier one stays."""
    images = [series for series in found if series.kind not in ("not_image", "unreadable")]
    fresh = Case(revision=case.revision, engine=case.engine)
    patient = images[0].patient if images else fresh.patient
    title = patient.pseudonym or "New case"
    return fresh.changed("Open folder", title=title, patient=patient, folder=folder, series=found)


def accept_image(case: Case, series: Series, opened: Opened) -> Case:
    """Open one series. Where no organ can be made of it, ``messages`` says why at the step Segment; what could not be
    decoded stands at the step Import and with the series."""
    image, organ, reason = opened
    case = _without_another_patients(case, series)
    case = case.changed(
        f"Open series {series.description}".rstrip(),
        active_series_uid=series.uid,
        image=image,
        patient=series.patient,
        organ=organ,
        title=series.patient.pseudonym or case.title,
    )
    if image.left_out:
        known = {warning.text for warning in series.warnings}
        notes = tuple(ImageWarning("unreadable_file", text) for text in image.left_out if text not in known)
        less = replace(series, warnings=(*series.warnings, *notes), grid=image.slices_read or series.grid)
        noted = tuple(less if one is series else one for one in case.series)
        # without the files' names: messages go into reports
        lost = sum(text.endswith(LEFT_OUT) for text in image.left_out)
        said = f"Left out, as they cannot be decoded: {lost} of {len(series.files)} images"
        case = replace(case, series=noted).with_message("Import", said)
    return case.with_message("Segment", "" if organ else reason)


def accept_organ(case: Case, opened: Opened) -> Case:
    """Which organ the open series can become, once that is known."""
    _, organ, reason = opened
    return replace(case, organ=organ).with_message("Segment", "" if organ else reason)


def _without_another_patients(case: Case, series: Series) -> Case:
    """The case without records and settings where the series is another patient's: a folder may hold two."""
    before, now = case.patient.pseudonym, series.patient.pseudonym
    known = case.records.timeline or case.records.values or case.records.findings or case.earlier or case.setup_values
    if not before or not now or before == now or not known:
        return case
    case = replace(case, records=Records(), earlier=(), setup_values={})
    said = f"Records and settings of {before} were put away: the series that was opened is {now}'s"
    return case.with_message("Import", said)


def accept_records(case: Case, found: Records) -> Case:
    """Add records to those that are there; the newer value of a name wins. Prepared scenarios are dropped: to keep
    them, and the twin that was, see ``records_update``."""
    from twinviewer.records import merged

    return case.changed("Load records", records=merged(case.records, found), scenarios=())


def accept_segmentation(case: Case, found: Segmented, action: str = "Segment") -> Case:
    """Take new labels or contours; the model and all scenarios made from older ones are dropped."""
    if isinstance(found, LabelMap):
        return case.changed(action, labels=found)
    contours, measured = found
    return case.changed(action, contours=contours, measurements=measured)


def accept_model(case: Case, model: tuple[OrganMesh, Mapping[str, Quantity]]) -> Case:
    """Take a new mesh with its measurements, and the scar that the case keeps on it; older scenarios are dropped."""
    mesh, said = marked_model(case, with_landmarks(case, model[0]))
    case = case.changed("Build model", mesh=mesh, measurements=dict(model[1]), organ=case.organ or mesh.organ)
    return case.with_message("Model", said) if said else case


def accept_correction(case: Case, corrected: Corrected, edit: CineContour | CinePoint) -> Case:
    """Take a correction by hand; scenarios of the model before it are dropped. The action names what was moved."""
    contours, mesh, measured = corrected
    what = edit.structure if isinstance(edit, CineContour) else edit.name
    plane = case.image.planes[edit.plane].label if isinstance(case.image, CineStack) else str(edit.plane + 1)
    action = f"Correct {what.replace('_', ' ')}, {plane}, phase {edit.phase + 1}"
    return case.changed(action, contours=contours, mesh=mesh, measurements=measured)


def correction_input(case: Case) -> tuple[str, CineContours, CineStack, OrganMesh | None, Patient]:
    """What :func:`compute_correction` needs of this case besides the edit. SegmentationError without contours."""
    if case.contours is None or not isinstance(case.image, CineStack):
        raise SegmentationError("There are no contours to correct", remedy="Segment a cine study first")
    return case.organ, case.contours, case.image, case.mesh, case.patient


def accept_run(case: Case, name: str, run: Run) -> Case:
    """Take the result of one scenario."""
    scenario = case.scenario(name)
    return case.with_scenario(replace(scenario, run=run), f"Simulate {scenario.label}")


def scan_folder(case: Case, folder: Path, report: Reporter = silent) -> Case:
    """Find the series in a folder. LoadError if it is absent or holds no images."""
    found = compute_scan(str(folder), report)
    if not any(series.kind not in ("not_image", "unreadable") for series in found):
        raise LoadError("No images were found", where=folder.name, remedy="Choose the folder that holds the scan")
    return accept_scan(case, str(folder), found)


def open_series(case: Case, series: Series, report: Reporter = silent) -> Case:
    """Read the pixels of one series and make it the active one."""
    return accept_image(case, series, compute_image(series, report))


def load_records(case: Case, path: Path, report: Reporter = silent) -> Case:
    """Read records that lie beside the images."""
    report(0.0, "Reading records")
    return accept_records(case, compute_records(str(path)))


def segment(case: Case, report: Reporter = silent) -> Case:
    """Label or delineate the organ in every phase of what is open. SegmentationError with the reason."""
    return accept_segmentation(case, compute_segmentation(*segment_input(case), report))


def build(case: Case, report: Reporter = silent) -> Case:
    """Mesh the labelled organ and measure it. MeshError."""
    return accept_model(case, compute_model(*build_input(case), report))


def simulate(case: Case, name: str, report: Reporter = silent) -> Case:
    """Run the engine on one scenario. EngineError."""
    scenario = case.scenario(name)
    return accept_run(case, name, compute_run(engine_of(case, scenario), scenario.setup, report))


def simulate_all(case: Case, report: Reporter = silent) -> Case:
    """Run the engine on every scenario that has no result yet."""
    waiting = [scenario for scenario in case.scenarios if scenario.run is None]
    for i, scenario in enumerate(waiting):
        case = simulate(case, scenario.name, part(report, i / len(waiting), (i + 1) / len(waiting)))
    return case


def segment_input(case: Case) -> tuple[str, Image]:
    """What :func:`compute_segmentation` needs of this case. SegmentationError if it cannot be segmented, saying why."""
    series = case.active_series
    where = series.description if series is not None else ""
    if case.image is None:
        raise SegmentationError("No series is open", remedy="Open one first")
    if not case.organ:
        reason = case.messages.get("Segment", "No organ can be made from this series")
        raise SegmentationError(reason, where=where, remedy="The images can still be viewed")
    return case.organ, case.image


def build_input(case: Case) -> tuple[str, Found, Image, Patient, float]:
    """What :func:`compute_model` needs of this case. MeshError if something is missing."""
    found = case.labels if isinstance(case.image, Volume) else case.contours
    if found is None or case.image is None:
        raise MeshError("There are no labels or contours to build from", remedy="Segment the organ first")
    return organ_to_build(case), found, case.image, case.patient, case.edge_mm


def organ_to_build(case: Case) -> str:
    """The case's organ; where the images were refused and labels were made all the same, the one that knows their
    names, else one that takes any."""
    if case.organ or case.labels is None:
        return case.organ
    names = set(case.labels.names.values())
    for organ, recipe in catalog.organs_from_mask().items():
        if not isinstance(recipe, ByChoice) and names <= set(recipe.mask_structures.values()) and len(names) > 1:
            return organ
    return next(iter(catalog.organs_by_choice()), "")


def suitable_organ(series: Series, image: Image | None = None) -> tuple[str, Suitability]:
    """The first organ, by name, that suits the series, of those that need not be asked for; an empty name and the
    reasons if none does."""
    volume = image if isinstance(image, Volume) else None
    candidates = {name: one for name, one in sorted(catalog.organs().items()) if not isinstance(one, ByChoice)}
    reasons = []
    for name, organ in candidates.items():
        verdict = organ.suits(series, volume)
        if verdict.ok:
            return name, verdict
        reasons.append(verdict.reason if len(candidates) == 1 else f"{organ.label}: {verdict.reason}")
    if not reasons:
        reasons = ["No organ is installed", *(f"{where}: {why}" for where, why in catalog.failures().items())]
    return "", Suitability(False, "; ".join(reasons))


def choose_series(case: Case, wanted: str = "") -> Series:
    """A series by UID or by its number in the list, or without a wish the one that suits an organ best.

    LoadError if there is none such. "Best" is: suits an organ, then most phases, then most slices.
    """
    images = [series for series in case.series if series.kind not in ("not_image", "unreadable")]
    if wanted:
        for series in case.series:
            if series.uid == wanted:
                return series
        if wanted.isdigit() and int(wanted) < len(case.series):
            return case.series[int(wanted)]
        raise LoadError(
            f"There is no series {wanted!r}", remedy=f"Give a UID, or a number from 0 to {len(case.series) - 1}"
        )
    if not images:
        raise LoadError("There are no images to open", remedy="Choose the folder that holds the scan")
    volumes = [one for one in images if not opens_as_pictures(one)]
    return max(volumes or images, key=lambda one: (bool(suitable_organ(one)[0]), one.phases, one.slices))


def prewarm() -> Iterator[None]:
    """Import what later jobs need, a module a step, while a new worker process has no job.

    All modules of the rooms below are imported, since recipes import their libraries late, to keep the window quick.
    """
    from twinviewer.session.worker import import_all

    for room in ("dicom", "records", "geometry", "segmentation", "physics", "organs", "engines", "therapies"):
        yield from import_all(f"twinviewer.{room}")
