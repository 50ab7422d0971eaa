"""From what is given on the command line to a case, for ``run``, ``demo`` and ``warm``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from twinviewer.cli.shell import pairs, work

if TYPE_CHECKING:
    from twinviewer.domain import ParameterValue
    from twinviewer.session.case import Case


def other_ways(mask: Path | None, mask_map: str, mask_phase: int | None, typed: str) -> dict[str, Any]:
    """What is given in place of finding structures in images, as keywords of the pipeline; checked as far as that
    costs nothing."""
    from twinviewer.session.mask_import import parse_meaning

    if mask is not None and typed:
        raise typer.BadParameter("--mask and --typed exclude each other", param_hint="--typed")
    if mask is None and (mask_map or mask_phase is not None):
        raise typer.BadParameter("there is no --mask to apply it to", param_hint="--mask-map")
    try:
        meaning = parse_meaning(mask_map) if mask_map else None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--mask-map") from error
    numbers = pairs([one for one in typed.split(",") if one.strip()], "--typed")
    for name, value in numbers.items():
        try:
            float(value)
        except ValueError as error:
            raise typer.BadParameter(f"{name} = {value!r} is no number", param_hint="--typed") from error
    typed_values: dict[str, ParameterValue] = {name: float(value) for name, value in numbers.items()}
    phase = None if mask_phase is None else mask_phase - 1
    return {"typed": typed_values, "mask": mask, "mask_meaning": meaning, "mask_phase": phase}


def pipeline_case(
    folder: Path | None,
    scenarios: Sequence[Sequence[str]],
    values: Mapping[str, Mapping[str, "ParameterValue"]],
    settings: Mapping[str, "ParameterValue"],
    records: Path | Sequence[Path] | None,
    series: str,
    engine: str,
    *,
    verbose: bool = False,
    in_process: bool = False,
    keep: Path | None = None,
    other: Mapping[str, Any] | None = None,
) -> "Case":
    from twinviewer.session import catalog, pipeline

    for names in scenarios:
        for name in names:
            catalog.therapy(name)  # a wrong name is said before any work is done
    if engine:
        catalog.engine(engine)
    case: Case = work(
        pipeline.run_pipeline,
        folder,
        tuple(tuple(names) for names in scenarios),
        values,
        name="Pipeline",
        verbose=verbose,
        in_process=in_process,
        series=series,
        records=records,
        setup_values=settings,
        engine=engine,
        keep=keep,
        **(other or {}),
    )
    return case
