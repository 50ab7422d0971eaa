"""The files that a case gives: numbers, labels, meshes, pictures; and what is said of them on stdout."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from twinviewer.cli.shell import show_files, writing

if TYPE_CHECKING:
    from twinviewer.domain import Reporter
    from twinviewer.session.case import Case


def write_products(case: "Case", out: Path, pictures: bool, report: "Reporter") -> dict[str, str]:
    """Write everything that a case gives into a folder and say what is where. StoreError, RenderError."""
    from twinviewer.domain import LoadError, part
    from twinviewer.session import export, store
    from twinviewer.session.metrics import write_metrics

    with writing(out / "metrics.json"):
        files = {"metrics": str(write_metrics(case, out / "metrics.json"))}
    report(0.05, "Saving the case")
    files["case"] = str(store.save(case, out / "case.twin"))
    if case.labels is not None:  # cine MR has contours instead, in the case file
        report(0.1, "Writing labels")
        files["labels"] = str(export.write_labels(case, out / "labels.nii.gz"))
        try:
            files["segmentation"] = str(export.write_seg(case, out / "labels.seg.dcm"))
        except LoadError as error:  # some sources cannot carry a SEG; everything else is still worth having
            typer.echo(f"note: no DICOM segmentation: {error}", err=True)
    if pictures:
        from twinviewer.report import follows_images
        from twinviewer.report.film import film
        from twinviewer.report.measured import measured_film, measured_picture
        from twinviewer.report.pdf import pdf
        from twinviewer.report.picture import picture, simulated

        report(0.2, "Drawing")
        with writing(out):
            share = 0.55 if follows_images(case) else 0.8
            if follows_images(case):  # beside what is simulated, if anything is
                files["measured_picture"] = str(measured_picture(case, out / "measured.png"))
                files["measured_film"] = str(measured_film(case, out / "measured.mp4", part(report, share, 0.8)))
            if case.mesh is not None and not (follows_images(case) and not simulated(case)):
                files["picture"] = str(picture(case, out / "picture.png"))
            if simulated(case):
                files["film"] = str(film(case, out / "film.mp4", part(report, 0.3, share)))
            report(0.8, "Writing the report")
            files["report"] = str(pdf(case, out / "report.pdf"))
    report(1.0, "")
    return files


def show_results(case: "Case", files: Mapping[str, str], as_json: bool, only: Sequence[str] = ()) -> None:
    if as_json:
        from twinviewer.session.metrics import metrics_document

        document = metrics_document(case)
        typer.echo(json.dumps({**document, "files": dict(files)} if files else document, indent=2))
        return
    from twinviewer.session import listing
    from twinviewer.session.therapy_list import notes_of

    typer.echo(listing.results_text(case, only))
    for step, text in case.messages.items():
        typer.echo(f"note: {step}: {text}", err=True)
    for scenario in case.treated:
        for text in notes_of(scenario):
            typer.echo(f"note: {scenario.label}: {text}", err=True)
    show_files(files, False)
