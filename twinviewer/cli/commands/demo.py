"""The whole way on the embedded patient."""

from pathlib import Path
from typing import Annotated

import typer

from twinviewer.cli.options import AsJson, InProcess, Verbose
from twinviewer.cli.pipeline import pipeline_case
from twinviewer.cli.products import show_results, write_products
from twinviewer.cli.shell import reporter, speaking, work


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("twinviewer-demo"),
    headless: Annotated[bool, typer.Option("--headless", help="No window even where there is a display.")] = False,
    pictures: Annotated[bool, typer.Option("--pictures/--no-pictures", help="Picture, film and PDF as well.")] = True,
    as_json: AsJson = False,
    verbose: Verbose = False,
    in_process: InProcess = False,
) -> None:
    """The whole job on the embedded synthetic patient: baseline and resynchronisation side by side."""
    with speaking(as_json):
        from twinviewer.session import demo as patient
        from twinviewer.session import listing

        folder = Path(work(patient.write_demo, name="Write the demo patient", verbose=verbose, in_process=in_process))
        records = patient.demo_records(folder)
        images = patient.demo_images(folder)
        case = pipeline_case(images, patient.THERAPIES, {}, {}, records, "", "", verbose=verbose, in_process=in_process)
        files = write_products(case, out, pictures, reporter(verbose))
        show_results(case, files, as_json, listing.HEADLINES)
