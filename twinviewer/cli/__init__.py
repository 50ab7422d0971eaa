"""Every step without a window, for scripts. Data goes to stdout, everything else to stderr.

Exit codes: 0 done, 1 a bundle's numbers are not the same again, 2 wrong usage, 3 images or records cannot be read, 4 no
organ can be made of them, 5 a simulation, therapy or worker failed, 6 a file or picture could not be made, 130
cancelled.

One file a command in ``commands/``; heavy modules are imported inside the commands, so that --help and usage errors are
instant.
"""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from twinviewer import __version__
from twinviewer.cli.commands.archive import archive
from twinviewer.cli.commands.calcium import calcium
from twinviewer.cli.commands.cohort import cohort
from twinviewer.cli.commands.deidentify import deidentify
from twinviewer.cli.commands.demo import demo
from twinviewer.cli.commands.edit import edit
from twinviewer.cli.commands.export import export
from twinviewer.cli.commands.inspect import inspect
from twinviewer.cli.commands.render import render
from twinviewer.cli.commands.report import report
from twinviewer.cli.commands.reproduce import reproduce
from twinviewer.cli.commands.run import run
from twinviewer.cli.commands.segment import segment
from twinviewer.cli.commands.sweep import sweep
from twinviewer.cli.commands.therapies import therapies
from twinviewer.cli.commands.uncertainty import uncertainty
from twinviewer.cli.commands.update import update
from twinviewer.cli.commands.warm import warm
from twinviewer.cli.products import write_products
from twinviewer.cli.shell import USAGE, work

__all__ = ["app", "main", "work", "write_products"]

app = typer.Typer(
    name="twinviewer",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for _command in (
    inspect,
    run,
    demo,
    segment,
    edit,
    update,
    render,
    report,
    reproduce,
    export,
    deidentify,
    calcium,
    therapies,
    sweep,
    cohort,
    uncertainty,
):  # as --help lists
    app.command()(_command)
app.add_typer(archive, name="archive")
app.command(hidden=True)(warm)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"twinviewer {__version__}")
        raise typer.Exit(0)


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """From DICOM images to a patient's own beating heart, and what a simulated therapy would change. Research only."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        app(args=list(sys.argv[1:] if arguments is None else arguments), prog_name="twinviewer")
    except SystemExit as end:
        return int(end.code or 0) if isinstance(end.code, int) or end.code is None else USAGE
    return 0
