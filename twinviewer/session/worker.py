"""The inside of a worker process: take a function by name, run it, send back what it returns or how it failed."""

import importlib
import inspect
import multiprocessing
import os
import pkgutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

from twinviewer import domain
from twinviewer.domain import Cancelled, Frame, Reporter, TwinviewerError, arrays
from twinviewer.session import messages, shared_memory

STOP = "stop"
"""A message with this key asks the job under way to end at its next report; the worker stays as warm as it is."""
PROGRESS_PERIOD_S = 0.05
LIVE_PERIOD_S = 0.1
COURTESY = 5
"""How much lower than the window's a worker's priority is (nice): who computes waits for who draws, where both want
the same core. With the cores to itself a worker is as fast as any."""


def serve(connection: Connection, parent_pid: int, prewarm: str, memory_bytes: int) -> None:
    """Serve jobs until the pipe closes. prewarm: "module:function" of a generator that prepares later jobs, or "".

    The generator goes on while no job waits: a job is never kept waiting for longer than one of its steps.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends its workers
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if hasattr(os, "nice"):  # not on Windows
        os.nice(COURTESY)
    limit_memory(memory_bytes)
    arrays.make_with(shared_memory.shared_empty)
    preparing = _preparation(prewarm)
    while True:
        try:
            while not connection.poll() and _prepare(preparing):
                pass
            order = messages.receive(connection)
        except (EOFError, OSError):
            return
        if STOP in order:
            continue  # the job that it meant had just ended
        try:
            messages.send(connection, {"kind": "taken"}, parent_pid)
            answer = _perform(order, connection, parent_pid)
            messages.send(connection, answer, parent_pid)
        except (BrokenPipeError, ConnectionResetError):
            return
        except Exception as error:  # the result itself could not be sent
            messages.send(connection, failure(error), parent_pid)


def limit_memory(limit_bytes: int) -> None:
    """Let allocations beyond the limit fail with MemoryError in this process; 0 or no rlimits: no limit.

    The data segment is limited and not the address space: numba and VTK reserve far more than they ever touch.
    """
    if limit_bytes <= 0:
        return
    try:
        import resource
    except ImportError:  # not on Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = limit_bytes if hard == resource.RLIM_INFINITY else min(limit_bytes, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))


def function_name(function: Any) -> str:
    """ "module:qualified.name" of a function that a worker can import; ValueError for a lambda or a closure."""
    module, name = function.__module__, function.__qualname__
    if "<" in name or module == "__main__":
        raise ValueError(f"{module}.{name} cannot be imported by a worker process")
    return f"{module}:{name}"


def failure(error: BaseException) -> dict[str, Any]:
    """An exception as a message: typed errors keep their parts, others become their name and text."""
    if isinstance(error, TwinviewerError):
        kind = type(error).__name__
        return {"kind": "failed", "type": kind, "what": error.what, "where": error.where, "remedy": error.remedy}
    what = "The worker ran out of memory" if isinstance(error, MemoryError) else f"{type(error).__name__}: {error}"
    return {"kind": "failed", "type": "", "what": what, "where": "", "remedy": ""}


def revived(message: dict[str, Any]) -> TwinviewerError:
    """The typed error that :func:`failure` took apart; whatever was not typed comes back as WorkerError."""
    known = getattr(domain, message["type"], None) if message["type"] else None
    of = known if isinstance(known, type) and issubclass(known, TwinviewerError) else domain.WorkerError
    return of(message["what"], where=message["where"], remedy=message["remedy"])


def _preparation(prewarm: str) -> Iterator[None]:
    if prewarm:
        yield from _function(prewarm)()


def _prepare(preparing: Iterator[None]) -> bool:
    """One step of the preparation; False when there is nothing left to prepare."""
    try:
        next(preparing)
    except StopIteration:
        return False
    except Exception:  # a slow first job is better than none
        traceback.print_exc(file=sys.stderr)
        return False
    return True


def _function(name: str) -> Any:
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found


def _perform(order: dict[str, Any], connection: Connection, parent_pid: int) -> dict[str, Any]:
    try:
        function = _function(order["function"])
        keywords = dict(order["keywords"])
        if "report" in inspect.signature(function).parameters and "report" not in keywords:
            keywords["report"] = _reporter(connection, parent_pid)
        if "live" in inspect.signature(function).parameters and "live" not in keywords:
            keywords["live"] = _live(connection, parent_pid)
        return {"kind": "done", "value": function(*order["arguments"], **keywords)}
    except Exception as error:
        if os.environ.get("TWINVIEWER_DEBUG"):
            traceback.print_exc(file=sys.stderr)
        return failure(error)


def _reporter(connection: Connection, parent_pid: int) -> Reporter:
    last_s = 0.0

    def report(fraction: float, text: str) -> None:
        nonlocal last_s
        if connection.poll():  # while a job runs nothing else is sent
            messages.receive(connection)
            raise Cancelled(text)
        now = time.monotonic()
        if now - last_s < PROGRESS_PERIOD_S and fraction < 1.0:
            return
        last_s = now
        messages.send(connection, {"kind": "progress", "fraction": float(fraction), "text": text}, parent_pid)

    return report


def _live(connection: Connection, parent_pid: int) -> Callable[[Any], None]:
    """Sends what a job shows while it runs; frames that come faster than eyes can follow are left out."""
    last_s = 0.0

    def live(value: Any) -> None:
        nonlocal last_s
        now = time.monotonic()
        if isinstance(value, Frame):
            if now - last_s < LIVE_PERIOD_S:
                return
            last_s = now
        messages.send(connection, {"kind": "live", "value": value}, parent_pid)

    return live


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # the window was killed: nobody waits for the answer


def import_all(package: str) -> Iterator[None]:
    """Import a package with all that is in it, a module a step; what cannot be imported fails where it is used."""
    try:
        path = importlib.import_module(package).__path__
    except Exception:
        return
    for module in pkgutil.walk_packages(path, f"{package}.", onerror=lambda name: None):
        try:
            importlib.import_module(module.name)
        except Exception:
            continue
        yield
