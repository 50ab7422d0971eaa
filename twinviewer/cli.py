"""Every step without a window, for scripts. Data goes to stdout, everything else to stderr.

Exit codes: 0 done, 2 wrong usage, 3 images or records cannot be read, 4 no organ can be made of them, 5 a simulation,
therapy or worker failed, 6 a file or picture could not be made, 130 cancelled.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twinviewer import __version__

if TYPE_CHECKING:
    from twinviewer.domain import ParameterValue, Reporter, TwinviewerError
    from twinviewer.session.case import Case

# Heavy modules are imported inside the commands, so that --help and usage errors are instant.

app = typer.Typer(
    name="twinviewer",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

AsJson = Annotated[bool, typer.Option("--json", help="Write data, and errors, as JSON.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Report progress even where stderr is no terminal.")]
Folder = Annotated[Path, typer.Argument(help="A folder of DICOM files.", show_default=False)]
CaseFile = Annotated[Path, typer.Argument(help="A case file (.twin).", show_default=False)]
InProcess = Annotated[bool, typer.Option("--in-process", hidden=True, help="No worker process, for debugging.")]

USAGE, BAD_INPUT, NO_ORGAN, NO_RESULT, NO_FILE, CANCELLED = 2, 3, 4, 5, 6, 130


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"twinviewer {__version__}")
        raise typer.Exit(0)


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """From DICOM images to a patient's own beating heart, and what a simulated therapy would change. Research only."""


@app.command()
def inspect(folder: Folder, as_json: AsJson = False, verbose: Verbose = False, in_process: InProcess = False) -> None:
    """List the series in a folder: kind, slices, phases, geometry and warnings."""
    with speaking(as_json):
        from twinviewer.domain import LoadError
        from twinviewer.session import listing, steps

        found = work(steps.compute_scan, str(folder), name="Scan folder", verbose=verbose, in_process=in_process)
        if not found:
            raise LoadError("No DICOM files were found", where=folder.name, remedy="Choose the folder of the scan")
        if as_json:
            documents = [listing.series_document(i, series) for i, series in enumerate(found)]
            typer.echo(json.dumps({"schema": 1, "series": documents}, indent=2))
        else:
            typer.echo("\n".join(listing.series_text(i, series) for i, series in enumerate(found)))


@app.command()
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
            values = addressed(scenarios, _pairs(set_ or [], "--set"))
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--set") from error
        settings: dict[str, Any] = dict(_pairs(setup or [], "--setup"))
        other = _other_ways(mask, mask_map, mask_phase, typed)
        if folder is None and not other["typed"]:
            raise typer.BadParameter("give a folder of DICOM files, or numbers with --typed", param_hint="FOLDER")
        case = _pipeline(
            folder, scenarios, values, settings, records or (), series, engine,
            verbose=verbose, in_process=in_process, keep=out / "case.twin" if out is not None else None,
            other=other,
        )  # fmt: skip
        files = write_products(case, out, pictures, reporter(verbose)) if out is not None else {}
        _show_results(case, files, as_json)


@app.command()
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
        case = _pipeline(images, patient.THERAPIES, {}, {}, records, "", "", verbose=verbose, in_process=in_process)
        files = write_products(case, out, pictures, reporter(verbose))
        _show_results(case, files, as_json, listing.HEADLINES)


