"""From what is given on the command line to a case, for ``run``, ``demo`` and ``warm``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from twinviewer.cli.shell import pairs, work

if TYPE_CHECKING:
    from twinviewer.domain import ParameterValue
    from twinviewer.session.case import Case


def typed_numbers(typed: str) -> dict[str, "ParameterValue"]:
    """ "lv_edv_ml=150,wall_mm=9" as numbers by name. typer.BadParameter for anything else."""
    out: dict[str, ParameterValue] = {}
    for name, value in pairs([one for one in typed.split(",") if one.strip()], "--typed").items():
        try:
            out[name] = float(value)
        except ValueError as error:
            raise typer.BadParameter(f"{name} = {value!r} is no number", param_hint="--typed") from error
    return out


def outline_of(text: str) -> dict[str, "ParameterValue"] | None:
    """ "bone" or "low:high" as what an organ by choice may be asked to outline; None for "". typer.BadParameter."""
    if not text:
        return None
    low, colon, high = text.partition(":")
    if not colon:
        return {"preset": text}
    try:
        return {"preset": "between", "low": float(low), "high": float(high)}
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is neither a preset nor low:high", param_hint="--outline") from error


def elsewhere(
    mask: Sequence[Path] = (),
    mask_map: str = "",
    phase: int | None = None,
    interpolate: bool = False,
    over: bool = False,
    mesh: Sequence[Path] = (),
    mesh_map: str = "",
    unit: str = "",
    frame: str = "",
    segmenter: str = "",
    task: str = "",
    accepted: bool = False,
    typed: str = "",
    *,
    by_place: bool = False,
) -> dict[str, Any]:
    """What is given in place of finding structures in images, as keywords of ``session.elsewhere.take``; checked as far
    as that costs nothing. phase: counted from 1."""
    from twinviewer.session.mask_labels import parse_meaning

    ways = [
        name for name, one in (("--mask", mask), ("--mesh", mesh), ("--with", segmenter), ("--typed", typed)) if one
    ]
    if len(ways) > 1:
        raise typer.BadParameter(f"{' and '.join(ways)} exclude each other", param_hint=ways[-1])
    if not mask and (mask_map or interpolate or by_place):
        raise typer.BadParameter("there is no --mask to apply it to", param_hint="--mask-map")
    if not mesh and (mesh_map or unit or frame):
        raise typer.BadParameter("there is no --mesh to apply it to", param_hint="--mesh-map")
    if not ways[:1] or typed:
        if phase is not None or over:
            raise typer.BadParameter("there is no --mask to apply it to", param_hint="--mask-phase")
        return {}
    for option, value, known in (("--units", unit, ("mm", "cm", "m")), ("--frame", frame, ("lps", "ras", "y_up"))):
        if value and value not in known:
            raise typer.BadParameter(f"{value!r} is none of {', '.join(known)}", param_hint=option)
    if segmenter:
        _check_segmenter(segmenter, task, accepted)
    try:
        meaning = parse_meaning(mask_map) if mask_map else None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--mask-map") from error
    named = pairs([one for one in mesh_map.split(",") if one.strip()], "--mesh-map") if mesh_map else None
    return {
        "mask": list(mask), "mask_meaning": meaning, "phase": None if phase is None else phase - 1,
        "interpolate": interpolate, "over": over, "by_place": by_place, "mesh": list(mesh), "mesh_meaning": named,
        "unit": unit, "frame": frame, "segmenter": segmenter, "task": task, "accepted": accepted,
    }  # fmt: skip


def _check_segmenter(name: str, task: str, accepted: bool) -> None:
    """The terms are said before anything is run."""
    from twinviewer.session import outside_segmenter as outside

    if name != outside.NAME:
        raise typer.BadParameter(f"{name!r} is not known; there is {outside.NAME}", param_hint="--with")
    if task and task not in outside.TASKS:
        raise typer.BadParameter(f"{task!r} is none of {', '.join(outside.TASKS)}", param_hint="--task")
    verdict = outside.available()
    if not verdict.ok:
        raise typer.BadParameter(verdict.reason, param_hint="--with")
    if not accepted:
        typer.echo(outside.terms(task or next(iter(outside.TASKS))), err=True)
        raise typer.BadParameter("add --accept-terms if you accept them", param_hint="--with")


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
    typed: Mapping[str, "ParameterValue"] | None = None,
    ways: Mapping[str, Any] | None = None,
    more: Mapping[str, Any] | None = None,
) -> "Case":
    """Everything from a folder, or from what is given in its place, to simulated scenarios. ways: of
    :func:`elsewhere`; more: other keywords of ``run_pipeline``."""
    from twinviewer.session import catalog, pipeline

    for names in scenarios:
        for name in names:
            catalog.therapy(name)  # a wrong name is said before any work is done
    if engine:
        catalog.engine(engine)
    if more and more.get("organ"):
        catalog.organ(more["organ"])
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
        typed=typed or {},
        elsewhere=ways or {},
        **(more or {}),
    )
    return case
