"""What every command shares: exit codes, typed errors as one line, progress, worker processes, files."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from twinviewer.domain import Reporter, TwinviewerError
    from twinviewer.session.case import Case

USAGE, BAD_INPUT, NO_ORGAN, NO_RESULT, NO_FILE, CANCELLED = 2, 3, 4, 5, 6, 130


_BY_PLACE = "place it by its coordinates"
"""As errors about structures' references say it; here there is an option for it."""


@contextmanager
def speaking(as_json: bool) -> Iterator[None]:
    """Turn typed errors into one line on stderr and an exit code; Ctrl-C into 130."""
    from twinviewer.domain import Cancelled, TwinviewerError

    try:
        yield
    except TwinviewerError as error:
        code = exit_code(error)
        error.remedy = error.remedy.replace(_BY_PLACE, f"{_BY_PLACE} (--by-place)")
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
    finally:
        from twinviewer.session.unpacked import forget

        forget()


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


def pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise typer.BadParameter(f"{text!r} is not key=value", param_hint=option)
        pairs[key.strip()] = value.strip()
    return pairs


def load_case(path: Path) -> "Case":
    """A saved case. StoreError."""
    from twinviewer.session import store

    return store.load(path)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Make room for a file; what a library says when it cannot write becomes a StoreError."""
    from twinviewer.domain import StoreError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except (OSError, RuntimeError) as error:
        said = (getattr(error, "strerror", None) or str(error)).strip().splitlines()
        what = f"The file cannot be written: {said[-1] if said else type(error).__name__}"
        raise StoreError(what, where=path.name, remedy="Check the folder and the free space") from error


def show_files(files: Mapping[str, str], as_json: bool, **more: Any) -> None:
    """What was written where; as JSON with whatever else there is to say."""
    if as_json:
        typer.echo(json.dumps({**more, "files": dict(files)}, indent=2))
        return
    for kind, path in files.items():
        typer.echo(f"{kind:16s} {Path(path).absolute()}")
