"""A bundle computed again: what is the same, and what differs."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twinviewer.cli.options import AsJson, InProcess, Verbose
from twinviewer.cli.shell import speaking, work

if TYPE_CHECKING:
    from twinviewer.domain import Reporter

DIFFERS = 1
"""Exit code where something is not the same."""
MOST_LINES = 60


def reproduce(
    bundle: Annotated[Path, typer.Argument(help="A bundle (.zip) that 'report' wrote.", show_default=False)],
    studies: Annotated[bool, typer.Option("--studies/--no-studies", help="Compute its studies again too.")] = True,
    fit: Annotated[bool, typer.Option("--fit/--no-fit", help="Fit the baseline again too.")] = True,
    everything: Annotated[bool, typer.Option("--all", help="List what is the same too.")] = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
    in_process: InProcess = False,
) -> None:
    """Compute a bundle's numbers again and compare every one. Exit code 0: all the same, 1: something differs."""
    with speaking(as_json):
        found: dict[str, Any] = work(
            compare, str(bundle), studies, fit, name="Reproduce", verbose=verbose, in_process=in_process
        )
        typer.echo(json.dumps(found, indent=2) if as_json else _text(found, everything))
    if not found["same"]:
        raise typer.Exit(DIFFERS)


def compare(bundle: str, studies: bool, fit: bool, report: "Reporter") -> dict[str, Any]:
    """The comparison as JSON values: in a worker, since the file may be a stranger's."""
    from twinviewer.report.bundle.reproduce import reproduce as again
    from twinviewer.report.bundle.rows import document

    return document(again(Path(bundle), report, studies=studies, fit=fit))


def _text(found: dict[str, Any], everything: bool) -> str:
    rows: Sequence[dict[str, str]] = found["rows"]
    allowed = ("identical",) if found["exact"] else ("identical", "within tolerance")
    parts = list(dict.fromkeys(row["part"] for row in rows))
    lines = [f"{'':24s} {'identical':>10s} {'within 0.1 %':>13s} {'different':>10s}"]
    for part in parts:
        own = [row["verdict"] for row in rows if row["part"] == part]
        counts = own.count("identical"), own.count("within tolerance"), own.count("different") + own.count("failed")
        lines.append(f"{part[:24]:24s} {counts[0]:10d} {counts[1]:13d} {counts[2]:10d}")
    told = rows if everything else [row for row in rows if row["verdict"] not in allowed]
    if told:
        lines += ["", f"{'':16s} {'':36s} {'bundle':>16s}    {'here':>16s}"]
    for row in told[:MOST_LINES]:
        texts = f"{row['part'][:16]:16s} {row['name'][:36]:36s} {row['said']:>16s}    {row['found']:>16s}"
        lines.append(f"{texts}  {row['verdict']}")
    if len(told) > MOST_LINES:
        lines.append(f"and {len(told) - MOST_LINES} more (--json lists all)")
    rule = "to the last bit" if found["exact"] else "within 0.1 %, since program or processor are others"
    for name, (there, here) in found["versions_that_differ"].items():
        lines.append(f"note: {name} was {there}, is {here}")
    verdict = "same" if found["same"] else "DIFFERENT"
    lines += ["", f"{verdict}: {len(rows)} things compared, numbers {rule}"]
    return "\n".join(lines)
