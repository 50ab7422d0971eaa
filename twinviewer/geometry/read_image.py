"""Images that are not DICOM: NIfTI, NRRD and MetaImage, as Series and Volume in LPS mm.

Such files say neither modality nor
patient. Values that hold air at about -1000, and nothing below what CT can show, are taken as Hounsfield units, and a
warning says so; everything else is "OT" (other), whose values have no scale. Labels are told from images by their few
whole numbers; they are listed, but not opened as images.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Grid, ImageWarning, LoadError, Patient, Reporter, Series, Volume, silent
from twinviewer.geometry.voxel_file import SUFFIXES, as_phases, read_voxels

MOST_FILES = 500
MOST_BYTES = 4 << 30
MOST_LABELS = 64
LEAST_SLICES = 2
AIR_HU = (-1100.0, -900.0)
LEAST_HU, MOST_HU = -4000.0, 40000.0
LEAST_AIR = 0.005
"""Share of the voxels that must hold air before values are taken as Hounsfield units."""
REMEDY = "Give NIfTI, NRRD or MetaImage of one volume"


def is_image_file(path: Path) -> bool:
    """Whether the name is that of a format read here."""
    return path.name.lower().endswith(SUFFIXES) and not path.name.startswith("._")


def scan_images(where: Path, report: Reporter = silent) -> tuple[Series, ...]:
    """A Series for each image file in a folder (not below it), or for one file; images first. What cannot be read is
    of kind "unreadable", label maps are "not_image", with a warning each. Never raises for one bad file."""
    paths = [where] if where.is_file() else sorted(p for p in where.iterdir() if p.is_file() and not p.is_symlink())
    paths = [path for path in paths if is_image_file(path)][:MOST_FILES]
    found = []
    for number, path in enumerate(paths):
        report(number / len(paths), f"Reading image {number + 1} of {len(paths)}")
        found.append(_series(path))
    found.sort(key=lambda one: one.kind in ("not_image", "unreadable"))
    return tuple(found)


def read_image(series: Series) -> Volume:
    """The volume of a series that :func:`scan_images` found. LoadError, saying why, where it is none."""
    path = Path(series.files[0])
    if series.kind in ("not_image", "unreadable"):
        raise LoadError("; ".join(w.text for w in series.warnings) or f"{path.name} holds no image")
    data, grid, _ = _read(path)
    digest = hashlib.sha256(np.ascontiguousarray(data).data)
    digest.update(grid.affine.tobytes())
    data.setflags(write=False)
    phases = data.shape[0]
    return Volume(
        data, grid, series.modality, np.arange(phases) * 100.0 / phases, None, digest.hexdigest()[:32],
        series.description,
    )  # fmt: skip


def _series(path: Path) -> Series:
    uid = "file." + hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:24]
    name = path.name.lower()
    label = (
        "NIfTI" if name.endswith((".nii", ".nii.gz")) else "NRRD" if name.endswith((".nrrd", ".nhdr")) else "MetaImage"
    )
    try:
        data, grid, odd = _read(path)
    except LoadError as error:
        warning = ImageWarning("unreadable_file", str(error))
        return _as_series(uid, path, "unreadable", "", f"{label} file", None, 0, (warning,))
    phases = data.shape[0]
    number = _digest(path)
    if _holds_labels(data):
        warning = ImageWarning(
            "labels", "The file holds labels, not an image: it is loaded onto the image that it belongs to"
        )
        count = len(np.unique(data)) - 1
        return _as_series(
            uid, path, "not_image", "SEG", f"{label} labels {number[:6]}", grid, phases, (warning,), number, count
        )
    ct = _is_ct(data)
    notes = [
        ImageWarning("modality_guessed", "The file does not say its modality: its values are taken as Hounsfield units")
        if ct
        else ImageWarning("modality_unknown", "The file does not say its modality: its values have no known scale")
    ]
    notes += odd
    if phases > 1:
        notes.append(ImageWarning("timing_unknown", "The file does not say when its phases were taken: evenly spaced"))
    kind = ("ct_multiphase" if phases > 1 else "ct_volume") if ct else "volume"
    if grid.shape[0] < LEAST_SLICES:
        kind = "planar"
    modality = "CT" if ct else "OT"
    return _as_series(uid, path, kind, modality, f"{label} image {number[:6]}", grid, phases, tuple(notes), number)


def _as_series(
    uid: str,
    path: Path,
    kind: str,
    modality: str,
    description: str,
    grid: Grid | None,
    phases: int,
    warnings: tuple[ImageWarning, ...],
    number: str = "",
    structures: int = 0,
) -> Series:
    shape = (0, 0, 0) if grid is None else grid.shape
    return Series(
        uid=uid, study_uid="", patient=Patient(f"P-{number[:6]}" if number else ""), kind=kind, modality=modality,
        description=description, study_date="", slices=shape[0], phases=phases, shape=(shape[1], shape[2]),
        spacing_mm=(0.0, 0.0, 0.0) if grid is None else grid.spacing_mm, files=(str(path),), warnings=warnings,
        extra={"source": "image_file", **({"structure_count": str(structures)} if structures else {})},
    )  # fmt: skip


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _read(path: Path) -> tuple[NDArray[np.generic], Grid, list[ImageWarning]]:
    """(t, k, j, i) values, where they lie, and what is to be said of both. LoadError."""
    found = read_voxels(path, MOST_BYTES)
    notes = [ImageWarning("no_position" if not found.placed else "two_positions", text) for text in found.notes]
    data: NDArray[Any] | None = as_phases(found)
    if data is None:
        raise LoadError("Images in colour or of vectors cannot be opened", where=path.name, remedy=REMEDY)
    if data.dtype.kind == "f":
        finite = np.isfinite(data)
        if not finite.any():
            raise LoadError("None of the image's values is a number", where=path.name)
        if not finite.all():
            least = float(data[finite].min())
            text = f"{np.count_nonzero(~finite)} voxels hold no number: they are shown as the least value, {least:g}"
            notes.append(ImageWarning("no_number", text))
            data = np.where(finite, data, least)
        whole = bool((data == np.round(data)).all()) and abs(data).max(initial=0) < 32768
        data = data.astype(np.int16 if whole else np.float32)
    elif data.dtype.itemsize > 2 or data.dtype == np.uint16:
        fits = int(data.min()) >= -32768 and int(data.max()) <= 32767  # type: ignore[call-overload]
        data = data.astype(np.int16 if fits else np.float32)
    k, j, i = data.shape[1:]
    return np.ascontiguousarray(data), Grid((k, j, i), found.affine), notes


def _holds_labels(data: NDArray[np.generic]) -> bool:
    """Few whole numbers from 0 on, most of them 0 or in large even patches."""
    if data.dtype.kind == "f" or int(data.min()) != 0 or int(data.max()) > 60_000:  # type: ignore[call-overload]
        return False
    values = np.unique(data[0])
    if len(values) > MOST_LABELS:
        return False
    same = float(np.mean(data[0][:, :, 1:] == data[0][:, :, :-1]))
    return same > 0.9


def _is_ct(data: NDArray[np.generic]) -> bool:
    """Whether values look like Hounsfield units: air and soft tissue where CT has them."""
    least, most = float(data.min()), float(data.max())  # type: ignore[arg-type]
    if not (LEAST_HU <= least <= AIR_HU[1] and most <= MOST_HU):
        return False
    values = np.asarray(data[0]).ravel()[:: max(1, data[0].size // 400_000)]
    air = float(np.mean((values > AIR_HU[0]) & (values < AIR_HU[1])))
    water = float(np.mean((values > -150) & (values < 150)))
    return air > LEAST_AIR and water > 0.02
