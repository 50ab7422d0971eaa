"""Where files out of archives lie while a session lasts: a private folder of this window or command, gone with it.

Workers write there too, so the folder is named by the process that started them. What a killed session has left is
removed by the next one that unpacks anything.
"""

import multiprocessing
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import platformdirs
import psutil


def place() -> Path:
    """This session's folder for unpacked files (not made yet). Folders of sessions that have ended are removed."""
    for left in _root().glob("*-*"):
        if not _alive(left.name):
            shutil.rmtree(left, ignore_errors=True)
    return _own()


def forget() -> None:
    """Remove what this session has unpacked."""
    own = _own()
    if own.is_dir():
        shutil.rmtree(own, ignore_errors=True)
    with suppress(OSError):
        _root().rmdir()  # only while no other session has anything there


def _root() -> Path:
    override = os.environ.get("TWINVIEWER_UNPACKED")
    if override:
        return Path(override)
    try:
        return Path(platformdirs.user_cache_dir("twinviewer", False)) / "unpacked"
    except (OSError, RuntimeError):
        return Path(tempfile.gettempdir()) / f"twinviewer-{os.getuid()}-unpacked"


def _own() -> Path:
    parent = multiprocessing.parent_process()
    pid = os.getpid() if parent is None or parent.pid is None else parent.pid
    return _root() / f"{pid}-{_started(pid)}"


def _started(pid: int) -> int:
    """When a process started, in hundredths of a second; 0 if there is none. A pid alone may have been given again."""
    try:
        return round(psutil.Process(pid).create_time() * 100)
    except psutil.Error:
        return 0


def _alive(name: str) -> bool:
    pid, _, started = name.partition("-")
    if not (pid.isdigit() and started.isdigit()):
        return True  # not ours
    # the clock may have been set since; a pid that lives on within a minute of that time is the same process
    return abs(_started(int(pid)) - int(started)) < 6000
