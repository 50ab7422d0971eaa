"""One door to NIfTI, NRRD and MetaImage, for images and masks alike: voxels, where they lie (LPS mm), what is odd.

NRRD and MetaImage are read by ITK, once their headers have been looked at: a header may name its voxels' file, and
nothing but a file beside it is opened; and it may say whether a fourth axis is time, or layers, or colour.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import LoadError
from twinviewer.domain.reading import reading
from twinviewer.geometry.metaimage import check_metaimage
from twinviewer.geometry.nifti import read_nifti

NIFTI = (".nii", ".nii.gz")
SUFFIXES = (*NIFTI, ".nrrd", ".nhdr", ".mha", ".mhd")
_TIMES = frozenset({"time", "list", "none", "???"})
"""Kinds of an NRRD's axis that may hold phases; "list" may hold layers of a segmentation just as well."""
_HEADER_BYTES = 1 << 20
LEAST_EDGE_MM, MOST_EDGE_MM, FARTHEST_MM = 1e-4, 1e3, 1e6
_OFF_SQUARE_MM = 0.1
"""How far a corner may move when axes that are nearly at right angles are put right."""


@dataclass(frozen=True, slots=True, eq=False)
class Voxels:
    """data: (t, k, j, i), or (t, k, j, i, c) with several values a voxel. affine: (i, j, k, 1) -> LPS mm. header: keys
    and texts of the file. axis: what an NRRD calls the axis of several values ("list", "time", "RGB-color"), else "".
    placed: whether the file says how it lies in the patient. notes: what a reader must know of its place."""

    data: NDArray[np.generic]
    affine: NDArray[np.float64]
    header: Mapping[str, str] = field(default_factory=dict)
    axis: str = ""
    placed: bool = True
    notes: tuple[str, ...] = ()

    @property
    def parts(self) -> int:
        """Values a voxel."""
        return int(self.data.shape[4]) if self.data.ndim == 5 else 1


def read_voxels(path: Path, most_bytes: int) -> Voxels:
    """Read a file of at most so many bytes of voxels. LoadError, saying why."""
    if not path.is_file():
        raise LoadError("There is no such file", where=path.name, remedy="Check the path")
    try:
        with reading(path.name, min(20 * path.stat().st_size, most_bytes)):
            found = _by_kind(path, most_bytes)
    except LoadError:
        raise
    except Exception as error:  # whatever numpy, gzip and ITK say of a broken file
        raise LoadError("The file cannot be read: it is damaged", where=path.name) from error
    return Voxels(found.data, _squared(found, path.name), found.header, found.axis, found.placed, found.notes)


def _by_kind(path: Path, most_bytes: int) -> Voxels:
    if path.name.lower().endswith(NIFTI):
        data, head = read_nifti(path, most_bytes)
        return Voxels(data, head.affine, placed=head.placed, notes=head.notes)
    return _by_itk(path, most_bytes)


def _by_itk(path: Path, most_bytes: int) -> Voxels:
    import SimpleITK as sitk

    said = _look(path)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    # named, or ITK asks all of its readers whether they know the content
    reader.SetImageIO("MetaImageIO" if path.suffix.lower() in (".mha", ".mhd") else "NrrdImageIO")
    try:
        reader.ReadImageInformation()
        size, parts = reader.GetSize(), reader.GetNumberOfComponents()
        if 0 in size:
            raise LoadError(f"The file claims {' × '.join(map(str, size))} voxels", where=path.name)
        if not 2 <= len(size) <= 4:
            raise LoadError(f"An image has two to four axes; this file has {len(size)}", where=path.name)
        if float(np.prod(size, dtype=np.float64)) * parts > most_bytes:
            raise LoadError(f"The file claims {' × '.join(map(str, size))} voxels: too large", where=path.name)
        image = reader.Execute()
    except RuntimeError as error:
        raise LoadError("The file is cut off or damaged", where=path.name, remedy="Copy or export it again") from error
    data = sitk.GetArrayFromImage(image)
    dimension = image.GetDimension()
    data = data.reshape((1,) * (4 - dimension) + data.shape)
    affine = np.eye(4)
    turn, edges = np.eye(3), np.ones(3)
    n = min(dimension, 3)
    turn[:n, :n] = np.array(image.GetDirection()).reshape(dimension, dimension)[:n, :n]
    edges[:n] = image.GetSpacing()[:n]
    affine[:3, :3] = turn * edges
    affine[:n, 3] = image.GetOrigin()[:n]
    header = {key: image.GetMetaData(key) for key in image.GetMetaDataKeys() if key.isascii()}
    placed = said.get("space", "LPS") != ""
    notes = () if placed else ("The file does not say how it lies in the patient: its axes are taken to run to the "
                               "left, back and top",)  # fmt: skip
    return Voxels(data, affine, header, said.get("axis", "") if data.ndim == 5 else "", placed, notes)


