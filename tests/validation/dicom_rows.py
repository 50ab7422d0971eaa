"""One row for each file or series of a corpus: what Twinviewer makes of it, and whether others read the same."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pydicom

from tests.validation.dicom_truth import (
    WITHIN_MM,
    Agreement,
    Plane,
    against_pictures,
    against_volume,
    by_pydicom,
    by_simpleitk,
    uneven_mm,
)
from tests.validation.dicom_words import EXPLAINED, REFUSED_RIGHTLY
from twinviewer import dicom
from twinviewer.dicom.read_rtstruct import read_rtstruct
from twinviewer.dicom.read_seg import read_seg
from twinviewer.domain import CineStack, LoadError, Pictures, Series, Volume

Reader = Callable[[Path], list[Plane]]
READERS: tuple[tuple[str, Reader], ...] = (("SimpleITK", by_simpleitk), ("pydicom", by_pydicom))
STATES = ("right", "explained", "refused rightly", "no image", "wrong")


@dataclass(frozen=True)
class Row:
    """name: of file or series. what: modality and coding. answer: what opens, or why not. right: how it was checked.
    state: one of STATES."""

    name: str
    what: str
    answer: str
    right: str
    state: str

    def line(self) -> str:
        """As a line of the table."""
        cells = (self.name, self.what, self.answer, self.right)
        return "| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |"


def rows(root: Path, single: tuple[str, ...]) -> Iterator[Row]:
    """Every file under ``root``: alone in the folders ``single`` (relative names), as series in the others."""
    folders = sorted({path.parent for path in root.rglob("*") if path.is_file()})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for folder in folders:
            name = folder.relative_to(root).as_posix()
            if name in single:
                for path in sorted(one for one in folder.iterdir() if one.is_file()):
                    yield from _of(path, path.relative_to(root).as_posix())
            else:
                yield from _of(folder, name)


def _of(where: Path, name: str) -> Iterator[Row]:
    try:
        found = dicom.scan(where)
    except LoadError as error:
        yield _refused(name, "", str(error), "")
        return
    own = [one for one in found if all(Path(file).parent == where or Path(file) == where for file in one.files)]
    if where.is_file() and not own:  # a DICOMDIR: its files have rows of their own
        kinds = sum(one.kind not in ("not_image", "unreadable") for one in found)
        yield Row(name, "directory", f"{kinds} series of images by its list", "its files below", "right")
        return
    for number, series in enumerate(own):
        label = name if len(own) == 1 else f"{name} ({number + 1})"
        yield _row(series, label)


def _refused(name: str, what: str, reason: str, key: str) -> Row:
    rightly = REFUSED_RIGHTLY.get(name.rsplit(" (", 1)[0]) or REFUSED_RIGHTLY.get(key, "")
    reason = reason.split(" Ask for")[0].split(". Export")[0].split(". It was")[0].rstrip(".")
    return Row(name, what, f"refused: {reason}", rightly or "**why?**", "refused rightly" if rightly else "wrong")


def _row(series: Series, name: str) -> Row:
    if series.kind == "unreadable":
        texts = "; ".join(warning.text for warning in series.warnings)
        return _refused(name, "", texts, "not DICOM" if "not DICOM" in texts else "")
    what = _what(series)
    if series.kind == "not_image":
        return Row(name, what, _other(series), "", "no image")
    notes = [w.text for w in series.warnings if w.code not in ("no_contrast_tag", "mixed_patients", "few_slices")]
    try:
        image: Volume | CineStack | Pictures
        image = dicom.read_pictures(series) if series.extra.get("opens_as") == "pictures" else dicom.read(series)
    except LoadError as error:
        return _refused(name, what, str(error), "")
    answer = "; ".join([_answer(image), *notes])
    state, right = _checked(series, image, name.rsplit(" (", 1)[0])
    return Row(name, what, answer, right, state)


def _what(series: Series) -> str:
    syntax = series.extra.get("transfer_syntax", "")
    coding = pydicom.uid.UID(syntax).name.split("(")[0].replace("Image Compression", "").strip() if syntax else ""
    coding = coding.split(",")[0].replace("Explicit VR ", "explicit ").replace("Implicit VR ", "implicit ")
    return f"{series.modality or 'no modality'}, {coding}"


def _answer(image: Volume | CineStack | Pictures) -> str:
    if isinstance(image, Volume):
        t, k, j, i = image.data.shape
        size = f"{i} × {j} × {k}" + (f" × {t} phases" if t > 1 else "")
        return f"volume {size}" + (f", {image.unit}" if image.unit else "")
    if isinstance(image, CineStack):
        return f"cine, {len(image.planes)} planes × {image.phases}"
    first = image.frames[0]
    count = "picture" if len(image.frames) == 1 else f"{len(image.frames)} pictures"
    return f"{count} {first.pixels.shape[1]} × {first.pixels.shape[0]}{', in colour' if first.in_colour else ''}"


def _other(series: Series) -> str:
    path = Path(series.files[0])
    try:
        if series.modality == "SEG":
            return f"segments ({len(read_seg(path).names)})"
        if series.modality == "RTSTRUCT":
            return f"contours ({len(read_rtstruct(path).regions)} regions)"
        if dicom.is_ecg(path):
            ecg = dicom.read_ecg(path)
            return f"ECG ({len(ecg.leads)} leads)" if hasattr(ecg, "leads") else "ECG"
    except LoadError as error:
        return f"{series.modality}, listed, not opened: {error.what}"
    return f"{series.modality or 'object'}, listed: no image"


def _checked(series: Series, image: Volume | CineStack | Pictures, key: str) -> tuple[str, str]:
    """(state, sentence) on whether others read the same."""
    answers = {reader: _agreement(series, image, of) for reader, of in READERS}
    why = EXPLAINED.get(key, "")
    for reader, found in answers.items():
        if found is not None and found.whole:
            said = ("voxels and places" if found.off_mm == found.off_mm else "voxels") + f" as {reader}"
            if found.off_mm > WITHIN_MM:
                said += f", but for {found.off_mm:.1g} mm by which the headers' own places are uneven"
            if reader != "SimpleITK":
                why = why or _why_not_simpleitk(answers["SimpleITK"], series, image)
                return "right" if why else "wrong", f"{said}; {why or '**and not as SimpleITK**'}"
            return "right", said
    known = [(found.values, reader, found) for reader, found in answers.items() if found is not None]
    if not known:
        return ("explained", why) if why else ("wrong", "**no other program read it**")
    _, reader, found = max(known, key=lambda one: one[:2])
    said = f"{found.values} of {found.planes + found.spare} planes equal {reader}'s"
    if found.values < found.planes:
        said += f", others within {found.near:.3g}"
    if found.off_mm > WITHIN_MM:
        said += f", places {found.off_mm:.1g} mm off"
    return ("explained", f"{said}: {why}") if why else ("wrong", f"**{said}**")


def _why_not_simpleitk(found: Agreement | None, series: Series, image: Volume | CineStack | Pictures) -> str:
    """What SimpleITK does otherwise where pydicom's formulas and decoders agree with ours."""
    if found is None:
        return "SimpleITK does not read it"
    if found.planes and found.values == found.planes and not found.spare:
        return f"SimpleITK makes the header's rounded cosines unit and square: {found.off_mm:.1g} mm off"
    if isinstance(image, Pictures) and image.frames[0].inverted:
        return "SimpleITK turns the values of MONOCHROME1 about, here only what is shown is turned"
    if series.modality == "RTDOSE":
        return "SimpleITK leaves out the dose grid scaling"
    return ""


def _agreement(series: Series, image: Volume | CineStack | Pictures, reader: Reader) -> Agreement | None:
    """None where the other program does not read the files."""
    planes: list[list[Plane]] = []
    files = sorted(series.files, key=_order) if isinstance(image, Pictures) else list(series.files)
    for file in files:
        try:
            planes.append(reader(Path(file)))
        except Exception:  # whatever another program raises on what it cannot read
            return None
    flat = [plane for some in planes for plane in some]
    if isinstance(image, Volume):
        found = against_volume(image, flat)
        return replace(found, uneven_mm=uneven_mm(flat, image.grid.spacing_mm[2]))
    return against_pictures(image, flat) if isinstance(image, Pictures) else None


_ORDER: list[str | int | tuple[int, int]] = ["InstanceNumber", "SOPInstanceUID"]


def _order(file: str) -> tuple[int, str, str]:
    data = pydicom.dcmread(
        file, stop_before_pixels=True, force=True, specific_tags=["InstanceNumber", "SOPInstanceUID"]
    )
    try:
        number = int(data.get("InstanceNumber", 0) or 0)
    except (TypeError, ValueError):
        number = 0
    return number, str(data.get("SOPInstanceUID", "")), file
