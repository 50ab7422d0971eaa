"""The demo patient: written once by its organ, kept in the user's cache under the version of the code that wrote it."""

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import platformdirs

from twinviewer import __version__
from twinviewer.domain import LoadError, Reporter, StoreError, silent
from twinviewer.session import catalog

ORGAN = "heart"
THERAPIES: Sequence[Sequence[str]] = (("crt",),)
"""Scenarios of the demo beside the baseline."""


def demo_folder(organ: str = ORGAN, cache: Path | None = None) -> Path:
    """Where the demo patient lies or will lie. A change of the code that writes it gives another folder."""
    root = cache or Path(platformdirs.user_cache_dir("twinviewer", False))
    return root / f"demo-{organ}-{__version__}-{_code_hash(organ)}"


def write_demo(organ: str = ORGAN, cache: str = "", report: Reporter = silent) -> str:
    """The folder of the demo patient, written now if it is not there yet. Pure, for a worker process.

    It holds ``dicom/``, ``records/`` and ``truth.json``. StoreError when it cannot be written.
    """
    folder = demo_folder(organ, Path(cache) if cache else None)
    if (folder / "dicom").is_dir():
        return str(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".demo-", dir=folder.parent))
        try:
            catalog.organ(organ).write_demo(partial, report)
            if not (folder / "dicom").is_dir():  # another process may have been faster
                shutil.rmtree(folder, ignore_errors=True)
                partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise StoreError(
            f"The demo patient could not be written: {error.strerror}",
            where=folder.parent.name,
            remedy="Free some space",
        ) from error
    return str(folder)


def demo_images(folder: Path) -> Path:
    """The folder of its DICOM images."""
    return folder / "dicom"


def demo_records(folder: Path) -> Path | None:
    """Its bundle or table of records, None if it has none."""
    if not (folder / "records").is_dir():
        return None
    found = sorted(path for path in (folder / "records").iterdir() if path.suffix.lower() in (".json", ".csv"))
    return found[0] if found else None


def _code_hash(organ: str) -> str:
    module = sys.modules[type(catalog.organ(organ)).__module__]
    if not module.__file__:
        raise LoadError("The demo patient's code is nowhere", where=organ)
    digest = hashlib.sha256()
    for path in sorted(Path(module.__file__).parent.rglob("*.*")):
        if path.suffix in (".py", ".toml"):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:10]
