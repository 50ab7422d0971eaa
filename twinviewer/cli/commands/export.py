"""Parts of a saved case in open formats."""

from pathlib import Path
from typing import Annotated

import typer

from twinviewer.cli.options import AsJson, CaseFile
from twinviewer.cli.products import write_labels, write_mesh, write_seg
from twinviewer.cli.shell import load_case, show_files, speaking, writing


def export(
    case_file: CaseFile,
    nifti: Annotated[Path | None, typer.Option(help="Label map as NIfTI (.nii.gz).")] = None,
    seg: Annotated[Path | None, typer.Option(help="Label map as DICOM SEG.")] = None,
    mesh: Annotated[Path | None, typer.Option(help="Model: .stl .ply .obj .glb .vtp surfaces, .vtu all.")] = None,
    metrics: Annotated[Path | None, typer.Option(help="All numbers as JSON.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write parts of a saved case in open formats."""
    with speaking(as_json):
        from twinviewer.session.metrics import write_metrics

        if nifti is seg is mesh is metrics is None:
            raise typer.BadParameter("nothing to export: give --nifti, --seg, --mesh or --metrics")
        case = load_case(case_file)
        files = {}
        if nifti is not None:
            files["labels"] = str(write_labels(case, nifti))
        if seg is not None:
            files["segmentation"] = str(write_seg(case, seg))
        if mesh is not None:
            files["mesh"] = str(write_mesh(case, mesh))
        if metrics is not None:
            with writing(metrics):
                files["metrics"] = str(write_metrics(case, metrics))
        show_files(files, as_json)
