"""A copy of a study without its patient."""

import json
import secrets
import shutil
from pathlib import Path
from typing import Annotated

import typer

from twinviewer.cli.options import AsJson, InProcess, Verbose
from twinviewer.cli.shell import speaking, work

_RETAIN = "uids, device, institution, patient, full_dates, modified_dates, safe_private"
_CLEAN = "descriptors, structured"


def deidentify(
    path: Annotated[Path, typer.Argument(help="A folder of DICOM files, or one file.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="An empty or new folder for the copy.")],
    retain: Annotated[
        list[str] | None, typer.Option("--retain", help=f"What stays: {_RETAIN}. Repeat, or separate by commas.")
    ] = None,
    clean: Annotated[
        list[str] | None,
        typer.Option("--clean", help=f"What stays after cleaning, instead of being removed: {_CLEAN}."),
    ] = None,
    pseudonym: Annotated[str, typer.Option(help="Stands for the patient's name and ID. Default: made up.")] = "",
    key_file: Annotated[
        Path | None,
        typer.Option(
            help="Secret of the replacements, made where it is missing: with the same secret later exports match. "
            "Whoever has it and an original can match both."
        ),
    ] = None,
    burned_in: Annotated[
        bool, typer.Option("--burned-in", help="Also pictures that probably show text: captures, ultrasound.")
    ] = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
    in_process: InProcess = False,
) -> None:
    """Copy a study without what identifies its patient (DICOM PS3.15, Basic Profile). The originals do not change."""
    with speaking(as_json):
        from twinviewer.dicom.deidentify import door
        from twinviewer.domain import DeidentifyOptions

        keep = frozenset(name.strip() for text in (*(retain or ()), *(clean or ())) for name in text.split(",") if name)
        try:
            options = DeidentifyOptions(keep, pseudonym, _key(key_file), burned_in)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--retain") from error
        try:
            done = work(
                door.deidentify, path, out, options, name="De-identify", verbose=verbose, in_process=in_process
            )  # fmt: skip
        finally:
            shutil.rmtree(door.unfinished(out), ignore_errors=True)  # of a worker that was stopped
        if as_json:
            names = ("folder", "files", "patients", "removed", "replaced", "kept", "private", "left_out", "warnings")
            typer.echo(json.dumps({"schema": 1, **{name: getattr(done, name) for name in names}}, indent=2))
            return
        typer.echo(f"{done.files} files of {', '.join(done.patients)} in {done.folder}")
        typer.echo(
            f"removed {sum(done.removed.values())} values of {len(done.removed)} kinds and {done.private} private, "
            f"replaced {sum(done.replaced.values())} of {len(done.replaced)} kinds"
        )
        if done.kept:
            typer.echo(f"kept as asked: {', '.join(done.kept)}")
        for name, why in done.left_out:
            typer.echo(f"left out: {name}: {why}", err=True)
        for said in done.warnings:
            typer.echo(f"warning: {said}", err=True)


def _key(path: Path | None) -> str:
    if path is None:
        return ""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
    text = path.read_text(encoding="ascii", errors="replace").strip()
    if len(text) < 32 or set(text.lower()) - set("0123456789abcdef") or len(text) % 2:
        raise typer.BadParameter("a secret is at least 32 hexadecimal digits", param_hint="--key-file")
    return text
