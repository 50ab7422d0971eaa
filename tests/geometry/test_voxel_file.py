"""NIfTI, NRRD and MetaImage from anywhere: the place is ITK's, and what is odd or broken says so."""

import contextlib
import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from twinviewer.domain import LoadError
from twinviewer.geometry.read_image import read_image, scan_images
from twinviewer.geometry.read_mask import read_mask
from twinviewer.geometry.voxel_file import read_voxels

BIG = 1 << 30
SPACING = np.array([0.8, 0.9, 3.0])


def turned(flip: bool = False) -> np.ndarray:
    """A rotation about two axes, with the first axis turned over where it is told."""
    a, b = 0.3, -0.2
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    return about_z @ about_x @ np.diag([-1.0 if flip else 1.0, 1.0, 1.0])


def picture(kind: str = "int16") -> np.ndarray:
    return np.random.default_rng(1).integers(0, 120, (6, 10, 12)).astype(kind)


def by_itk(path: Path, data: np.ndarray, direction: np.ndarray) -> Path:
    image = sitk.GetImageFromArray(data)
    image.SetSpacing(SPACING.tolist())
    image.SetOrigin((-30.1, 22.2, 11.3))
    image.SetDirection(direction.ravel().tolist())
    sitk.WriteImage(image, str(path))
    return path


def header(path: Path, **change: tuple[str, int, object]) -> bytes:
    """The bytes of a NIfTI-1 file with some fields (struct format, offset, values) written anew."""
    raw = bytearray(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())
    for kind, at, values in change.values():
        struct.pack_into(f"<{kind}", raw, at, *(values if isinstance(values, tuple) else (values,)))
    return bytes(raw)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd"])
