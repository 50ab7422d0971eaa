"""What therapies there are, and what channel drugs do to a cell."""

import json
import math
from dataclasses import asdict
from typing import Annotated

import typer

from twinviewer.cli.options import AsJson
from twinviewer.cli.shell import pairs, speaking


def therapies(
    cell: Annotated[
        list[str] | None,
        typer.Option("--cell", help="A channel drug and its multiple of Cmax: dofetilide=1; repeat to combine."),
    ] = None,
    rate_bpm: Annotated[float, typer.Option("--rate-bpm", min=30.0, max=200.0, help="Heart rate for --cell.")] = 60.0,
    as_json: AsJson = False,
) -> None:
    """List the therapies with their parameters, bounds, defaults and sources; or pace a cell under channel drugs."""
    with speaking(as_json):
        if cell:
            _cell(cell, rate_bpm, as_json)
            return
        from twinviewer.session import catalog, listing

        found = catalog.therapies()
        if as_json:
            documents = [listing.therapy_document(one) for one in found.values()]
            document = {"schema": 1, "therapies": documents, "failures": dict(catalog.failures())}
            typer.echo(json.dumps(document, indent=2))
            return
        for one in found.values():
            typer.echo(listing.therapy_text(one))
        for where, why in catalog.failures().items():
            typer.echo(f"not loaded: {where} ({why})", err=True)


def _cell(given: list[str], rate_bpm: float, as_json: bool) -> None:
    from twinviewer.physics.cells.drugs import drug
    from twinviewer.therapies.channel_drug import MOST_CMAX, words
    from twinviewer.therapies.channel_drug.cell import cell

    doses = {}
    for name, text in pairs(given, "--cell").items():
        try:
            doses[drug(name).name] = times = float(str(text))
        except ValueError as error:
            raise typer.BadParameter(f"{name} = {text!r} is no number", param_hint="--cell") from error
        if not 0.0 <= times <= MOST_CMAX:
            raise typer.BadParameter(
                f"{name} = {times:g} is not within 0 and {MOST_CMAX:g} x Cmax", param_hint="--cell"
            )
    found = cell(doses, 60000.0 / rate_bpm)
    if as_json:
        numbers = {name: None if math.isnan(value) else value for name, value in asdict(found).items()}
        typer.echo(json.dumps({"schema": 1, "doses_cmax": doses, "rate_bpm": rate_bpm, **numbers}, indent=2))
    else:
        typer.echo(words(found, doses) + ".")
