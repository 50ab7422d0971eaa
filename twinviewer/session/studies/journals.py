"""Where studies that are started from the window keep their journals, so that the same one goes on after a crash.

One journal a heart and wish: whatever was ever computed of this heart is in it, whichever study asked.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

import platformdirs

from twinviewer.domain import Setup
from twinviewer.session.studies.journal import identity
from twinviewer.session.studies.study import Wanted

KEPT_DAYS = 30
FOLDER = "TWINVIEWER_STUDIES"
"""Environment variable that names another folder."""


def journal_path(engine: str, setup: Setup, wanted: Wanted) -> Path:
    """Of this heart and what is kept of it. Journals that nobody has touched for a month are removed."""
    override = os.environ.get(FOLDER)
    folder = Path(override) if override else Path(platformdirs.user_cache_dir("twinviewer", False)) / "studies"
    with suppress(OSError):
        for old in folder.iterdir():
            if time.time() - old.stat().st_mtime > KEPT_DAYS * 86400:
                old.unlink()
    return folder / f"{identity(engine, setup, wanted)[:32]}.study"
