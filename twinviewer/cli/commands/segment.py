"""Structures alone, found or brought, as a case or as files of labels."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twinviewer.cli.options import (
    AcceptTerms,
    AsJson,
    ByPlace,
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
from twinviewer.cli.pipeline import elsewhere, outline_of
from twinviewer.cli.shell import show_files, speaking, work, writing

if TYPE_CHECKING:
    from twinviewer.session.case import Case


def segment(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="A DICOM folder, or a NIfTI, NRRD or MetaImage file. Not needed with --mesh.", show_default=False
        ),
    ] = None,
    out: Annotated[
        list[Path] | None,
        typer.Option("--out", "-o", help="Case (.twin), labels (.nii.gz .seg.nrrd .dcm) or surfaces (.glb …). Repeat."),
    ] = None,
    series: Annotated[str, typer.Option(help="UID, or number as listed by inspect. Default: what suits best.")] = "",
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
    as_json: AsJson = False,
    verbose: Verbose = False,
    in_process: InProcess = False,
) -> None:
    """Find the structures in images, or take them from masks, meshes or another program, and write them."""
    with speaking(as_json):
        ways = elsewhere(
            mask or (), mask_map, mask_phase, interpolate, over, mesh or (), mesh_map, units, frame, with_, task,
            accept_terms, by_place=by_place,
        )  # fmt: skip
        if folder is None and not mesh:
            raise typer.BadParameter("give a folder of DICOM files, or a mesh with --mesh", param_hint="FOLDER")
        from twinviewer.session.pipeline import run_structures

        case: Case = work(
            run_structures, folder, name="Structures", verbose=verbose, in_process=in_process, series=series,
            elsewhere=ways, organ=organ, outline=outline_of(outline),
        )  # fmt: skip
        from twinviewer.session.export import structure_lines, write_structures

        lines = structure_lines(case)
        files: dict[str, str] = {}
        for path in out or ():
            with writing(path):
                files[path.name] = str(write_structures(case, path)[0])
        if as_json:
            show_files(files, True, structures=lines)
            return
        for name, millilitres in lines.items():
            typer.echo(f"{name:20s} {millilitres:8.1f} mL")
        for note in () if case.labels is None else case.labels.notes:
            typer.echo(f"note: {note}", err=True)
        show_files(files, False)