@app.command()
def update(
    case_file: CaseFile,
    records: Annotated[list[Path], typer.Option(help="As for run; repeat for more. Nothing is sent anywhere.")],
    out: Annotated[Path | None, typer.Option(help="Case file to write. Default: the one that was given.")] = None,
    confirm: Annotated[
        bool, typer.Option("--confirm-patient", help="Take records that seem to be another patient's.")
    ] = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
    in_process: InProcess = False,
) -> None:
    """Update a saved twin with newer records: say what changed, simulate it anew, keep the earlier twin beside it."""
    with speaking(as_json):
        from twinviewer.session import steps, store
        from twinviewer.session.records_update import change_text, differences, update_records

        case = _load(case_file)
        updated: Case = work(
            update_records, case, [path.absolute() for path in records], confirmed=confirm,
            name="Update with records", verbose=verbose, in_process=in_process,
        )  # fmt: skip
        if case.baseline is not None and case.baseline.run is not None:
            updated = work(steps.simulate_all, updated, name="Simulate", verbose=verbose, in_process=in_process)
        path = store.save(updated, out or case_file)
        changed = [change_text(change) for change in differences(case.records, updated.records)]
        if as_json:
            document = {"schema": 1, "changed": changed, "earlier": [twin.label for twin in updated.earlier]}
            typer.echo(json.dumps({**document, "files": {"case": str(path)}}, indent=2))
            return
        typer.echo("\n".join(changed) or "nothing changed: no newer value was found")
        for note in updated.records.notes:
            typer.echo(f"note: {note}", err=True)
        _show_files({"case": str(path)}, False)


@app.command()
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
        case = _load(case_file)
        report = reporter(verbose)
        files = {}
        if picture is not None:
            with _writing(picture):
                files["picture"] = str(write_picture(case, picture))
        if film is not None:
            with _writing(film):
                files["film"] = str(write_film(case, film, report))
        if measured is not None:
            from twinviewer.report.measured import measured_film

            with _writing(measured):
                files["measured_film"] = str(measured_film(case, measured, report))
        if pdf is not None:
            with _writing(pdf):
                files["report"] = str(write_pdf(case, pdf))
        _show_files(files, as_json)


@app.command()
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
        case = _load(case_file)
        files = {}
        if nifti is not None:
            files["labels"] = str(_write_labels(case, nifti))
        if seg is not None:
            files["segmentation"] = str(_write_seg(case, seg))
        if mesh is not None:
            files["mesh"] = str(_write_mesh(case, mesh))
        if metrics is not None:
            with _writing(metrics):
                files["metrics"] = str(write_metrics(case, metrics))
        _show_files(files, as_json)


@app.command()
def therapies(as_json: AsJson = False) -> None:
    """List the therapies with their parameters, bounds, defaults and sources."""
    with speaking(as_json):
        from twinviewer.session import catalog, listing

        found = catalog.therapies()
        if as_json:
            documents = [listing.therapy_document(one) for one in found.values()]
            document = {"schema": 1, "therapies": documents, "failures": dict(catalog.failures())}
            typer.echo(json.dumps(document, indent=2))
            return
        for one in found.values():
            typer.echo(listing.therapy_text(one))
        for where, why in catalog.failures().items():
            typer.echo(f"not loaded: {where} ({why})", err=True)


