"""A study copied without its patient: the Basic Application Level Confidentiality Profile of DICOM PS3.15, Annex E.

Only copies are written; no byte of the originals changes. What it cannot do stands in the summary's warnings: it does
not find text burned into pictures, faces, or what a person wrote into a drawing.
"""

import secrets
import shutil
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID, ImplicitVRLittleEndian

from twinviewer.dicom.deidentify.object import Cleaner, Secret
from twinviewer.dicom.deidentify.pictures import burned_in, clear_spare_bits, shows_face
from twinviewer.dicom.deidentify.study import Study, summary_of
from twinviewer.dicom.deidentify.text import Leaks, identifying_words
from twinviewer.dicom.headers import NotDicomError, read_header
from twinviewer.dicom.write_ct import uid_from
from twinviewer.domain import (
    DEIDENTIFY_CHOICES,
    Cancelled,
    Deidentified,
    DeidentifyOptions,
    LoadError,
    Reporter,
    Series,
    StoreError,
    silent,
)

MAX_FILES = 200_000
_DOCUMENTS = "1.2.840.10008.5.1.4.1.1.104."
_RAW = "1.2.840.10008.5.1.4.1.1.66"
_STANDARD = "1.2.840.10008."
_OLD_AGE = 90


def unfinished(folder: Path) -> Path:
    """Where a copy lies while it is being made; the folder of its name is either whole or not there."""
    return folder.with_name(f".{folder.name}.partial")


