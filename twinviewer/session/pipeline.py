"""All steps in a row, from a DICOM folder to simulated scenarios: what the command line runs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from twinviewer.domain import (
    EngineError,
    LoadError,
    ParameterValue,
    Reporter,
    SegmentationError,
    TwinviewerError,
    part,
    silent,
)
from twinviewer.session.by_choice import choosable, choose_organ, is_by_choice, set_edge
from twinviewer.session.by_choice import outline as outlined
from twinviewer.session.case import NO_SIMULATION, Case, can_simulate
from twinviewer.session.elsewhere import needs_no_images, take
from twinviewer.session.from_numbers import make_typed
from twinviewer.session.records_update import update_records
from twinviewer.session.scenarios import add_scenario, prepare
from twinviewer.session.steps import build, choose_series, open_series, scan_folder, segment, simulate_all

OTHER_WAYS = "Or give a mask (--mask), or typed numbers (--typed)"


def run_pipeline(
    folder: Path | None,
    therapies: Sequence[Sequence[str]] = (),
    values: Mapping[str, Mapping[str, ParameterValue]] | None = None,
    report: Reporter = silent,
    *,
    series: str = "",
    records: Path | Sequence[Path] | None = None,
    setup_values: Mapping[str, ParameterValue] | None = None,
    engine: str = "",
    keep: Path | None = None,
    typed: Mapping[str, ParameterValue] | None = None,
    elsewhere: Mapping[str, Any] | None = None,
    organ: str = "",
    outline: Mapping[str, ParameterValue] | None = None,
    edge_mm: float = 0.0,
) -> Case:
    """From a DICOM folder, or another image, to simulated scenarios; where no engine knows the organ, to its model.

    therapies: for each scenario beside the baseline, the names of the therapies that it combines. values: scenario
    name -> parameter -> value; the n-th scenario of the same therapies is named like ``crt_2``. keep: a case file that
    is written with what was reached when a later step fails. typed: numbers to scale a model to in
    place of images, by name; the folder may be None then. elsewhere: structures that are not found here, as keywords
    of ``elsewhere.take``; of a mesh the folder may be None too. organ: one that is made by choice, outline: what to set
    for finding its structures, {} for its defaults. edge_mm: longest edge of a mesh of labels, 0 for the organ's own.
    Raises the typed error of the step that failed.
    """
    case, ways = Case(), elsewhere or {}
    if folder is not None:
        case = scan_folder(case, folder, part(report, 0.0, 0.03))
    elif not typed and not needs_no_images(ways):
        raise LoadError("There are no images", remedy="Give a folder of DICOM files, or an image file")
    if folder is not None and not typed:
        case = open_series(case, choose_series(case, series), part(report, 0.03, 0.12))
    try:
        given = [records] if isinstance(records, Path) else list(records or ())
        if given:
            case = update_records(case, given, part(report, 0.12, 0.13))
        if typed:
            case = make_typed(case, typed, part(report, 0.13, 0.7))
        else:
            case = _structures(_taken_as(case, organ), ways, part(report, 0.13, 0.45), outline)
            case = build(set_edge(case, edge_mm), part(report, 0.45, 0.7))
            if not can_simulate(case):
                if therapies:
                    raise EngineError(NO_SIMULATION, remedy="Leave out --therapy")
                return case
        case = prepare(case, setup_values or {}, engine)
        for names in therapies:
            case = add_scenario(case, names, values=values or {})
        return simulate_all(case, part(report, 0.7, 1.0))
    except TwinviewerError as error:
        if keep is None or (case.labels is None and case.contours is None and case.mesh is None):
            raise
        from twinviewer.session import store

        keep.parent.mkdir(parents=True, exist_ok=True)
        store.save(case, keep)
        remedy = f"{error.remedy}. What was reached is in {keep.name}".removeprefix(". ")
        raise type(error)(error.what, where=error.where, remedy=remedy) from error


def run_structures(
    folder: Path | None,
    report: Reporter = silent,
    *,
    series: str = "",
    elsewhere: Mapping[str, Any] | None = None,
    organ: str = "",
    outline: Mapping[str, ParameterValue] | None = None,
) -> Case:
    """From a DICOM folder or another image, or none, to structures, found here or as ``elsewhere`` says; organ and
    outline as in :func:`run_pipeline`."""
    case, ways = Case(), elsewhere or {}
    if folder is not None:
        case = scan_folder(case, folder, part(report, 0.0, 0.1))
        case = open_series(case, choose_series(case, series), part(report, 0.1, 0.3))
    return _structures(_taken_as(case, organ), ways, part(report, 0.3, 1.0), outline)


def _taken_as(case: Case, organ: str) -> Case:
    """The case as the organ that was asked for."""
    return choose_organ(case, organ) if organ and case.image is not None else case


def _structures(
    case: Case, ways: Mapping[str, Any], report: Reporter, outline: Mapping[str, ParameterValue] | None = None
) -> Case:
    if outline is not None:
        name = case.organ if is_by_choice(case) else next(iter(choosable(case)), "")
        if not name:
            raise SegmentationError("Nothing can be outlined in these images", remedy="Open a volume of slices")
        case = outlined(case, name, outline, report)
    if ways.get("over") and case.image is not None:  # what is found here comes first, and lies below
        case, report = _segmented(case, part(report, 0.0, 0.8)), part(report, 0.8, 1.0)
    case = take(case, report, **ways)
    if case.labels is None and case.contours is None:  # also beside a mask of scar alone
        case = _segmented(case, report)
    return case


def _segmented(case: Case, report: Reporter) -> Case:
    """The structures found in the images; a refusal names what else can be done."""
    try:
        return segment(case, report)
    except SegmentationError as error:
        remedy = f"{error.remedy.rstrip('.')}. {OTHER_WAYS}".removeprefix(". ")
        raise SegmentationError(error.what, where=error.where, remedy=remedy) from error