@pytest.mark.parametrize("kind", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_voxels_and_place_are_those_of_itk(tmp_path: Path, suffix: str, kind: str, flip: bool) -> None:
    path = by_itk(tmp_path / f"x{suffix}", picture(kind), turned(flip))
    found, other = read_voxels(path, BIG), sitk.ReadImage(str(path))
    assert np.array_equal(found.data[0], sitk.GetArrayFromImage(other))
    own = np.array(other.GetDirection()).reshape(3, 3) * other.GetSpacing()
    assert np.allclose(found.affine[:3, :3], own, atol=1e-6)
    assert np.allclose(found.affine[:3, 3], other.GetOrigin(), atol=1e-5)  # NIfTI keeps float32: 30.1 has 2e-6
    assert found.placed and not found.notes


def test_the_scanners_own_place_goes_first_and_two_places_are_told(tmp_path: Path) -> None:
    """As ITK decides it, of all pairs of codes; where the two differ it is said by how much."""
    path = by_itk(tmp_path / "x.nii", picture(), np.eye(3))
    for scode in range(4):
        for qcode in range(4):
            if not scode and not qcode:
                continue
            moved = header(path, q=("h", 252, qcode), s=("h", 254, scode), x=("f", 268, 80.1))
            (tmp_path / "y.nii").write_bytes(moved)
            found = read_voxels(tmp_path / "y.nii", BIG)
            by_sform = scode == 1 or (scode > 0 and qcode != 1)
            assert found.affine[0, 3] == pytest.approx(-30.1 if by_sform else -80.1, abs=1e-4)
            assert bool(found.notes) == bool(scode and qcode)
            if found.notes:
                assert "50 mm apart" in found.notes[0] and ("sform" in found.notes[0]) == by_sform
            if scode == 1 or not scode or not qcode or (scode, qcode) == (2, 1):
                assert sitk.ReadImage(str(tmp_path / "y.nii")).GetOrigin()[0] == pytest.approx(found.affine[0, 3])


def test_a_file_without_a_place_says_so(tmp_path: Path) -> None:
    path = by_itk(tmp_path / "x.nii", picture(), np.eye(3))
    (tmp_path / "y.nii").write_bytes(header(path, q=("h", 252, 0), s=("h", 254, 0)))
    (one,) = scan_images(tmp_path / "y.nii")
    assert "no_position" in [w.code for w in one.warnings]
    assert np.allclose(read_image(one).grid.affine, np.diag([-0.8, -0.9, 3.0, 1.0]))


def test_scaling_units_and_the_second_version(tmp_path: Path) -> None:
    """slope and intercept; micrometres; and NIfTI-2, which ITK does not read."""
    path = by_itk(tmp_path / "x.nii", picture(), turned())
    scaled = header(path, s=("2f", 112, (2.5, -100.0)), u=("B", 123, 3))
    (tmp_path / "y.nii").write_bytes(scaled)
    found, plain = read_voxels(tmp_path / "y.nii", BIG), read_voxels(path, BIG)
    assert np.array_equal(found.data, plain.data * np.float32(2.5) - 100) and found.data.dtype == np.float32
    assert np.allclose(found.affine[:3], plain.affine[:3] / 1000.0)
    second = bytearray(544)
    struct.pack_into("<i8shh8q", second, 0, 540, b"n+2\0\r\n\x1a\n", 4, 16, 3, 12, 10, 6, 1, 1, 1, 1)
    struct.pack_into("<8d", second, 104, 1, *SPACING, 0, 0, 0, 0)
    struct.pack_into("<q2d", second, 168, 544, 0, 0)
    rows = np.diag([-1.0, -1, 1, 1]) @ plain.affine
    struct.pack_into("<2i6d12d", second, 344, 0, 1, *[0.0] * 6, *rows[:3].ravel())
    (tmp_path / "z.nii.gz").write_bytes(gzip.compress(bytes(second) + picture().tobytes()))
    other = read_voxels(tmp_path / "z.nii.gz", BIG)
    assert np.array_equal(other.data, plain.data) and np.allclose(other.affine, plain.affine, atol=1e-12)


def test_a_plane_and_phases(tmp_path: Path) -> None:
    """Two axes are one slice. Of several values a voxel an NRRD's own word says that they are phases."""
    sitk.WriteImage(sitk.GetImageFromArray(picture()[0]), str(tmp_path / "plane.nii.gz"))
    (one,) = scan_images(tmp_path / "plane.nii.gz")
    assert one.kind == "planar" and np.array_equal(read_image(one).data[0, 0], picture()[0])
    frames = np.stack([picture() + t for t in range(3)])
    for axes, body in (("(0.8,0,0) (0,0.9,0) (0,0,3) none", frames), ("none (0.8,0,0) (0,0.9,0) (0,0,3)", None)):
        last = body is not None
        sizes, kinds = (
            ("12 10 6 3", "domain domain domain list") if last else ("3 12 10 6", "list domain domain domain")
        )
        said = (
            f"NRRD0005\ntype: int16\ndimension: 4\nspace: left-posterior-superior\nsizes: {sizes}\nkinds: {kinds}\n"
            f"space directions: {axes}\nspace origin: (1,2,3)\nendian: little\nencoding: raw\n\n"
        )
        stored = frames if last else np.moveaxis(frames, 0, -1)
        (tmp_path / "t.nrrd").write_bytes(said.encode() + stored.tobytes())
        (one,) = scan_images(tmp_path / "t.nrrd")
        assert one.phases == 3 and np.array_equal(read_image(one).data, frames)
        assert np.allclose(read_image(one).grid.affine[:3, 3], [1, 2, 3])


def test_values_that_are_no_numbers_are_told(tmp_path: Path) -> None:
    data = picture("float32") - 50.5
    data[0, 0, :5] = np.nan
    (one,) = scan_images(by_itk(tmp_path / "x.nii", data, np.eye(3)))
    said = next(w.text for w in one.warnings if w.code == "no_number")
    assert said.startswith("5 voxels") and read_image(one).data[0, 0, 0, :5] == pytest.approx(np.nanmin(data))


def test_what_is_broken_or_odd_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = by_itk(tmp_path / "x.nii", picture(), turned())
    raw = path.read_bytes()
    sheared = np.diag([-1.0, -1, 1, 1]) @ read_voxels(path, BIG).affine
    sheared[:3, 0] += [0.0, 0.2, 0.1]
    cases = {
        "cut.nii": (raw[:-100], "1340 of 1440 bytes"),
        "cut.nii.gz": (gzip.compress(raw)[:-200], "cannot be unpacked"),
        "crc.nii.gz": (b"\x1f\x8b" + bytes(400), "damaged"),
        "empty.nii": (b"", "no NIfTI"),
        "text.nii.gz": (b"hello", "no NIfTI"),
        "huge.nii": (header(path, d=("4h", 40, (3, 32000, 32000, 32000))), "too large"),
        "minus.nii": (header(path, d=("2h", 40, (3, -5))), "cannot be true"),
        "colour.nii": (header(path, t=("h", 70, 128)), "colours"),
        "complex.nii": (header(path, t=("h", 70, 32)), "complex numbers"),
        "apart.nii": (header(path, o=("f", 108, 0.0)), "another file"),
        "sheared.nii": (header(path, s=("h", 254, 1), r=("12f", 280, tuple(sheared[:3].ravel()))), "right angles"),
        "nowhere.nii": (header(path, s=("h", 254, 1), r=("12f", 280, (np.nan,) * 12)), "nothing sound"),
        "cut.nrrd": (by_itk(tmp_path / "y.nrrd", picture(), np.eye(3)).read_bytes()[:300], "cut off"),
        "elsewhere.nhdr": (b"NRRD0005\ntype: uint8\ndimension: 3\nsizes: 4 4 4\nencoding: raw\n"
                           b"data file: /etc/passwd\n", "does not lie beside it"),
        "above.mhd": (b"ObjectType = Image\nNDims = 3\nDimSize = 8 8 8\nElementType = MET_UCHAR\n"
                      b"ElementDataFile = ../x.raw\n", "does not lie beside it"),
        "listed.mhd": (b"ObjectType = Image\nNDims = 3\nDimSize = 8 8 2\nElementType = MET_UCHAR\n"
                       b"ElementDataFile = LIST\na.raw\n/etc/hosts\n", "does not lie beside it"),
    }  # fmt: skip
    for name, (content, why) in cases.items():
        (tmp_path / name).write_bytes(content)
        for read in (read_mask, lambda at: read_image(scan_images(at)[0])):
            with pytest.raises(LoadError, match=why) as refused:
                read(tmp_path / name)
            assert str(refused.value).count(name) == 1


def test_mutants_of_every_format_are_read_or_refused(tmp_path: Path) -> None:
    """Bytes turned over, headers first: only LoadError comes out, and nothing is read from beyond the file."""
    rng = np.random.default_rng(7)
    labels = (picture() > 60).astype(np.uint8)
    for suffix in (".nii", ".nii.gz", ".nrrd", ".mha"):
        raw = by_itk(tmp_path / f"seed{suffix}", labels, turned()).read_bytes()
        for number in range(150):
            mutant = bytearray(raw)
            for at in rng.integers(0, min(len(raw), 400), rng.integers(1, 9)):
                mutant[at] = rng.integers(0, 256)
            target = tmp_path / f"m{suffix}"
            target.write_bytes(bytes(mutant[: rng.integers(1, len(raw) + 1)] if number % 3 == 0 else mutant))
            with contextlib.suppress(LoadError):
                read_mask(target)
