"""The whole way from images to simulated scenarios."""

from pathlib import Path
from typing import Annotated, Any

import typer

from twinviewer.cli.options import (
    AcceptTerms,
    AsJson,
    ByPlace,
    Edge,
    Frame,
    InProcess,
    Interpolate,
    MaskMap,
    MaskPhase,
    Masks,
    Meshes,
    MeshMap,
    OrganName,
    Outline,
    Over,
    Task,
    Units,
    Verbose,
    With,
)
from twinviewer.cli.pipeline import elsewhere, outline_of, pipeline_case, typed_numbers
from twinviewer.cli.products import show_results, write_products
from twinviewer.cli.shell import pairs, reporter, speaking


def run(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="A DICOM folder, or a NIfTI, NRRD or MetaImage file. Not needed with --typed or --mesh.",
            show_default=False,
        ),
    ] = None,
    therapy: Annotated[
        list[str] | None,
        typer.Option("--therapy", "-t", help="Simulate this therapy too; repeat for more scenarios, a+b to combine."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="key=value of a therapy; crt.key=value, or crt_2.key=value for one of several."),
    ] = None,
    off: Annotated[
        list[str] | None,
        typer.Option(
            "--off", help="Keep this therapy in its scenario, switched off: crt, or scenario.crt for one of several."
        ),
    ] = None,
    setup: Annotated[list[str] | None, typer.Option("--setup", help="key=value of the organ's own settings.")] = None,
    records: Annotated[
        list[Path] | None,
        typer.Option(help="FHIR, CSV, ECG (.hea, .dcm), .fit, .hrm, RR .txt, or a folder of them; repeat for more."),
    ] = None,
    series: Annotated[str, typer.Option(help="UID, or number as listed by inspect. Default: what suits best.")] = "",
    out: Annotated[Path | None, typer.Option(help="Folder for metrics, case, labels, picture, film, report.")] = None,
    engine: Annotated[str, typer.Option(help="Engine. Default: the first that fits the model.")] = "",
    mask: Masks = None,
    mask_map: MaskMap = "",
    mask_phase: MaskPhase = None,
    interpolate: Interpolate = False,
    by_place: ByPlace = False,
    over: Over = False,
    mesh: Meshes = None,
    mesh_map: MeshMap = "",
    units: Units = "",
    frame: Frame = "",
    with_: With = "",
    task: Task = "",
    accept_terms: AcceptTerms = False,
    organ: OrganName = "",
    outline: Outline = "",
    edge_mm: Edge = 0.0,
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
            values = addressed(scenarios, {**pairs(set_ or [], "--set"), **{f"{one}.on": "off" for one in off or []}})
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--set, --off") from error
        settings: dict[str, Any] = dict(pairs(setup or [], "--setup"))
        numbers = typed_numbers(typed)
        ways = elsewhere(
            mask or (), mask_map, mask_phase, interpolate, over, mesh or (), mesh_map, units, frame, with_, task,
            accept_terms, typed, by_place=by_place,
        )  # fmt: skip
        if folder is None and not numbers and not mesh:
            raise typer.BadParameter(
                "give a folder of DICOM files, numbers with --typed, or a mesh with --mesh", param_hint="FOLDER"
            )
        case = pipeline_case(
            folder, scenarios, values, settings, records or (), series, engine,
            verbose=verbose, in_process=in_process, keep=out / "case.twin" if out is not None else None,
            typed=numbers, ways=ways,
            more={"organ": organ, "outline": outline_of(outline), "edge_mm": edge_mm},
        )  # fmt: skip
        files = write_products(case, out, pictures, reporter(verbose)) if out is not None else {}
        show_results(case, files, as_json)
