"""All steps in a row, from a DICOM folder to simulated scenarios: what the command line runs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from twinviewer.domain import ParameterValue, Reporter, TwinviewerError, part, silent
from twinviewer.session.case import Case
from twinviewer.session.scenarios import add_scenario, prepare
from twinviewer.session.steps import build, choose_series, load_records, open_series, scan_folder, segment, simulate_all


def run_pipeline(
    folder: Path,
    therapies: Sequence[Sequence[str]] = (),
    values: Mapping[str, Mapping[str, ParameterValue]] | None = None,
    report: Reporter = silent,
    *,
    series: str = "",
    records: Path | None = None,
    setup_values: Mapping[str, ParameterValue] | None = None,
    engine: str = "",
    keep: Path | None = None,
) -> Case:
    """From a DICOM folder to simulated scenarios.

    therapies: for each scenario beside the baseline, the names of the therapies that it combines. values: scenario
    name -> parameter -> value; the n-th scenario of the same therapies is named like ``crt_2``. keep: a case file that
    is written with what was reached when a later step fails.
    Raises the typed error of the step that failed.
    """
    case = scan_folder(Case(), folder, part(report, 0.0, 0.03))
    case = open_series(case, choose_series(case, series), part(report, 0.03, 0.12))
    try:
        if records is not None:
            case = load_records(case, records, part(report, 0.12, 0.13))
        case = segment(case, part(report, 0.13, 0.45))
        case = build(case, part(report, 0.45, 0.7))
        case = prepare(case, setup_values or {}, engine)
        for names in therapies:
            case = add_scenario(case, names, values=values or {})
        return simulate_all(case, part(report, 0.7, 1.0))
    except TwinviewerError as error:
        if keep is None or (case.labels is None and case.contours is None):
            raise
        from twinviewer.session import store

        keep.parent.mkdir(parents=True, exist_ok=True)
        store.save(case, keep)
        remedy = f"{error.remedy}. What was reached is in {keep.name}".removeprefix(". ")
        raise type(error)(error.what, where=error.where, remedy=remedy) from error
