"""Writing a bundle: the files of a report with the case that they are of, packed under hashes."""

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from twinviewer import __version__
from twinviewer.domain import Records, Reporter, StoreError, part, silent
from twinviewer.report import RESEARCH_ONLY
from twinviewer.report.bundle.manifest import CASE, MANIFEST, NUMBERS, README, manifest_of
from twinviewer.session import store
from twinviewer.session.case import Case
from twinviewer.session.metrics import write_metrics
from twinviewer.session.nameless import nameless_series

_PACKED = (".json", ".csv", ".txt", ".dcm")
"""What deflate makes smaller; films, pictures and cases are packed already."""
_WHEN = (1980, 1, 1, 0, 0, 0)


def shareable(case: Case, *, images: bool = False) -> Case:
    """The case as it may leave this computer: no paths, no names of files; without voxels unless asked for.

    Contours go with the images that they lie on. What simulations need stays: model, measurements, records, settings.
    """
    kept = replace(case, folder="", series=nameless_series(case.series), records=_nameless(case.records))
    earlier = tuple(replace(twin, records=_nameless(twin.records)) for twin in kept.earlier)
    kept = replace(kept, earlier=earlier)
    if images and kept.image is not None and kept.image.left_out:
        return replace(kept, image=replace(kept.image, left_out=()))
    return kept if images else replace(kept, image=None, contours=None)


def _nameless(records: Records) -> Records:
    """Records without the names of the files that they came from, which may be a patient's."""
    return replace(
        records,
        timeline=tuple(replace(entry, file="") for entry in records.timeline),
        subjects=tuple(replace(one, file="") for one in records.subjects),
    )


def write_bundle(
    case: Case, path: Path, files: Mapping[str, Path], report: Reporter = silent, *, images: bool = False
) -> Path:
    """Write the zip and return its path. files: name inside -> what was written before (PDF, film, tables …).

    images: put the voxels inside too. StoreError; a file that was there is then as it was.
    """
    if not any(one.run is not None for one in case.scenarios) and not case.measurements:
        raise StoreError("There is nothing to bundle yet", remedy="Segment or simulate first")
    kept = shareable(case, images=images)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".saving-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        with tempfile.TemporaryDirectory(prefix=".bundle-", dir=path.parent) as scratch:
            inside = dict(files)
            report(0.02, "Saving the case")
            inside[CASE] = store.save(kept, Path(scratch) / CASE, embed_images=images)
            inside[NUMBERS] = write_metrics(case, Path(scratch) / "metrics.json")
            readme = Path(scratch) / README
            readme.write_text(_readme(path.name, images), encoding="utf-8")
            inside[README] = readme
            _pack(kept, temporary, inside, part(report, 0.4, 0.98))
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise StoreError(
            f"The bundle could not be written: {error.strerror}", where=path.name, remedy="Check the free space"
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    report(1.0, "Bundle written")
    return path


def _pack(case: Case, path: Path, files: Mapping[str, Path], report: Reporter) -> None:
    found: dict[str, tuple[str, int]] = {}
    with zipfile.ZipFile(path, "w", allowZip64=True) as archive:
        for number, (name, source) in enumerate(sorted(files.items())):
            report(number / len(files), f"Packing {name}")
            digest, size = hashlib.sha256(), 0
            with source.open("rb") as reading, archive.open(_entry(name), "w", force_zip64=True) as writing:
                while block := reading.read(1 << 20):
                    digest.update(block)
                    size += len(block)
                    writing.write(block)
                    report(number / len(files), f"Packing {name}")
            found[name] = digest.hexdigest(), size
        archive.writestr(_entry(MANIFEST), manifest_of(case, found).text())


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _WHEN)
    entry.compress_type = zipfile.ZIP_DEFLATED if name.endswith(_PACKED) else zipfile.ZIP_STORED
    entry.external_attr = 0o600 << 16
    return entry


def _readme(name: str, images: bool) -> str:
    voxels = "The images are inside." if images else "The images are not inside; the model made from them is."
    return f"""{RESEARCH_ONLY}

This bundle was written by Twinviewer {__version__}. It holds the report, the numbers, and the case that they are of.
{voxels}

To compute every number again and see which are the same:

    twinviewer reproduce {name}

It checks each file against manifest.json, fits the baseline again, applies each therapy again, runs every simulation
and every study again, and lists what is the same and what differs. With the same versions on the same kind of
processor numbers have to be the same to the last bit; else within 0.1 %. The exit code is 0 only if nothing differs.

report.pdf           the report: page one in a minute, then the details
film.mp4             scenarios side by side
pictures/            the same, still
numbers/             every number with unit, interval, origin and source (JSON, CSV)
dicom/               pictures, film and report as DICOM, where they were asked for
case.twin            the case: open it with Twinviewer
manifest.json        hashes, versions, machine, runs and seeds
"""