def _look(path: Path) -> dict[str, str]:
    """Of an NRRD: "space", and the kind of its "axis" of several values. LoadError where a header of either format
    names a file that does not lie beside it."""
    with path.open("rb") as handle:
        start = handle.read(_HEADER_BYTES)
    text = start.split(b"\n\n")[0].split(b"\r\n\r\n")[0].decode("latin-1")
    if path.suffix.lower() in (".mha", ".mhd"):
        check_metaimage(start, path)
        if found := re.search(r"(?im)^\s*ElementDataFile\s*=\s*(.*)$", start.decode("latin-1")):
            listed = start[: start.find(b"\0")].decode("latin-1").split(found[0])[-1].splitlines()
            for name in [found[1], *(listed if found[1].strip().upper().startswith("LIST") else [])]:
                _beside(path, name)
        return {}
    if not start.startswith(b"NRRD"):
        raise LoadError("The file is no NRRD, or it is cut off", where=path.name)
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if found := re.match(r"(?i)data ?file:\s*(.*)$", line):
            names = lines[number + 1 :] if found[1].strip().upper().startswith("LIST") else [found[1].split(" ")[0]]
            for name in names:
                _beside(path, name)
    fields: dict[str, str] = dict(re.findall(r"(?m)^([a-z ]+): (.*?)\s*$", text))
    kinds = [kind for kind in fields.get("kinds", "").split() if kind not in ("domain", "space")]
    return {"space": fields.get("space", fields.get("space dimension", "")), "axis": kinds[0] if kinds else ""}


def _beside(path: Path, name: str) -> None:
    name = name.strip()
    if name.upper() in ("LOCAL", "") or name.upper().startswith("LIST"):
        return
    if "%" in name:  # for ITK's readers a pattern of printf, followed whatever it says
        raise LoadError("Voxels in numbered files are not read", where=path.name, remedy="Export the image as one file")
    if re.search(r"[/\\]|^\.\.", name) or (path.parent / name).is_symlink():
        raise LoadError(
            "The header names a file of voxels that does not lie beside it, which is not opened", where=path.name,
            remedy="Export the image as one file",
        )  # fmt: skip


def as_phases(found: Voxels) -> NDArray[np.generic] | None:
    """(t, k, j, i) where the file's several values a voxel are phases by its own word; None where they are not."""
    if found.data.ndim == 4:
        return found.data
    if found.data.shape[0] == 1 and found.axis in _TIMES:
        return np.moveaxis(found.data[0], -1, 0)
    return None


def _squared(found: Voxels, where: str) -> NDArray[np.float64]:
    """The affine with axes at right angles. LoadError where they are far from it, or nothing sound is said."""
    affine = found.affine
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise LoadError("The file says nothing sound of where it lies", where=where)
    edges = np.linalg.norm(affine[:3, :3], axis=0)
    if edges.max() > MOST_EDGE_MM or edges.min() < LEAST_EDGE_MM or np.abs(affine[:3, 3]).max() > FARTHEST_MM:
        size = " × ".join(f"{edge:.3g}" for edge in edges)
        raise LoadError(f"Voxels of {size} mm cannot be a patient's", where=where)
    u, _, v = np.linalg.svd(affine[:3, :3] / edges)
    straight = (u @ v) * edges
    off = np.abs(straight - affine[:3, :3]) @ np.array(found.data.shape[1:4][::-1], dtype=np.float64)
    if float(np.linalg.norm(off)) > _OFF_SQUARE_MM:
        cosines = (affine[:3, :3] / edges).T @ (affine[:3, :3] / edges)
        worst = float(np.degrees(np.arccos(np.clip(np.abs(np.triu(cosines, 1)).max(), 0.0, 1.0))))
        raise LoadError(
            f"The file's axes are not at right angles: two are {worst:.1f}° apart", where=where,
            remedy="Resample it onto a rectangular grid first",
        )  # fmt: skip
    if float(np.linalg.norm(off)) < 1e-4:  # rounding of the file: its own numbers stand
        return affine
    out = affine.copy()
    out[:3, :3] = straight
    return out
