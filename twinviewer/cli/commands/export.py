"""Parts of a saved case in open formats."""

from pathlib import Path
from typing import Annotated

import typer

from twinviewer.cli.options import AsJson, CaseFile
from twinviewer.cli.shell import load_case, show_files, speaking, writing


def export(
    case_file: CaseFile,
    nifti: Annotated[Path | None, typer.Option(help="Label map as NIfTI (.nii.gz).")] = None,
    nrrd: Annotated[Path | None, typer.Option(help="Label map as 3D Slicer's .seg.nrrd, a file a phase.")] = None,
    seg: Annotated[Path | None, typer.Option(help="Label map as DICOM SEG, a file a phase.")] = None,
    rtstruct: Annotated[
        Path | None,
        typer.Option(help="Contours (of labels, or of a cine study) as DICOM RT structure set, a file a phase."),
    ] = None,
    mesh: Annotated[
        Path | None,
        typer.Option(help="Model: .stl .ply .obj .glb .vtp surfaces, .vtu all. Without a model: surfaces of labels."),
    ] = None,
    surfaces: Annotated[
        Path | None, typer.Option(help="Surfaces of the labels, also where there is a model: .stl .ply .obj .glb .vtp.")
    ] = None,
    beat: Annotated[
        Path | None,
        typer.Option(help="Beating model: .glb animated, or .pvd for ParaView, with all fields, a .vtu a moment."),
    ] = None,
    scenario: Annotated[str, typer.Option(help="Whose beat. Default: the baseline's, else that of the images.")] = "",
    colour_by: Annotated[
        str, typer.Option(help="Map that the surfaces of --beat .glb are coloured by: activation_ms, work_kpa …")
    ] = "",
    capture: Annotated[Path | None, typer.Option(help="A picture of the case as DICOM secondary capture.")] = None,
    metrics: Annotated[Path | None, typer.Option(help="All numbers as JSON.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Measures as a table (CSV), with usual ranges.")] = None,
    sr: Annotated[
        Path | None, typer.Option(help="Measures as DICOM SR (TID 1500); with --seg they refer to its segments.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write parts of a saved case in open formats."""
    with speaking(as_json):
        from twinviewer.session import export as out
        from twinviewer.session.metrics import write_metrics

        if not any((nifti, nrrd, seg, rtstruct, mesh, surfaces, beat, capture, metrics, csv, sr)):
            raise typer.BadParameter(
                "nothing to export: give --nifti, --nrrd, --seg, --rtstruct, --mesh, --surfaces, --beat, --capture, "
                "--metrics, --csv, --sr"
            )
        if (scenario or colour_by) and beat is None:
            raise typer.BadParameter("--scenario and --colour-by say how the beat is written: give --beat, too")
        case = load_case(case_file)
        files: dict[str, str] = {}
        for name, path, write in (
            ("labels", nifti, out.write_labels),
            ("labels_nrrd", nrrd, out.write_labels),
            ("segmentation", seg, out.write_seg),
            ("contours", rtstruct, out.write_rtstruct),
        ):
            if path is not None:
                with writing(path):
                    files[name] = str(write(case, path))
        for name, path, write_all in (("mesh", mesh, out.write_mesh), ("surface", surfaces, out.write_label_surfaces)):
            if path is not None:
                with writing(path):
                    written = write_all(case, path)
                several = len(written) > 1
                files |= {f"{name}_{n}" if several else name: str(one) for n, one in enumerate(written, start=1)}
        if beat is not None:
            from twinviewer.report.painted_beat import write_painted_beat

            with writing(beat):
                files["beat"] = str(write_painted_beat(case, beat, scenario, colour_by)[0])
        if capture is not None:
            from twinviewer.report.capture import capture as write_capture

            with writing(capture):
                files["capture"] = str(write_capture(case, capture))
        if metrics is not None:
            with writing(metrics):
                files["metrics"] = str(write_metrics(case, metrics))
        if csv is not None:
            from twinviewer.report.measures_table import write_measures_csv

            with writing(csv):
                files["measures"] = str(write_measures_csv(case, csv))
        if sr is not None:
            from twinviewer.report.structured import write_measures_sr

            written_seg = files.get("segmentation")
            with writing(sr):
                files["sr"] = str(write_measures_sr(case, sr, Path(written_seg) if written_seg else None))
        show_files(files, as_json)
