"""List what a folder holds."""

import json

import typer

from twinviewer.cli.options import AsJson, Folder, InProcess, Verbose
from twinviewer.cli.shell import speaking, work


def inspect(folder: Folder, as_json: AsJson = False, verbose: Verbose = False, in_process: InProcess = False) -> None:
    """List the series in a folder or archive: kind, slices and phases with their gaps, geometry and warnings."""
    with speaking(as_json):
        from twinviewer.domain import LoadError
        from twinviewer.session import listing, steps

        found = work(steps.compute_scan, str(folder), name="Scan folder", verbose=verbose, in_process=in_process)
        if not found:
            raise LoadError("No DICOM files were found", where=folder.name, remedy="Choose the folder of the scan")
        if as_json:
            documents = [listing.series_document(i, series) for i, series in enumerate(found)]
            typer.echo(json.dumps({"schema": 1, "series": documents}, indent=2))
        else:
            typer.echo(listing.scan_text(found))
