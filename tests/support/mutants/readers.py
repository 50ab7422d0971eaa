"""Each way into the program, tried with one file: what comes out is sound, or a typed error that names the file."""

import hashlib
import sqlite3
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from functools import cache
from pathlib import Path

import numpy as np

from mutants import seeds
from twinviewer.domain import CineStack, LoadError, Series, Volume
from twinviewer.session import steps, store
from twinviewer.session.mask_read import read_any
from twinviewer.session.record_files import read_file


class SilentError(Exception):
    """A file that was passed over, or refused without its name or a reason."""


def pictures(path: Path) -> None:
    """Scan the folder, then open everything in it as the window does."""
    found = steps.compute_scan(str(path.parent))
    if path.name not in _named(found):
        raise SilentError("no row has the file")
    for series in found:
        try:
            image, _, _ = steps.compute_image(series)
        except LoadError as error:
            if not error.what:
                raise SilentError("no reason") from error
            continue
        if isinstance(image, Volume):
            _sound(image)
        else:
            assert isinstance(image, CineStack) and all(np.isfinite(plane.affine).all() for plane in image.planes)


def directories(path: Path) -> None:
    """An archive or a DICOMDIR, and whatever it leads to."""
    for series in steps.compute_scan(str(path)):
        assert all(Path(name).resolve() != Path("/etc/passwd") for name in series.files)
        with suppress(LoadError):
            steps.compute_image(series)


def segmentations(path: Path) -> None:
    """A SEG or RTSTRUCT, onto the series that it was drawn on."""
    folder, series = _opened()
    image, _, _ = steps.compute_image(series)
    seeds.given_mask(read_any(path, image, series))


def volumes(path: Path) -> None:
    """An image file as an image, and as a mask."""
    found = steps.compute_scan(str(path))
    if path.name not in _named(found):
        raise SilentError("no row has the file")
    with suppress(LoadError):
        _sound(steps.compute_image(found[0])[0])
    seeds.given_mask(read_any(path, None, None))


def meshes(path: Path) -> None:
    """A mesh, and what is asked about it before it is taken in."""
    from twinviewer.geometry.read_mesh import read_mesh

    mesh = read_mesh(path)
    assert all(np.isfinite(part.volume) for part in mesh.parts)


def records(path: Path) -> None:
    """Any record file, ECGs among them."""
    found = read_file(path)
    assert all(np.isfinite(quantity.value) for quantity in found.values.values())


def cases(path: Path) -> None:
    """A case file; or a sound one with one document changed and its hash made right."""
    if path.suffix != store.SUFFIX:
        key, text = path.suffix[1:].split("_")[0], path.read_bytes().decode("utf-8", "replace")
        path = path.with_suffix(store.SUFFIX)
        path.write_bytes(seeds.case_file())
        with closing(sqlite3.connect(path)) as database:
            database.execute("UPDATE meta SET value = ? WHERE key = ?", (text, key))
            digest = hashlib.sha256(text.encode()).hexdigest()
            database.execute("UPDATE meta SET value = ? WHERE key = ?", (digest, f"{key}.sha256"))
            database.commit()
    try:
        store.load(path)
    finally:
        for left in path.parent.glob("*.twin*"):
            left.unlink()


def bundles(path: Path) -> None:
    """A bundle; or a sound zip with its manifest changed."""
    from twinviewer.report.bundle import archive

    if path.suffix == ".manifest":
        content = path.read_bytes()
        path = path.with_suffix(".zip")
        with zipfile.ZipFile(path, "w") as made:
            made.writestr("case.twin", b"abc")
            made.writestr("manifest.json", content)
    with archive.opened(path) as opened:
        archive.damage(opened, archive.manifest_in(opened))


READERS: Mapping[str, Callable[[Path], None]] = {
    "pictures": pictures, "stack": pictures, "ecg": records, "cines": pictures,
    "directories": directories, "segmentations": segmentations, "volumes": volumes,
    "meshes": meshes, "records": records, "cases": cases, "bundles": bundles,
}  # fmt: skip
"""Each takes the path of a mutant. Typed errors are answers; whatever else is raised is a finding."""


def _named(found: tuple[Series, ...]) -> str:
    """All that the rows say about files; unreadable ones count only where a warning names them."""
    good = [name for one in found if one.kind != "unreadable" for name in one.files]
    bad = [warning.text for one in found if one.kind == "unreadable" for warning in one.warnings]
    return "\n".join([*good, *bad])


def _sound(image: object) -> None:
    assert isinstance(image, Volume)
    assert np.isfinite(image.grid.affine).all() and abs(np.linalg.det(image.grid.affine)) > 0
    assert np.isfinite(image.phase_percent).all() and np.isfinite(np.asarray(image.data, np.float32)).all()


@cache
def _opened() -> tuple[object, Series]:
    """The series that the segmentations were drawn on, in a folder that lives as long as this process."""
    from tempfile import TemporaryDirectory

    from twinviewer import dicom

    files, _, _, _ = seeds.sources()
    folder = TemporaryDirectory()
    for name, content in files.items():
        Path(folder.name, name).write_bytes(content)
    return folder, dicom.scan(Path(folder.name))[0]
