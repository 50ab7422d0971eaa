"""A virtual cohort of a saved case: who would respond to a therapy."""

from pathlib import Path
from typing import Annotated

import typer

from twinviewer.cli.options import AsJson, CaseFile, Verbose
from twinviewer.cli.shell import load_case, pairs, reporter, show_files, speaking, writing


def cohort(
    case_file: CaseFile,
    therapy: Annotated[
        str, typer.Option("--therapy", "-t", help="What all are treated with; a+b to combine.", show_default=False)
    ] = "",
    set_: Annotated[list[str] | None, typer.Option("--set", help="key=value of a therapy; repeat.")] = None,
    scenario: Annotated[str, typer.Option(help="The therapies of this scenario of the case instead.")] = "",
    patients: Annotated[int, typer.Option("--patients", "-n", min=1, help="How many virtual patients.")] = 1000,
    from_: Annotated[
        str,
        typer.Option(
            "--from",
            help="patient: round this one. published: as trials or surveys have them (crt or adults, as the heart is).",
        ),
    ] = "patient",
    seed: Annotated[int, typer.Option(min=0, help="The same seed is the same cohort.")] = 1,
    response: Annotated[
        str, typer.Option(help="dpdt, qrs, stroke_volume, ejection_fraction, pressure, rate; or such as qrs_ms:-20.")
    ] = "",
    out: Annotated[Path | None, typer.Option(help="Folder for table, numbers, picture, and to resume from.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. Default: one a core.")] = None,
    scheduler: Annotated[str, typer.Option(help="tcp://host:port of a Dask scheduler, in place of processes.")] = "",
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Sample virtual patients, simulate each untreated and treated, and say who responds. Goes on where it stopped."""
    with speaking(as_json):
        from twinviewer.domain import EngineError
        from twinviewer.session.addressing import addressed
        from twinviewer.session.scenarios import use_therapies
        from twinviewer.session.studies.cohort.bias import in_words
        from twinviewer.session.studies.cohort.files import document, write_cohort
        from twinviewer.session.studies.cohort.step import compute_cohort, result_of

        if bool(therapy) == bool(scenario):
            raise typer.BadParameter("give either --therapy or --scenario", param_hint="--therapy")
        case = load_case(case_file)
        if case.baseline is None:
            raise EngineError("The case has no baseline to sample round", remedy="Prepare it with run first")
        if scenario:
            found = case.find(scenario)
            if found is None:
                raise typer.BadParameter(f"the case has no scenario {scenario!r}", param_hint="--scenario")
            uses, label = found.therapies, found.label
        else:
            names = [name for name in therapy.split("+") if name]
            try:
                values = addressed([names], pairs(set_ or [], "--set"))
            except ValueError as error:
                raise typer.BadParameter(str(error), param_hint="--set") from error
            uses, label = use_therapies(names, next(iter(values.values())), "cohort"), therapy
        setup, patient = case.baseline.setup, case.patient
        journal = None
        if out is not None:
            with writing(out / "cohort.csv"):
                journal = out / "cohort.journal"
        study = compute_cohort(
            case.engine, setup, patient, uses, patients=patients, source=from_, seed=seed, response=response,
            workers=workers, scheduler=scheduler, journal=journal, report=reporter(verbose),
        )  # fmt: skip
        result = result_of(study)
        files: dict[str, str] = {}
        if out is not None:
            from twinviewer.report.cohort_picture import cohort_picture

            with writing(out / "cohort.csv"):
                files = {kind: str(path) for kind, path in write_cohort(result, out, label).items()}
            title = f"{len(result.people)} virtual patients, {label}, {case.title}"
            with writing(out / "cohort.png"):
                files["picture"] = str(cohort_picture(result, out / "cohort.png", title))
        if as_json:
            show_files(files, True, **document(result, label))
            return
        for one in (result.overall, *(g for division in result.divisions for g in division.groups)):
            low, high = one.responders.interval
            typer.echo(
                f"{one.label:24s} {one.responders.count:5d} of {one.responders.of:5d} respond, "
                f"{100 * one.responders.share:3.0f} % ({100 * low:.0f} to {100 * high:.0f} %)"
            )
        for division in result.divisions:
            if division.difference is not None:
                typer.echo(f"{division.by}: {division.difference.said}")
        typer.echo(f"\nResponds: {result.criterion.said}\n\n{in_words(result)}\n\nSimulated scenario, research only")
        show_files(files, False)
