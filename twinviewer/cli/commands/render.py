"""Pictures, films and pages of a saved case."""

from pathlib import Path
from typing import Annotated

import typer

from twinviewer.cli.options import AsJson, CaseFile, Verbose
from twinviewer.cli.shell import load_case, reporter, show_files, speaking, writing


def render(
    case_file: CaseFile,
    film: Annotated[Path | None, typer.Option(help="Write the beating heart as MP4.")] = None,
    picture: Annotated[Path | None, typer.Option(help="Write the scene as PNG.")] = None,
    pdf: Annotated[Path | None, typer.Option(help="Write the report.")] = None,
    measured: Annotated[
        Path | None, typer.Option(help="Write the heart as cine MR shows it, beside its images, as MP4.")
    ] = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Pictures of a saved case."""
    with speaking(as_json):
        from twinviewer.report.film import film as write_film
        from twinviewer.report.pdf import pdf as write_pdf
        from twinviewer.report.picture import picture as write_picture

        if film is picture is pdf is measured is None:
            raise typer.BadParameter("nothing to render: give --film, --picture, --pdf or --measured")
        case = load_case(case_file)
        report = reporter(verbose)
        files = {}
        if picture is not None:
            with writing(picture):
                files["picture"] = str(write_picture(case, picture))
        if film is not None:
            with writing(film):
                files["film"] = str(write_film(case, film, report))
        if measured is not None:
            from twinviewer.report.measured import measured_film

            with writing(measured):
                files["measured_film"] = str(measured_film(case, measured, report))
        if pdf is not None:
            with writing(pdf):
                files["report"] = str(write_pdf(case, pdf))
        show_files(files, as_json)
