"""A hospital's archive from a shell: which are set up, what they have, and series into a folder."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twinviewer.cli.options import AsJson, Verbose
from twinviewer.cli.shell import reporter, speaking

if TYPE_CHECKING:
    from twinviewer.archive.node import Node
    from twinviewer.archive.query import Found, SeriesRow, StudyRow

archive = typer.Typer(
    no_args_is_help=True,
    help="Search a hospital's archive and retrieve series (DICOMweb, DIMSE). No archive is called but those set up.",
)

GOODBYE_S = 0.5
NodeName = Annotated[str, typer.Option("--node", "-n", help="Name of the archive; see `archive nodes`.")]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--secret-file", help="File with the token or password. Default: what was kept, or TWINVIEWER_ARCHIVE_SECRET."
    ),
]


@archive.command()
def nodes(as_json: AsJson = False) -> None:
    """List the archives that are set up."""
    from twinviewer.session.archive_nodes import load_nodes

    found = load_nodes()
    if as_json:
        typer.echo(json.dumps({"schema": 1, "nodes": [asdict(one) for one in found]}, indent=2))
        return
    for one in found:
        typer.echo(f"{one.name:20s} {_kind(one):14s} {one.place}")
    if not found:
        typer.echo("No archive is set up: twinviewer archive add", err=True)


@archive.command()
def add(
    name: Annotated[str, typer.Argument(help="What to call it.", show_default=False)],
    url: Annotated[str, typer.Option(help="DICOMweb: the root under which /studies stands.")] = "",
    user: Annotated[str, typer.Option(help="DICOMweb: name, where a password is asked for.")] = "",
    bearer: Annotated[bool, typer.Option("--bearer", help="DICOMweb: a token is asked for.")] = False,
    host: Annotated[str, typer.Option(help="DIMSE: host name or address.")] = "",
    port: Annotated[int, typer.Option(help="DIMSE: port.")] = 104,
    called: Annotated[str, typer.Option(help="DIMSE: the archive's AE title.")] = "ANY-SCP",
    calling: Annotated[str, typer.Option(help="DIMSE: our AE title.")] = "TWINVIEWER",
    move: Annotated[
        str, typer.Option(help="DIMSE: C-MOVE in place of C-GET, listening at address:port of this machine.")
    ] = "",
    tls: Annotated[bool, typer.Option("--tls", help="DIMSE: encrypt.")] = False,
    ca_file: Annotated[Path | None, typer.Option(help="Certificates to trust in place of the system's (PEM).")] = None,
    certificate: Annotated[Path | None, typer.Option(help="Our certificate (PEM), where it is asked for.")] = None,
    key: Annotated[Path | None, typer.Option(help="Its private key (PEM).")] = None,
    secret_file: TokenFile = None,
) -> None:
    """Set up an archive, or change one. A token or password is kept in a file that only you can read."""
    with speaking(False):
        from twinviewer.archive.node import Node, checked
        from twinviewer.session.archive_nodes import keep_secret, load_nodes, save_nodes

        if bool(url) == bool(host):
            raise typer.BadParameter("give --url (DICOMweb) or --host (DIMSE)")
        node = Node(
            name, url=url, user=user, login="bearer" if bearer else "basic" if user else "none",
            ca_file=_text(ca_file), certificate=_text(certificate), private_key=_text(key),
        )  # fmt: skip
        if host:
            node = replace(node, kind="dimse", host=host, port=port, called=called, calling=calling, tls=tls)
        if host and move:
            address, _, listen = move.rpartition(":")
            if not listen.isascii() or not listen.isdigit():
                raise typer.BadParameter("write it as 127.0.0.1:11112", param_hint="--move")
            node = replace(node, fetch="move", listen_host=address or "127.0.0.1", listen_port=int(listen))
        checked(node)
        save_nodes([one for one in load_nodes() if one.name != name] + [node])
        if secret_file is not None:
            keep_secret(name, _secret(name, secret_file))
        typer.echo(f"{name}: {_kind(node)} at {node.place}")


@archive.command()
def remove(name: Annotated[str, typer.Argument(help="Which.", show_default=False)]) -> None:
    """Forget an archive and what was kept for its login."""
    with speaking(False):
        from twinviewer.session.archive_nodes import keep_secret, load_nodes, node_named, save_nodes

        node_named(name)
        save_nodes([one for one in load_nodes() if one.name != name])
        keep_secret(name, "")


@archive.command()
def test(node: NodeName, secret_file: TokenFile = None, as_json: AsJson = False, verbose: Verbose = False) -> None:
    """Call an archive and say whether it answers (C-ECHO, or a search for one study)."""
    with speaking(as_json):
        from twinviewer.session import archive_jobs

        with _talking(node, secret_file, verbose) as ask:
            said = ask(archive_jobs.compute_knock)
        typer.echo(json.dumps({"answer": said}) if as_json else said)


@archive.command()
def find(
    node: NodeName,
    name: Annotated[str, typer.Option(help="Patient's name: Family, Given; its beginning is enough.")] = "",
    patient_id: Annotated[str, typer.Option("--id", help="Patient's ID.")] = "",
    accession: Annotated[str, typer.Option(help="Accession number.")] = "",
    date: Annotated[str, typer.Option(help="Study date: YYYYMMDD, or FROM-TO with either left out.")] = "",
    modality: Annotated[str, typer.Option(help="Modality in the study: CT, MR, US …")] = "",
    study: Annotated[str, typer.Option(help="Study Instance UID.")] = "",
    skip: Annotated[int, typer.Option(min=0, help="DICOMweb: skip so many, to see those that follow.")] = 0,
    series: Annotated[bool, typer.Option("--series", help="List the series of each study too.")] = False,
    secret_file: TokenFile = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Search an archive for studies. What is listed names patients: mind who sees the screen."""
    with speaking(as_json):
        from twinviewer.archive.query import Query
        from twinviewer.session import archive_jobs

        first, dash, last = date.partition("-")
        query = Query(name, patient_id, accession, first, last if dash else first, modality.upper(), study)
        with _talking(node, secret_file, verbose) as ask:
            found = archive_jobs.found_studies(ask(archive_jobs.compute_studies, asdict(query), skip))
            below = {
                row.uid: archive_jobs.found_series(ask(archive_jobs.compute_series, row.uid))
                for row in (found.rows if series else ())
            }
        _list(found, below, as_json)


