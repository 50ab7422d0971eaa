"""A whole report of a saved case: PDF, film, pictures, tables, DICOM, and a bundle that can be computed again."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twinviewer.cli.options import AsJson, CaseFile, InProcess, Verbose
from twinviewer.cli.shell import load_case, show_files, speaking, work

if TYPE_CHECKING:
    from twinviewer.domain import Reporter


def report(
    case_file: CaseFile,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the report.")] = Path("twinviewer-report"),
    only: Annotated[
        str, typer.Option(help="Only these pieces: pdf,film,pictures,tables,dicom,bundle. Default: all but dicom.")
    ] = "",
    dicom: Annotated[bool, typer.Option("--dicom", help="Pictures, film and PDF as DICOM too.")] = False,
    images: Annotated[bool, typer.Option("--images", help="Put the images into the bundle too.")] = False,
    bundle: Annotated[Path | None, typer.Option(help="Where the bundle goes. Default: into the folder.")] = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
    in_process: InProcess = False,
) -> None:
    """The report of a saved case in one go; its bundle can be computed again by 'reproduce'."""
    with speaking(as_json):
        from twinviewer.report.make import DEFAULT, PIECES

        pieces = [one.strip() for one in only.split(",") if one.strip()] or [*DEFAULT]
        if unknown := [one for one in pieces if one not in PIECES]:
            raise typer.BadParameter(f"{', '.join(unknown)} is none of {', '.join(PIECES)}", param_hint="--only")
        pieces += ["dicom"] * (dicom and "dicom" not in pieces) + ["bundle"] * (bundle is not None and only != "")
        files = work(
            make, str(case_file), str(out), tuple(pieces), images, name="Report", verbose=verbose, in_process=in_process
        )
        if bundle is not None and "bundle.zip" in files:
            files["bundle.zip"] = str(_moved(Path(files["bundle.zip"]), bundle))
        show_files(files, as_json)


def make(
    case_file: str, out: str, pieces: tuple[str, ...], images: bool, report: "Reporter"
) -> dict[str, str]:  # in a worker: a renderer that crashes costs no more than the report
    """Load the case and write its report. Typed errors."""
    from twinviewer.report.make import make_report

    report(0.0, "Opening the case")
    return make_report(load_case(Path(case_file)), Path(out), pieces, report, images=images)


def _moved(path: Path, to: Path) -> Path:
    from twinviewer.domain import StoreError

    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        return Path(shutil.move(path, to))
    except OSError as error:
        raise StoreError(f"The bundle cannot be put there: {error.strerror}", where=to.name) from error
