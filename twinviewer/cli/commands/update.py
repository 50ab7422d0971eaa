"""A saved twin and newer records."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twinviewer.cli.options import AsJson, CaseFile, InProcess, Verbose
from twinviewer.cli.shell import load_case, show_files, speaking, work

if TYPE_CHECKING:
    from twinviewer.session.case import Case


def update(
    case_file: CaseFile,
    records: Annotated[list[Path], typer.Option(help="As for run; repeat for more. Nothing is sent anywhere.")],
    out: Annotated[Path | None, typer.Option(help="Case file to write. Default: the one that was given.")] = None,
    confirm: Annotated[
        bool, typer.Option("--confirm-patient", help="Take records that seem to be another patient's.")
    ] = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
    in_process: InProcess = False,
) -> None:
    """Update a saved twin with newer records: say what changed, simulate it anew, keep the earlier twin beside it."""
    with speaking(as_json):
        from twinviewer.session import steps, store
        from twinviewer.session.records_update import change_text, differences, update_records

        case = load_case(case_file)
        updated: Case = work(
            update_records, case, [path.absolute() for path in records], confirmed=confirm,
            name="Update with records", verbose=verbose, in_process=in_process,
        )  # fmt: skip
        if case.baseline is not None and case.baseline.run is not None:
            updated = work(steps.simulate_all, updated, name="Simulate", verbose=verbose, in_process=in_process)
        path = store.save(updated, out or case_file)
        changed = [change_text(change) for change in differences(case.records, updated.records)]
        if as_json:
            document = {"schema": 1, "changed": changed, "earlier": [twin.label for twin in updated.earlier]}
            typer.echo(json.dumps({**document, "files": {"case": str(path)}}, indent=2))
            return
        typer.echo("\n".join(changed) or "nothing changed: no newer value was found")
        for note in updated.records.notes:
            typer.echo(f"note: {note}", err=True)
        show_files({"case": str(path)}, False)
