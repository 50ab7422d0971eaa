"""A therapy over ranges of its parameters: every combination simulated, ranked, mapped."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twinviewer.cli.options import AsJson, Verbose
from twinviewer.cli.pipeline import pipeline_case
from twinviewer.cli.shell import load_case, pairs, reporter, show_files, speaking, writing

if TYPE_CHECKING:
    from twinviewer.session.case import Case
    from twinviewer.session.studies.study import Study
    from twinviewer.session.studies.sweep.ranking import Table, Target

SHOWN = 17


def sweep(
    source: Annotated[Path, typer.Argument(help="A case file (.twin) or a folder of DICOM files.", show_default=False)],
    therapy: Annotated[str, typer.Option("--therapy", "-t", help="What is swept; a+b to combine.", show_default=False)],
    over: Annotated[
        list[str],
        typer.Option(
            "--over",
            help="What varies: lv_lead (all), lv_lead=AHA5,AHA11, av_delay_ms=80:160:5 (five values), quick; repeat.",
            show_default=False,
        ),
    ],
    set_: Annotated[list[str] | None, typer.Option("--set", help="key=value that stays; repeat.")] = None,
    rank: Annotated[str, typer.Option(help="Metric to rank by.")] = "qrs_ms",
    against: Annotated[str, typer.Option(help="The other target of the Pareto front.")] = "stroke_work_mmhg_ml",
    electrical: Annotated[
        bool, typer.Option("--electrical", help="Excitation and ECG alone: several times faster, no work or pressure.")
    ] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. Default: one a core.")] = None,
    scheduler: Annotated[
        str,
        typer.Option(
            help="tcp://host:port of a Dask scheduler, in place of processes here. Only one that you trust: its "
            "protocol lets either side run code on the other."
        ),
    ] = "",
    resume: Annotated[
        Path | None,
        typer.Option(
            help="File that keeps finished simulations, to go on from. Default with --out: sweep.journal there."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for sweep.csv, sweep.json, sweep.png and sweep.twin.")
    ] = None,
    records: Annotated[list[Path] | None, typer.Option(help="Records, where the source is a folder.")] = None,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="The map and the front as a picture.")
    ] = True,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Simulate a therapy over all its places and settings, rank them and map them. Goes on where it was stopped."""
    with speaking(as_json):
        from twinviewer.session.addressing import addressed
        from twinviewer.session.studies.sweep import ranking
        from twinviewer.session.studies.sweep.files import document
        from twinviewer.session.studies.sweep.plan import plan
        from twinviewer.session.studies.sweep.points import ELECTRICAL, WANTED
        from twinviewer.session.studies.sweep.step import accept_study, compute_sweep, sweep_input

        for name, option in ((rank, "--rank"), (against, "--against")):
            if name not in ranking.TARGETS:
                raise typer.BadParameter(f"{name!r} is none of {', '.join(ranking.TARGETS)}", param_hint=option)
        names = [name for name in therapy.split("+") if name]
        try:
            values = addressed([names], pairs(set_ or [], "--set"))
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--set") from error
        swept = plan(names, over, next(iter(values.values()), {}))
        case = _case(source, records or [], verbose)
        first, second = ranking.TARGETS[rank], ranking.TARGETS[against]
        if out is not None:
            with writing(out / "sweep.csv"):
                resume = resume or out / "sweep.journal"
        study = compute_sweep(
            *sweep_input(case, swept, ELECTRICAL if electrical else WANTED),
            name="Sweep", journal=resume, workers=workers, scheduler=scheduler, report=reporter(verbose),
        )  # fmt: skip
        reporter(verbose)(1.0, "")
        case = accept_study(case, study)
        assert case.baseline is not None
        table = ranking.table(study, case.baseline.setup)
        files = {} if out is None else _write(case, study, table, first, second, out, pictures)
        if as_json:
            show_files(files, True, **document(study, table, first, second))
            return
        _say(study, table, first, second)
        show_files(files, False)


def _case(source: Path, records: list[Path], verbose: bool) -> "Case":
    if source.suffix == ".twin":
        return load_case(source)
    return pipeline_case(source, [], {}, {}, records, "", "", verbose=verbose, in_process=False)


def _write(
    case: "Case", study: "Study", table: "Table", first: "Target", second: "Target", out: Path, pictures: bool
) -> dict[str, str]:
    from twinviewer.session import store
    from twinviewer.session.studies.sweep.files import document, write_csv, write_json

    with writing(out / "sweep.csv"):
        files = {"table": str(write_csv(study, table, first, out / "sweep.csv"))}
        files["summary"] = str(write_json(document(study, table, first, second), out / "sweep.json"))
    if pictures:
        from twinviewer.report.sweep_picture import sweep_picture
        from twinviewer.session.studies.sweep.plan import in_words, plan_of

        title = f"{in_words(plan_of(study))}, {case.title}"
        with writing(out / "sweep.png"):
            files["picture"] = str(sweep_picture(study, table, first, second, out / "sweep.png", title))
    files["case"] = str(store.save(case, out / "sweep.twin"))
    return files


def _say(study: "Study", table: "Table", first: "Target", second: "Target") -> None:
    from twinviewer.session.studies.sweep.plan import plan_of
    from twinviewer.session.studies.sweep.ranking import best_of_places, pareto, ranked

    swept, order = plan_of(study), ranked(table.rows, first)
    shown = best_of_places(order) if swept.site is not None else order
    if first.metric in table.baseline:
        typer.echo(f"{'':4s}{'untreated':48s} {first.text(table.baseline[first.metric]):>7s} {first.unit}")
    for one in shown[:SHOWN]:
        words = ", ".join(axis.text(value) for axis, value in zip(swept.axes, one.row.values, strict=True))
        note = one.row.failure or (one.row.masked.reason if one.row.masked else "")
        number = f"{first.text(one.value):>7s} {first.unit}" if not one.row.failure else ""
        typer.echo(f"{one.rank or '-':>2} {words:49s} {number}{'   ' + note if note else ''}")
    if len(shown) > SHOWN:
        typer.echo(f"   and {len(shown) - SHOWN} more: --out writes all")
    for place, why in table.left_out.items():
        if not why.simulated:
            typer.echo(f" - {place!s:49s} {why.reason}")
    front = pareto(table.rows, first, second)
    if front:
        typer.echo(f"\n{first.label} against {second.label}: no other combination beats")
    for row in front:
        words = ", ".join(axis.text(value) for axis, value in zip(swept.axes, row.values, strict=True))
        numbers = (f"{target.text(row.numbers[target.metric])} {target.unit}" for target in (first, second))
        typer.echo(f"   {words:49s} {', '.join(numbers)}")
    typer.echo("\nSimulated scenario, research only")