@archive.command()
def get(
    node: NodeName,
    study: Annotated[str, typer.Option(help="Study Instance UID.", show_default=False)],
    series: Annotated[list[str] | None, typer.Option(help="Series Instance UID; repeat. Default: all.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the files. Default: Twinviewer's own, private.")] = None,
    secret_file: TokenFile = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Retrieve a study, or series of it, into a folder that the other commands open like any other."""
    with speaking(as_json):
        from twinviewer.domain import ArchiveError
        from twinviewer.session import archive_jobs
        from twinviewer.session.archive_nodes import node_named, place_for

        with _talking(node, secret_file, verbose) as ask:
            listed = archive_jobs.found_series(ask(archive_jobs.compute_series, study))
            rows = [asdict(row) for row in listed.rows if not series or row.uid in series]
            if not rows or len(rows) < len(set(series or [])):
                raise ArchiveError("The archive has no such series", where=node, remedy="See `archive find --series`")
            if listed.more and not series:
                typer.echo(f"The study has more than these {len(rows)} series; the others were not retrieved", err=True)
            folder = out or place_for(node_named(node), "", [study])
            got = archive_jobs.retrieved(ask(archive_jobs.compute_retrieve, rows, str(folder.absolute())))
        if as_json:
            typer.echo(json.dumps({"schema": 1, **asdict(got)}, indent=2))
            return
        for note in got.notes:
            typer.echo(f" - {note}", err=True)
        typer.echo(f"{got.instances} images, {got.size_bytes / 1e6:.1f} MB: {got.folder}")


@contextmanager
def _talking(name_of_node: str, secret_file: Path | None, verbose: bool) -> Iterator[Callable[..., Any]]:
    """A way to ask an archive, in a process of its own; Ctrl-C ends the conversation politely."""
    from twinviewer.archive.node import to_document
    from twinviewer.session import archive_jobs
    from twinviewer.session.archive_jobs import LONGEST_S, archive_runner
    from twinviewer.session.archive_nodes import node_named

    node = to_document(node_named(name_of_node))
    secret = _secret(name_of_node, secret_file)
    report = reporter(verbose)

    def ask(function: Callable[..., Any], *arguments: Any) -> Any:
        job = runner.submit(function, node, secret, *arguments, progress=report, deadline_s=LONGEST_S)
        try:
            while not job.ended:
                runner.poll(0.05)
        except BaseException:
            job.cancel(gently=True)
            runner.submit(archive_jobs.compute_tidied)
            until = time.monotonic() + GOODBYE_S
            while runner.busy and time.monotonic() < until:
                runner.poll(0.02)
            raise
        finally:
            report(1.0, "")
        if job.error is not None:
            raise job.error
        return job.result

    with archive_runner() as runner:
        yield ask


def _secret(name: str, path: Path | None) -> str:
    from twinviewer.domain import ArchiveError
    from twinviewer.session.archive_nodes import kept_secret

    if path is None:
        return kept_secret(name)
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ArchiveError("The file of the secret cannot be read", where=path.name) from None


def _list(found: "Found[StudyRow]", below: "dict[str, Found[SeriesRow]]", as_json: bool) -> None:
    if as_json:
        documents = [
            {**asdict(row), **({"series": [asdict(one) for one in below[row.uid].rows]} if row.uid in below else {})}
            for row in found.rows
        ]
        shown = {
            "schema": 1,
            "more": found.more,
            "left_out": found.left_out,
            "next_skip": found.next_skip,
            "studies": documents,
        }
        typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    for row in found.rows:
        what = f"{row.modalities:8s} {row.description}".rstrip()
        typer.echo(f"{row.date:8s}  {row.patient_name:28s} {row.patient_id:14s} {what}")
        typer.echo(f"          {row.uid}")
        for one in below[row.uid].rows if row.uid in below else ():
            images = f"{one.instances} images" if one.instances else ""
            typer.echo(f"   {one.number:>4s}   {one.modality:6s} {one.description:32s} {images}".rstrip())
            typer.echo(f"          {one.uid}")
    if found.more:
        how = f"--skip {found.next_skip} lists those that follow" if found.next_skip else "narrow the dates"
        typer.echo(f"and more than these {len(found.rows)}: {how}", err=True)
    if found.left_out:
        typer.echo(f"{found.left_out} entries had no sound UID and are left out", err=True)
    if not found.rows:
        typer.echo("Nothing matches", err=True)


def _kind(node: "Node") -> str:
    if node.kind == "dicomweb":
        return "DICOMweb"
    return f"DIMSE C-{node.fetch.upper()}{' TLS' if node.tls else ''}"


def _text(path: Path | None) -> str:
    return str(path.absolute()) if path is not None else ""
