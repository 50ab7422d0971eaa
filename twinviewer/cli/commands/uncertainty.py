"""How sure the simulations of a saved case are."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from twinviewer.cli.options import AsJson, CaseFile, Verbose
from twinviewer.cli.shell import load_case, reporter, show_files, speaking, writing


def uncertainty(
    case_file: CaseFile,
    samples: Annotated[int, typer.Option("--samples", "-n", min=1, help="Hearts that intervals stand on.")] = 128,
    runs: Annotated[
        int, typer.Option(min=0, help="How many of them are simulated; an emulator answers for the rest. 0: all.")
    ] = 0,
    scenario: Annotated[
        list[str] | None, typer.Option("--scenario", "-s", help="A scenario beside the baseline; repeat. Default: all.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same hearts.")] = 7,
    out: Annotated[Path | None, typer.Option(help="Folder for tables, the case, and to resume from.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. Default: one a core.")] = None,
    scheduler: Annotated[str, typer.Option(help="tcp://host:port of a Dask scheduler, in place of processes.")] = "",
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Draw hearts that could be this patient's, simulate each in every scenario: 90 % intervals, and what they depend
    on. Goes on where it stopped."""
    with speaking(as_json):
        from twinviewer.session import store
        from twinviewer.session.case import BASELINE
        from twinviewer.session.metric_names import HEADLINE, label_of
        from twinviewer.session.studies.uncertainty.bands import spread_of
        from twinviewer.session.studies.uncertainty.files import document, ranking_of, write_spread
        from twinviewer.session.studies.uncertainty.step import accept_spread, compute_spread, spread_input
        from twinviewer.session.studies.uncertainty.words import (
            LIMITS,
            NOT_APART,
            apart,
            change_words,
            foundation,
            gain,
            interval_words,
            sentence,
            still,
        )

        case = load_case(case_file)
        inputs = spread_input(case, scenario or (), samples, runs, seed)
        journal = None
        if out is not None:
            with writing(out / "spread.csv"):
                journal = out / "uncertainty.journal"
        study = compute_spread(*inputs, journal=journal, workers=workers, scheduler=scheduler, report=reporter(verbose))
        case = accept_spread(case, replace(study, name="How sure"))
        files: dict[str, str] = {}
        if out is not None:
            with writing(out / "spread.csv"):
                files = {kind: str(path) for kind, path in write_spread(case, out).items()}
                files["case"] = str(out / "case.twin")
            store.save(case, out / "case.twin")
        if as_json:
            show_files(files, True, **document(case))
            return
        spread = spread_of(case)
        assert spread is not None and case.baseline is not None
        for one in case.scenarios:
            own = spread.like(one)
            if own is None:
                continue
            less = "" if one.name == BASELINE else BASELINE
            typer.echo(f"{one.label}")
            for metric in HEADLINE:
                found = spread.interval(metric, own, less)
                if found is None:
                    continue
                if not less:
                    text = interval_words(metric, found)
                elif still(found):
                    text = "no change"
                else:
                    text = f"changes by {change_words(metric, found)}" + ("" if apart(found) else f"  {NOT_APART}")
                typer.echo(f"  {label_of(metric):28s} {text}")
            for metric in HEADLINE[:1] + HEADLINE[4:5]:
                ranking = ranking_of(case, spread, metric, own, less)
                if ranking is not None:
                    typer.echo(f"  {sentence(ranking, bool(less))} {gain(ranking)}".rstrip())
        typer.echo(f"\n{foundation(spread)}\n{LIMITS}\nSimulated scenario, research only")
        show_files(files, False)
