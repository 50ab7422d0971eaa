"""What an installer runs once."""

from pathlib import Path

import typer

from twinviewer.cli.options import Verbose
from twinviewer.cli.pipeline import pipeline_case
from twinviewer.cli.shell import speaking, work


def warm(verbose: Verbose = False) -> None:
    """Compile the kernels and write the demo patient now, so that the first real run does not wait for them."""
    with speaking(False):
        from twinviewer.session import demo as patient
        from twinviewer.session.warm import warm_plugins

        folder = Path(work(patient.write_demo, name="Write the demo patient", verbose=verbose))
        case = pipeline_case(
            patient.demo_images(folder),
            patient.THERAPIES,
            {},
            {"scar_territory": "lad_anteroseptal"},  # uneven tissue has kernels of its own
            patient.demo_records(folder),
            "",
            "",
            verbose=verbose,
        )
        if case.baseline is not None:
            for left in work(warm_plugins, case.baseline.setup, name="Compile the kernels", verbose=verbose):
                typer.echo(f"not compiled yet: {left}", err=True)
