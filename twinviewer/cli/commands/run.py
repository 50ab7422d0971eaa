"""The whole way from images to simulated scenarios."""

from pathlib import Path
from typing import Annotated, Any

import typer

from twinviewer.cli.options import AsJson, InProcess, Verbose
from twinviewer.cli.pipeline import other_ways, pipeline_case
from twinviewer.cli.products import show_results, write_products
from twinviewer.cli.shell import pairs, reporter, speaking


def run(
    folder: Annotated[
        Path | None, typer.Argument(help="A folder of DICOM files. Not needed with --typed.", show_default=False)
    ] = None,
    therapy: Annotated[
        list[str] | None,
        typer.Option("--therapy", "-t", help="Simulate this therapy too; repeat for more scenarios, a+b to combine."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="key=value of a therapy; crt.key=value, or crt_2.key=value for one of several."),
    ] = None,
    setup: Annotated[list[str] | None, typer.Option("--setup", help="key=value of the organ's own settings.")] = None,
    records: Annotated[
        list[Path] | None,
        typer.Option(help="FHIR, CSV, ECG (.hea, .dcm), .fit, .hrm, RR .txt, or a folder of them; repeat for more."),
    ] = None,
    series: Annotated[str, typer.Option(help="UID, or number as listed by inspect. Default: what suits best.")] = "",
    out: Annotated[Path | None, typer.Option(help="Folder for metrics, case, labels, picture, film, report.")] = None,
    engine: Annotated[str, typer.Option(help="Engine. Default: the first that fits the model.")] = "",
    mask: Annotated[
        Path | None, typer.Option(help="Structures from a file instead: NIfTI, NRRD, MetaImage, DICOM SEG.")
    ] = None,
    mask_map: Annotated[
        str, typer.Option("--mask-map", help="Which number of the mask is what: 1=lv_blood,2=lv_myocardium,5=scar.")
    ] = "",
    mask_phase: Annotated[
        int | None, typer.Option("--mask-phase", min=1, help="Phase that a mask of one phase shows. Default: R wave.")
    ] = None,
    typed: Annotated[
        str, typer.Option(help="A model of typed numbers, no image: lv_edv_ml=150,lv_esv_ml=60,wall_mm=9.")
    ] = "",
    pictures: Annotated[bool, typer.Option("--pictures/--no-pictures", help="Picture, film and PDF as well.")] = True,
    as_json: AsJson = False,
    verbose: Verbose = False,
    in_process: InProcess = False,
) -> None:
    """Images to simulated scenarios: import, segment, model, simulate, compare, report."""
    with speaking(as_json):
        from twinviewer.session.addressing import addressed

        scenarios = [[name for name in one.split("+") if name] for one in therapy or []]
        try:
            values = addressed(scenarios, pairs(set_ or [], "--set"))
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--set") from error
        settings: dict[str, Any] = dict(pairs(setup or [], "--setup"))
        other = other_ways(mask, mask_map, mask_phase, typed)
        if folder is None and not other["typed"]:
            raise typer.BadParameter("give a folder of DICOM files, or numbers with --typed", param_hint="FOLDER")
        case = pipeline_case(
            folder, scenarios, values, settings, records or (), series, engine,
            verbose=verbose, in_process=in_process, keep=out / "case.twin" if out is not None else None,
            other=other,
        )  # fmt: skip
        files = write_products(case, out, pictures, reporter(verbose)) if out is not None else {}
        show_results(case, files, as_json)
