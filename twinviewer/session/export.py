"""What a case gives to other programs: its labels and its model, in the format that a file's name asks for."""

from pathlib import Path

from twinviewer.domain import LabelMap, Reporter, Series, StoreError, silent
from twinviewer.session import catalog
from twinviewer.session.case import Case

LABEL_SUFFIXES = (".nii.gz", ".nii", ".nrrd")
NO_LABELS = "The case has no labels to export"
_FIRST = "Find the structures first"


def colours_of(organ: str) -> dict[str, str]:
    """Structure or surface -> "#RRGGBB"."""
    found = catalog.organs().get(organ)
    return {} if found is None else {name: style.colour for name, style in found.styles.items()}


def write_labels(case: Case, path: Path) -> Path:
    """NIfTI, or NRRD as 3D Slicer keeps segmentations (``.seg.nrrd``), by suffix; returns the (first) file. StoreError
    without labels or for another suffix."""
    from twinviewer import geometry

    labels = _labels(case)
    name = path.name.lower()
    if name.endswith(".nrrd"):
        titles = {key: style.label for key, style in catalog.organ(case.organ).styles.items()}
        return geometry.write_nrrd(path, labels, colours_of(case.organ), titles)
    if not name.endswith(LABEL_SUFFIXES):
        raise StoreError(f"Labels are not written as {path.suffix}", remedy=f"Use {', '.join(LABEL_SUFFIXES)}")
    geometry.write_nifti(path, labels)
    return path


def write_seg(case: Case, path: Path, report: Reporter = silent) -> Path:
    """DICOM SEG. StoreError without labels or the series that they lie on, LoadError where that cannot carry them."""
    from twinviewer import dicom

    return dicom.write_seg(path, _labels(case), _series(case), catalog.organ(case.organ).styles, report)


def write_rtstruct(case: Case, path: Path, report: Reporter = silent) -> Path:
    """DICOM RT structure set of the labels, or of the contours of a cine study. Errors as of :func:`write_seg`."""
    from twinviewer.dicom.write_rtstruct import write_rtstruct as write

    if case.labels is None and case.contours is not None:
        from twinviewer.dicom.write_cine_contours import write_cine_contours

        styles = catalog.organ(case.organ).styles
        return write_cine_contours(path, case.contours, _series(case), styles, report)
    return write(path, _labels(case), _series(case), catalog.organ(case.organ).styles, report)


def write_mesh(case: Case, path: Path, report: Reporter = silent) -> list[Path]:
    """The model's tetrahedra with their fields for .vtu, its closed surfaces for any other suffix; of a case without a
    model the closed surfaces of its labels. Returns the files. StoreError, MeshError."""
    from twinviewer import geometry

    colours = colours_of(case.organ)
    if case.mesh is None:
        if case.labels is None:
            raise StoreError("The case has no model and no labels to export", remedy=_FIRST)
        if path.suffix.lower() == ".vtu":
            raise StoreError("The case has no model to export", remedy="Build it first, or export surfaces")
        from twinviewer.geometry.label_surfaces import label_surfaces

        return geometry.write_parts(path, label_surfaces(case.labels, 0, report), colours)
    if path.suffix.lower() == ".vtu":
        geometry.write_tets(path, case.mesh)
        return [path]
    return geometry.write_surfaces(path, case.mesh, geometry.closed_surfaces(case.mesh), colours)


def write_label_surfaces(case: Case, path: Path, report: Reporter = silent) -> list[Path]:
    """Closed surfaces of the labels, also where there is a model. Returns the files. StoreError, MeshError."""
    from twinviewer import geometry
    from twinviewer.geometry.label_surfaces import label_surfaces

    return geometry.write_parts(path, label_surfaces(_labels(case), 0, report), colours_of(case.organ))


def write_structures(case: Case, path: Path) -> list[Path]:
    """A case (.twin), labels (.nii.gz, .nii, .nrrd; .dcm as DICOM SEG) or surfaces of them, by suffix."""
    from twinviewer.geometry.write_parts import SURFACE_FORMATS
    from twinviewer.session import store

    name = path.name.lower()
    if name.endswith(".twin"):
        return [store.save(case, path)]
    if name.endswith(".dcm"):
        return [write_seg(case, path)]
    if name.endswith(SURFACE_FORMATS):
        return write_label_surfaces(case, path)
    return [write_labels(case, path)]


def structure_lines(case: Case) -> dict[str, float]:
    """Structure -> mL in the first phase."""
    if case.labels is None:
        return {}
    return {name: round(case.labels.volume_ml(name), 3) for _, name in sorted(case.labels.names.items())}


def _labels(case: Case) -> LabelMap:
    if case.labels is None and case.contours is not None:
        raise StoreError("A cine study has contours, not labels", remedy="Export them as RT structure set")
    if case.labels is None:
        raise StoreError(NO_LABELS, remedy=_FIRST)
    return case.labels


def _series(case: Case) -> Series:
    if case.active_series is None:
        raise StoreError(
            "DICOM labels belong to a series of images, and this case has none", remedy="Export NIfTI or NRRD"
        )
    return case.active_series