def deidentify(
    what: Iterable[Series] | Iterable[str] | Path,
    folder: Path,
    options: DeidentifyOptions | None = None,
    report: Reporter = silent,
) -> Deidentified:
    """Copy series, files or a folder's files into an empty folder, without what identifies the patient.

    Files are named by hashes, in a folder for each study and series. What is no DICOM, damaged, a document, raw data or
    of a private kind is left out and named in the summary, and so are pictures that probably show text unless
    ``options.burned_in``. Raises LoadError where nothing could be copied, StoreError where the folder is not empty,
    lies among the originals or cannot be written, and Cancelled; in each of these cases nothing stays behind.
    """
    options = options or DeidentifyOptions()
    folder = Path(folder)
    paths = _paths(what)
    _refuse_folder(folder, paths)
    key = bytes.fromhex(options.key) if options.key else secrets.token_bytes(32)
    study = Study(Secret(key), options)
    partial = unfinished(folder)
    shutil.rmtree(partial, ignore_errors=True)  # of an export that was killed
    try:
        partial.mkdir(parents=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's quote values
            for number, path in enumerate(paths):
                report(number / len(paths), f"De-identifying, {number + 1} of {len(paths)}")
                _copy(path, partial, study)
        if not study.written:
            reason = study.left_out[0][1] if study.left_out else "there are no DICOM files"
            raise LoadError("Nothing could be de-identified", where=reason)
        if folder.exists():
            folder.rmdir()
        partial.rename(folder)
    except OSError as error:
        text = f"The copy could not be written: {error.strerror}"
        raise StoreError(text, where=folder.name, remedy="Check the folder and the free space") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    report(1.0, f"{len(study.written)} files written")
    return summary_of(folder, study)


def _paths(what: Iterable[Series] | Iterable[str] | Path) -> list[Path]:
    if isinstance(what, Path):
        if what.is_file():
            return [what]
        if not what.is_dir():
            raise LoadError("There is no such folder", where=what.name, remedy="Check the path")
        found = sorted(one for one in what.rglob("*") if one.is_file() and not one.is_symlink())
        if len(found) > MAX_FILES:
            raise LoadError(f"The folder holds more than {MAX_FILES} files", remedy="Choose one study's folder")
        return found
    names: list[str] = []
    for one in what:
        names += one.files if isinstance(one, Series) else [str(one)]
    return [Path(name) for name in dict.fromkeys(names)]


def _refuse_folder(folder: Path, paths: Sequence[Path]) -> None:
    """Originals and copies must not mix."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StoreError("The folder is not empty", where=folder.name, remedy="Choose an empty folder or a new one")
    target = folder.resolve()
    if any(target == parent for path in paths for parent in {path.resolve().parent}):
        raise StoreError("The originals lie in this folder", where=folder.name, remedy="Choose another folder")


def _copy(path: Path, folder: Path, study: Study) -> None:
    try:
        header = read_header(path)  # refuses what is damaged, cut short, or a bomb
        if header is None:
            study.left_out.append((path.name, "a DICOMDIR names patients and files; it is not copied"))
            return
        data = pydicom.dcmread(path, force=True)
        why = _refusal(data, study)
        if why:
            study.left_out.append((path.name, why))
            return
        _clean(data, study)
    except NotDicomError:
        study.foreign.append(path.name)
        return
    except LoadError as error:
        study.left_out.append((path.name, error.what))
        return
    except (OSError, Cancelled, MemoryError):
        raise
    except Exception as error:  # pydicom lets many types through
        study.left_out.append((path.name, f"it is damaged ({type(error).__name__})"))
        return
    _write(data, path, folder, study)


def _refusal(data: Dataset, study: Study) -> str:
    """Why an object is left out; "" if it is not."""
    sop_class = str(data.get("SOPClassUID", ""))
    if not sop_class or not data.get("SOPInstanceUID"):
        return "it does not say what it is"
    if sop_class.startswith(_DOCUMENTS):
        return "a document (PDF, CDA, STL …) cannot be cleaned"
    if sop_class == _RAW:
        return "raw data cannot be cleaned"
    if not sop_class.startswith(_STANDARD):
        return "an object of a private kind cannot be cleaned"
    text = burned_in(data)
    if text in ("shown", "likely"):
        study.seen[f"text {text}"] += 1
        if not study.options.burned_in:
            if text == "shown":
                return "it says that text is burned into the picture"
            return "pictures of this kind often show the patient's name"
    elif text == "unknown":
        study.seen["text unknown"] += 1
    study.seen["faces"] += shows_face(data)
    if data.get("ContentSequence") and "structured" not in study.options.keep:
        study.seen["emptied reports"] += 1
    age = str(data.get("PatientAge", ""))
    if "patient" in study.options.keep and age.endswith("Y") and age[:-1].isdigit() and int(age[:-1]) >= _OLD_AGE:
        study.seen["old"] += 1
    return ""


def _clean(data: Dataset, study: Study) -> None:
    keep = study.options.keep
    patient = (
        str(data.get("PatientID") or "") or str(data.get("PatientName") or "") or str(data.get("StudyInstanceUID"))
    )
    leaks = Leaks(identifying_words(data, keep))
    if clear_spare_bits(data):
        study.seen["drawn in spare bits"] += 1
    syntax = _syntax(data)
    methods = [str(one) for one in _several(data.get("DeidentificationMethod"))]
    Cleaner(study.secret, keep, study.tally, leaks, patient, study.pseudonym(patient)).clean(data)
    data.PatientIdentityRemoved = "YES"
    data.DeidentificationMethod = [*methods, "PS3.15 Basic Profile by Twinviewer", *_names(keep)]
    before = list(data.get("DeidentificationMethodCodeSequence") or [])
    data.DeidentificationMethodCodeSequence = Items([*before, *_codes(keep)])
    full, modified = "full_dates" in keep, "modified_dates" in keep
    data.LongitudinalTemporalInformationModified = "UNMODIFIED" if full else ("MODIFIED" if modified else "REMOVED")
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\0\1"
    meta.MediaStorageSOPClassUID = data.SOPClassUID
    meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = uid_from("Twinviewer", "implementation")
    meta.ImplementationVersionName = "TWINVIEWER"
    data.file_meta = meta
    data.preamble = b"\0" * 128


def _several(value: object) -> Iterable[object]:
    if not value:
        return ()
    return (value,) if isinstance(value, str) else value  # type: ignore[return-value]


def _syntax(data: Dataset) -> UID:
    syntax = getattr(data, "file_meta", {}).get("TransferSyntaxUID")
    return UID(str(syntax)) if syntax else ImplicitVRLittleEndian


def _names(keep: frozenset[str]) -> list[str]:
    return [DEIDENTIFY_CHOICES[name][1][:64] for name in DEIDENTIFY_CHOICES if name in keep]


def _codes(keep: frozenset[str]) -> list[Dataset]:
    """Context group 7050 of PS3.16."""
    chosen = [(code, said) for name, (code, said, _) in DEIDENTIFY_CHOICES.items() if name in keep]
    items = []
    for code, said in [("113100", "Basic Application Confidentiality Profile"), *chosen]:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, "DCM", said[:64]
        items.append(item)
    return items


def _write(data: Dataset, path: Path, folder: Path, study: Study) -> None:
    digits = study.secret.digits
    ids = [str(data.get(name, "")) for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")]
    if ids[2] in study.written:
        study.left_out.append((path.name, "the same object is there already"))
        return
    place = folder / digits("study", ids[0], length=8) / digits("series", ids[1], length=8)
    place.mkdir(parents=True, exist_ok=True)
    target = place / f"{digits('object', ids[2], length=16)}.dcm"
    unfinished = target.with_suffix(".part")
    try:
        data.save_as(unfinished, enforce_file_format=True)
    except (OSError, Cancelled, MemoryError):
        raise
    except Exception as error:  # a value that cannot be encoded again
        unfinished.unlink(missing_ok=True)
        study.left_out.append((path.name, f"it cannot be written again ({type(error).__name__})"))
        return
    unfinished.replace(target)
    study.written.add(ids[2])
