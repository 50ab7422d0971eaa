"""Real scans: what they are, read against independent readers and published meshes."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
import pyvista as pv
import SimpleITK as sitk
from scipy.ndimage import map_coordinates

from twinviewer import dicom
from twinviewer.domain import CineStack, LoadError, Volume


@pytest.mark.parametrize(
    ("folder", "slices", "spacing"),
    [
        ("cta_heart_totalseg/dicom_wrapped_heart_crop", 112, (1.5, 1.5, 1.5)),
        ("chest_ct_lidc0314/dicom", 90, (0.78125, 0.78125, 1.0)),
        ("abdomen_ct_siemens_j2k/dicom", 20, (0.9765625, 0.9765625, 2.0)),
    ],
)
def test_ct_against_simpleitk(data_dir: Path, folder: str, slices: int, spacing: tuple[float, ...]) -> None:
    """Voxels and geometry against ITK, slice by slice (its series reader is not trusted with odd series)."""
    (series,) = dicom.scan(data_dir / folder)
    assert (series.kind, series.slices) == ("ct_volume", slices)
    volume = dicom.read(series)
    assert isinstance(volume, Volume) and volume.data.dtype == np.int16 and not volume.data.flags.writeable
    assert volume.grid.spacing_mm == pytest.approx(spacing, abs=1e-5)
    assert np.linalg.det(volume.grid.affine[:3, :3]) > 0
    for name in series.files[:: max(1, slices // 6)]:
        if "j2k" in folder:
            data = pydicom.dcmread(name)
            data.pixel_array_options(decoding_plugin="pillow")  # another decoder than ours
            place = np.array(data.ImagePositionPatient, float)
            expected = data.pixel_array.astype(float) * data.RescaleSlope + data.RescaleIntercept
        else:
            image = sitk.ReadImage(name)
            place, expected = np.array(image.GetOrigin()), sitk.GetArrayFromImage(image)[0]
        i, j, k = volume.grid.to_ijk(place[None])[0]
        assert abs(i) < 1e-4 and abs(j) < 1e-4 and abs(k - round(k)) < 1e-4
        assert np.array_equal(volume.data[0, round(k)], expected)


def test_affine_to_a_millionth_of_a_millimetre(data_dir: Path) -> None:
    (series,) = dicom.scan(data_dir / "chest_ct_lidc0314" / "dicom")
    volume = dicom.read(series)
    assert isinstance(volume, Volume)
    places = np.array([pydicom.dcmread(f, stop_before_pixels=True).ImagePositionPatient for f in series.files], float)
    places = places[np.argsort(places[:, 2])]
    steps = np.arange(len(places))[:, None] * [[0, 0, 1]]
    assert np.abs(volume.grid.to_mm(steps) - places).max() < 1e-6


def test_cine_is_one_study_of_eleven_planes(data_dir: Path) -> None:
    (series,) = dicom.scan(data_dir / "cine_cmr_bivme_patient1" / "dicom")
    assert (series.kind, series.slices, series.phases, series.warnings) == ("mr_cine", 11, 25, ())
    assert series.spacing_mm == pytest.approx((1.40625, 1.40625, 17.7), abs=0.01)
    stack = dicom.read(series)
    assert isinstance(stack, CineStack)
    labels = [plane.label for plane in stack.planes]
    assert labels == [*(f"SAX {n}" for n in range(1, 7)), "4CH 1", "4CH 2", "2CH 1", "2CH 2", "RVOT"]
    beats = sorted(plane.rr_s for plane in stack.planes if plane.rr_s is not None)
    assert len(beats) == 11 and beats[0] == pytest.approx(0.776) and beats[-1] == pytest.approx(0.975)
    for plane in stack.planes:
        assert plane.rr_s is not None and plane.frames.shape[0] == 25 and plane.thickness_mm == 6
        # retrospective gating spreads the phases evenly over this plane's own beat
        assert plane.trigger_s / plane.rr_s == pytest.approx(np.arange(25) / 25, abs=0.002)


def test_cine_lies_where_the_published_mesh_lies(data_dir: Path) -> None:
    """Blood is bright and muscle dark in this sequence: sampled through our affines at the published surfaces."""
    folder = data_dir / "cine_cmr_bivme_patient1"
    (series,) = dicom.scan(folder / "dicom")
    stack = dicom.read(series)
    assert isinstance(stack, CineStack)
    inner, outer = (
        np.asarray(pv.read(folder / "fitted_mesh_vtk" / f"patient1_{name}_000.vtk").points)
        for name in ("LV_ENDOCARDIAL", "EPICARDIAL")
    )
    centre = inner.mean(axis=0)
    nearest = outer[np.argmin(np.linalg.norm(inner[:, None] - outer[None], axis=2), axis=1)]
    contrast = []
    for plane in stack.planes[1:5]:  # mid short axes; the ends cut outflow and apex
        to_plane = np.linalg.inv(plane.affine)
        for points in (centre + 0.7 * (inner - centre), (inner + nearest) / 2):
            ijk = points @ to_plane[:3, :3].T + to_plane[:3, 3]
            near = np.abs(ijk[:, 2]) < 0.5  # within the slice's thickness
            sampled = map_coordinates(plane.frames[0].astype(float), [ijk[near, 1], ijk[near, 0]], order=1)
            contrast.append(np.median(sampled))
    blood, muscle = np.array(contrast[::2]), np.array(contrast[1::2])
    assert (blood > 1.5 * muscle).all()


def test_incomplete_cine_is_said_to_be(data_dir: Path) -> None:
    (series,) = dicom.scan(data_dir / "sunnybrook_scd0003701_edes")
    assert (series.kind, series.slices, series.phases) == ("mr_cine", 6, 2)
    assert [warning.code for warning in series.warnings] == ["incomplete_phases", "missing_slices"]
    assert "20" in series.warnings[0].text and "3 of the 9" in series.warnings[1].text
    stack = dicom.read(series)
    assert isinstance(stack, CineStack) and [len(p.frames) for p in stack.planes] == [1, 2, 2, 2, 2, 1]
    assert series.rr_s == pytest.approx(0.967)


def test_edge_case_folders_never_raise_anything_untyped(data_dir: Path) -> None:
    kinds = set()
    folders = [data_dir / "signals_and_records"]
    folders += [f for f in (data_dir / "dicom_edge_cases").iterdir() if f.is_dir() and f.name != "synthetic_breakage"]
    for folder in folders:
        for series in dicom.scan(folder):
            kinds.add(series.kind)
            assert {warning.code for warning in series.warnings} <= dicom.CODES
            try:
                dicom.read(series)
            except LoadError as error:
                assert str(error)
    assert kinds >= {"ct_volume", "mr_volume", "planar", "not_image"}


def test_edge_cases_by_name(data_dir: Path) -> None:
    cases = data_dir / "dicom_edge_cases" / "dicom2nifti"

    def codes(*parts: str) -> set[str]:
        return {warning.code for series in dicom.scan(cases.joinpath(*parts)) for warning in series.warnings}

    assert "gantry_tilt" in codes("failing", "gantrytilting")
    assert "mixed_orientation" in codes("failing", "sliceorientation")
    assert "missing_slices" in codes("failing", "sliceincrement")
    assert "few_slices" in codes("failing", "slicecount")
    codings = data_dir / "dicom_edge_cases" / "dicomParser" / "encapsulated" / "multi-frame"
    assert "no_decoder" not in {warning.code for series in dicom.scan(codings) for warning in series.warnings}
    assert all(series.kind == "planar" for series in dicom.scan(cases / "failing" / "notavolume"))


def test_every_coding_of_one_series_gives_the_same_voxels(data_dir: Path) -> None:
    cases = data_dir / "dicom_edge_cases" / "dicom2nifti" / "generic"
    uids = set()
    for name in ("compressed_j2k", "compressed_jpegls", "compressed_rle", "compressed_jpeg"):
        (series,) = dicom.scan(cases / name)
        volume = dicom.read(series)
        assert isinstance(volume, Volume)
        uids.add(volume.uid)
    assert len(uids) == 1


def test_tilted_gantry_is_set_upright(data_dir: Path) -> None:
    (series,) = dicom.scan(data_dir / "dicom_edge_cases" / "dicom2nifti" / "failing" / "gantrytilting")
    (note,) = (warning.text for warning in series.warnings if warning.code == "gantry_tilt")
    assert "14.0 degrees" in note  # the files' own tilt
    volume = dicom.read(series)
    assert isinstance(volume, Volume)
    i, j, k = volume.grid.affine[:3, :3].T
    assert abs(i @ k) < 1e-9 and abs(j @ k) < 1e-9 and abs(i @ j) < 1e-9
    # every slice, sampled where its own header says its pixels lie
    for name in series.files:
        image = sitk.ReadImage(name)
        own = sitk.GetArrayFromImage(image)[0].astype(float)
        turn = np.array(image.GetDirection()).reshape(3, 3)
        y, x = np.mgrid[20:500:7, 20:500:7]
        steps = np.stack([x.ravel() * image.GetSpacing()[0], y.ravel() * image.GetSpacing()[1]])
        places = (turn[:, :2] @ steps).T + np.array(image.GetOrigin())
        ijk = volume.grid.to_ijk(places)
        assert np.abs(ijk[:, 2] - np.rint(ijk[:, 2])).max() < 1e-6
        found = map_coordinates(volume.data[0].astype(float), ijk.T[::-1], order=1, mode="nearest")
        # interpolated twice, there and back: as far off as one more interpolation of the slice would be
        share = float(np.abs(ijk[:, 1] - np.rint(ijk[:, 1])).mean())
        truth = own[y.ravel(), x.ravel()]
        blurred = truth + share * (1 - share) * (
            own[y.ravel() - 1, x.ravel()] - 2 * truth + own[y.ravel() + 1, x.ravel()]
        )
        assert np.abs(found - blurred).max() < 3.0