@app.command(hidden=True)
def warm(verbose: Verbose = False) -> None:
    """Compile the kernels and write the demo patient now, so that the first real run does not wait for them."""
    with speaking(False):
        from twinviewer.session import demo as patient
        from twinviewer.session.warm import warm_plugins

        folder = Path(work(patient.write_demo, name="Write the demo patient", verbose=verbose))
        case = _pipeline(
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


# ----- what the commands share


@contextmanager
def speaking(as_json: bool) -> Iterator[None]:
    """Turn typed errors into one line on stderr and an exit code; Ctrl-C into 130."""
    from twinviewer.domain import Cancelled, TwinviewerError

    try:
        yield
    except TwinviewerError as error:
        code = exit_code(error)
        if as_json:
            said = {"what": error.what, "where": error.where, "remedy": error.remedy, "exit_code": code}
            typer.echo(json.dumps({"error": {"type": type(error).__name__, **said}}), err=True)
        else:
            typer.echo(f"error: {error}".replace("\n", " "), err=True)
        raise typer.Exit(code) from error
    except (Cancelled, KeyboardInterrupt) as stop:
        typer.echo(
            json.dumps({"error": {"type": "Cancelled", "exit_code": CANCELLED}}) if as_json else "cancelled", err=True
        )
        raise typer.Exit(CANCELLED) from stop


def exit_code(error: "TwinviewerError") -> int:
    """The exit code for a typed error."""
    from twinviewer import domain
    from twinviewer.session.catalog import UnknownPluginError

    for kinds, code in (
        ((UnknownPluginError,), USAGE),
        ((domain.LoadError,), BAD_INPUT),
        ((domain.SegmentationError, domain.MeshError), NO_ORGAN),
        ((domain.StoreError, domain.RenderError), NO_FILE),
    ):
        if isinstance(error, kinds):
            return code
    return NO_RESULT


def reporter(verbose: bool) -> "Reporter":
    """Progress on stderr: one line that is overwritten on a terminal, lines with --verbose, else nothing."""
    terminal = sys.stderr.isatty()
    last = ""

    def report(fraction: float, text: str) -> None:
        nonlocal last
        if terminal:
            sys.stderr.write(f"\r\033[K{100 * fraction:3.0f} %  {text}" if fraction < 1.0 else "\r\033[K")
            sys.stderr.flush()
        elif verbose and text != last:
            sys.stderr.write(f"{100 * fraction:3.0f} %  {text}\n")
        last = text

    return report


def work(
    function: Callable[..., Any],
    *arguments: Any,
    name: str,
    verbose: bool = False,
    in_process: bool = False,
    **keywords: Any,
) -> Any:
    """Run a step in a worker process, so that a codec or solver that crashes gives an error and not a dead program."""
    report = reporter(verbose)
    if in_process:
        import inspect as signatures

        if "report" in signatures.signature(function).parameters:
            keywords["report"] = report
        return function(*arguments, **keywords)
    from twinviewer.session.jobs import JobRunner

    with JobRunner(1, prewarm="") as runner:
        try:
            return runner.run(function, *arguments, progress=report, name=name, deadline_s=3600.0, **keywords)
        finally:
            report(1.0, "")


def write_products(case: "Case", out: Path, pictures: bool, report: "Reporter") -> dict[str, str]:
    """Write everything that a case gives into a folder and say what is where. StoreError, RenderError."""
    from twinviewer.domain import LoadError, part
    from twinviewer.session import store
    from twinviewer.session.metrics import write_metrics

    with _writing(out / "metrics.json"):
        files = {"metrics": str(write_metrics(case, out / "metrics.json"))}
    report(0.05, "Saving the case")
    files["case"] = str(store.save(case, out / "case.twin"))
    if case.labels is not None:  # cine MR has contours instead, in the case file
        report(0.1, "Writing labels")
        files["labels"] = str(_write_labels(case, out / "labels.nii.gz"))
        try:
            files["segmentation"] = str(_write_seg(case, out / "labels.seg.dcm"))
        except LoadError as error:  # some sources cannot carry a SEG; everything else is still worth having
            typer.echo(f"note: no DICOM segmentation: {error}", err=True)
    if pictures:
        from twinviewer.report import follows_images
        from twinviewer.report.film import film
        from twinviewer.report.measured import measured_film, measured_picture
        from twinviewer.report.pdf import pdf
        from twinviewer.report.picture import picture, simulated

        report(0.2, "Drawing")
        with _writing(out):
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


def _other_ways(mask: Path | None, mask_map: str, mask_phase: int | None, typed: str) -> dict[str, Any]:
    """What is given in place of finding structures in images, as keywords of the pipeline; checked as far as that
    costs nothing."""
    from twinviewer.session.mask_import import parse_meaning

    if mask is not None and typed:
        raise typer.BadParameter("--mask and --typed exclude each other", param_hint="--typed")
    if mask is None and (mask_map or mask_phase is not None):
        raise typer.BadParameter("there is no --mask to apply it to", param_hint="--mask-map")
    try:
        meaning = parse_meaning(mask_map) if mask_map else None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--mask-map") from error
    numbers = _pairs([one for one in typed.split(",") if one.strip()], "--typed")
    for name, value in numbers.items():
        try:
            float(value)
        except ValueError as error:
            raise typer.BadParameter(f"{name} = {value!r} is no number", param_hint="--typed") from error
    typed_values: dict[str, ParameterValue] = {name: float(value) for name, value in numbers.items()}
    phase = None if mask_phase is None else mask_phase - 1
    return {"typed": typed_values, "mask": mask, "mask_meaning": meaning, "mask_phase": phase}


def _pipeline(
    folder: Path | None,
    scenarios: Sequence[Sequence[str]],
    values: Mapping[str, Mapping[str, "ParameterValue"]],
    settings: Mapping[str, "ParameterValue"],
    records: Path | Sequence[Path] | None,
    series: str,
    engine: str,
    *,
    verbose: bool = False,
    in_process: bool = False,
    keep: Path | None = None,
    other: Mapping[str, Any] | None = None,
) -> "Case":
    from twinviewer.session import catalog, pipeline

    for names in scenarios:
        for name in names:
            catalog.therapy(name)  # a wrong name is said before any work is done
    if engine:
        catalog.engine(engine)
    case: Case = work(
        pipeline.run_pipeline,
        folder,
        tuple(tuple(names) for names in scenarios),
        values,
        name="Pipeline",
        verbose=verbose,
        in_process=in_process,
        series=series,
        records=records,
        setup_values=settings,
        engine=engine,
        keep=keep,
        **(other or {}),
    )
    return case


def _pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise typer.BadParameter(f"{text!r} is not key=value", param_hint=option)
        pairs[key.strip()] = value.strip()
    return pairs


def _load(path: Path) -> "Case":
    from twinviewer.session import store

    return store.load(path)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Make room for a file; what a library says when it cannot write becomes a StoreError."""
    from twinviewer.domain import StoreError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except (OSError, RuntimeError) as error:
        said = (getattr(error, "strerror", None) or str(error)).strip().splitlines()
        what = f"The file cannot be written: {said[-1] if said else type(error).__name__}"
        raise StoreError(what, where=path.name, remedy="Check the folder and the free space") from error


def _write_labels(case: "Case", path: Path) -> Path:
    from twinviewer import geometry
    from twinviewer.domain import StoreError

    if case.labels is None:
        raise StoreError("The case has no labels to export", remedy="Segment it first")
    with _writing(path):
        geometry.write_nifti(path, case.labels)
    return path


def _write_seg(case: "Case", path: Path) -> Path:
    from twinviewer import dicom
    from twinviewer.domain import StoreError
    from twinviewer.session import catalog

    if case.labels is None or case.active_series is None:
        raise StoreError("The case has no labels to export", remedy="Segment it first")
    with _writing(path):
        return dicom.write_seg(path, case.labels, case.active_series, catalog.organ(case.organ).styles)


def _write_mesh(case: "Case", path: Path) -> Path:
    """Tetrahedra with their fields for .vtu, all surfaces for any other suffix."""
    from twinviewer import geometry
    from twinviewer.domain import StoreError
    from twinviewer.session import catalog

    if case.mesh is None:
        raise StoreError("The case has no model to export", remedy="Build it first")
    colours = {name: style.colour for name, style in catalog.organ(case.organ).styles.items()}
    with _writing(path):
        if path.suffix.lower() == ".vtu":
            geometry.write_tets(path, case.mesh)
        else:
            geometry.write_surfaces(path, case.mesh, list(case.mesh.surfaces), colours)
    return path


def _show_results(case: "Case", files: Mapping[str, str], as_json: bool, only: Sequence[str] = ()) -> None:
    if as_json:
        from twinviewer.session.metrics import metrics_document

        document = metrics_document(case)
        typer.echo(json.dumps({**document, "files": dict(files)} if files else document, indent=2))
        return
    from twinviewer.session import listing

    typer.echo(listing.results_text(case, only))
    for step, text in case.messages.items():
        typer.echo(f"note: {step}: {text}", err=True)
    _show_files(files, False)


def _show_files(files: Mapping[str, str], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"files": dict(files)}, indent=2))
        return
    for kind, path in files.items():
        typer.echo(f"{kind:16s} {Path(path).absolute()}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        app(args=list(sys.argv[1:] if arguments is None else arguments), prog_name="twinviewer")
    except SystemExit as end:
        return int(end.code or 0) if isinstance(end.code, int) or end.code is None else USAGE
    return 0
