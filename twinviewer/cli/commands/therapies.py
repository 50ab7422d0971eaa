"""What therapies there are."""

import json

import typer

from twinviewer.cli.options import AsJson
from twinviewer.cli.shell import speaking


def therapies(as_json: AsJson = False) -> None:
    """List the therapies with their parameters, bounds, defaults and sources."""
    with speaking(as_json):
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
