"""Files are read back by other readers and hold the same geometry."""

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pyvista as pv
import SimpleITK as sitk
from ideal_heart import ideal_heart

from twinviewer.domain import Grid, LabelMap, MeshError
from twinviewer.geometry import closed_surfaces, write_nifti, write_nrrd, write_parts, write_surfaces, write_tets
from twinviewer.geometry.label_surfaces import label_surfaces
from twinviewer.geometry.read_mask import read_mask
from twinviewer.geometry.read_mesh import read_mesh, to_lps_mm


def labels(phases: int) -> LabelMap:
    rng = np.random.default_rng(1)
    affine = np.array([[0, 1.5, 0, -20], [1.2, 0, 0, 10], [0, 0, -2.0, 300], [0, 0, 0, 1.0]])
    data = rng.integers(0, 4, (phases, 6, 7, 8)).astype(np.uint8)
    return LabelMap(data, Grid((6, 7, 8), affine), {1: "a", 2: "b", 3: "c"}, np.arange(phases, dtype=float), "t", "u")


@pytest.mark.parametrize("phases", [1, 3])
def test_nifti_round_trip_in_world_space(tmp_path: Path, phases: int) -> None:
    original = labels(phases)
    path = tmp_path / "labels.nii.gz"
    write_nifti(path, original)
    image = sitk.ReadImage(str(path))
    assert image.GetDimension() == (3 if phases == 1 else 4)
    for i, j, k, t in [(0, 0, 0, 0), (7, 6, 5, phases - 1), (3, 2, 4, phases // 2)]:
        index = (i, j, k) if phases == 1 else (i, j, k, t)
        where = image.TransformIndexToPhysicalPoint(index)[:3]
        assert np.allclose(where, original.grid.to_mm(np.array([[i, j, k]]))[0], atol=1e-4)
        assert image[index] == original.data[t, k, j, i]


def oblique(phases: int) -> LabelMap:
    """Turned about all axes, left-handed, with edges of three lengths."""
    a, b, c = 0.3, -0.5, 0.2
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = x @ y @ z @ np.diag([0.7, -0.9, 2.5])
    affine[:3, 3] = [-31.4, 27.2, 512.8]
    made = labels(phases)
    return replace(made, grid=Grid(made.grid.shape, affine))


@pytest.mark.parametrize("name", ["x.nii.gz", "x.nii", "x.seg.nrrd"])
def test_simpleitk_and_this_program_find_labels_and_place_again(tmp_path: Path, name: str) -> None:
    """Axes to 1e-6 a voxel, and the origin as exactly as the format keeps it: NIfTI in 32 bits."""
    original = oblique(1)
    (write_nrrd if name.endswith("nrrd") else write_nifti)(tmp_path / name, original)
    image = sitk.ReadImage(str(tmp_path / name))
    assert np.array_equal(sitk.GetArrayFromImage(image), original.data[0])
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    own = read_mask(tmp_path / name)
    assert np.array_equal(own.data, original.data)
    for found in (affine, own.grid.affine):
        assert np.abs(found[:3, :3] - original.grid.affine[:3, :3]).max() < 1e-6
        assert np.abs(found[:3, 3] - original.grid.affine[:3, 3]).max() < (1e-9 if name.endswith("nrrd") else 4e-5)


def test_nifti_header_is_ras(tmp_path: Path) -> None:
    """The raw sform of the file must have x and y turned against LPS."""
    path = tmp_path / "labels.nii"
    original = labels(1)
    write_nifti(path, original)
    head = path.read_bytes()[:348]
    sform = np.array(struct.unpack("<12f", head[280:328])).reshape(3, 4)
    assert np.allclose(sform, np.diag([-1, -1, 1]) @ original.grid.affine[:3], atol=1e-4)


@pytest.mark.parametrize("suffix", ["stl", "vtp", "ply", "obj"])
def test_surface_files_enclose_the_same_volume(tmp_path: Path, suffix: str) -> None:
    mesh = ideal_heart()
    path = tmp_path / f"la.{suffix}"
    write_surfaces(path, mesh, ["la"])
    assert pv.read(path).clean().volume / 1000 == pytest.approx(mesh.enclosed_ml("la"), rel=1e-3)


def test_glb_is_valid_and_in_metres(tmp_path: Path) -> None:
    mesh = ideal_heart()
    path = tmp_path / "heart.glb"
    write_surfaces(path, mesh, ["myocardium", "la"], {"la": "#E58A8A"})
    raw = path.read_bytes()
    magic, version, total = struct.unpack("<4sII", raw[:12])
    assert (magic, version, total) == (b"glTF", 2, len(raw))
    length = struct.unpack("<I", raw[12:16])[0]
    head = json.loads(raw[20 : 20 + length])
    assert [m["name"] for m in head["meshes"]] == ["myocardium", "la"]
    box = head["accessors"][0]
    wall = mesh.points_mm[np.unique(mesh.surfaces["myocardium"])] / 1000
    assert np.allclose(box["min"], [wall[:, 0].min(), wall[:, 2].min(), -wall[:, 1].max()], atol=1e-6)


def test_tets_keep_their_fields(tmp_path: Path) -> None:
    mesh = ideal_heart()
    write_tets(tmp_path / "wall.vtu", mesh)
    grid = pv.read(tmp_path / "wall.vtu")
    assert grid.n_cells == len(mesh.tets)
    assert grid.volume / 1000 == pytest.approx(mesh.wall_ml(), rel=1e-6)
    assert set(grid.point_data) >= {"transmural", "aha_segment"} and grid.cell_data["fibre"].shape == (grid.n_cells, 3)


def test_unknown_names_and_suffixes(tmp_path: Path) -> None:
    with pytest.raises(MeshError, match="no surface spleen"):
        write_surfaces(tmp_path / "a.stl", ideal_heart(), ["spleen"])
    with pytest.raises(MeshError, match="cannot be written"):
        write_surfaces(tmp_path / "a.xyz", ideal_heart(), ["la"])


def _labels() -> LabelMap:
    """A wall round a cavity and something apart, on a turned grid with a left-handed affine."""
    turn = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, -1.0]])
    affine = np.eye(4)
    affine[:3, :3] = turn * np.array([0.9, 0.9, 1.6])
    affine[:3, 3] = [40.0, -70.0, 900.0]
    grid = Grid((26, 44, 48), affine)
    k, j, i = np.indices(grid.shape)
    away = grid.to_mm(np.stack([i, j, k], axis=-1).reshape(-1, 3).astype(float)) - grid.centre_mm
    radius = np.linalg.norm(away, axis=1).reshape(grid.shape)
    data = np.zeros((1, *grid.shape), np.uint8)
    data[0][radius < 15] = 1
    data[0][radius < 9] = 2
    data[0, 0:3, 0:6, 0:7] = 6  # at the grid's corner
    return LabelMap(data, grid, {1: "lv_myocardium", 2: "lv_blood", 6: "aorta"}, np.zeros(1), "", "")


@pytest.mark.parametrize("suffix", ["stl", "obj", "ply", "vtp", "glb"])
def test_surfaces_of_labels_are_watertight_and_keep_their_volume_in_every_format(tmp_path: Path, suffix: str) -> None:
    labels = _labels()
    files = write_parts(tmp_path / f"labels.{suffix}", label_surfaces(labels), {"lv_blood": "#C03030"})
    found = {}
    for path in files:
        mesh = read_mesh(path)
        assert (mesh.unit, mesh.frame) == (("m", "y_up") if suffix == "glb" else ("mm", "lps"))
        for part in mesh.parts:
            assert part.open_edges == 0
            points = to_lps_mm(part.points, mesh.unit, mesh.frame)
            name = path.stem.removeprefix("labels_") if suffix == "stl" else part.name
            found[name] = (pv.PolyData.from_regular_faces(points, part.triangles), part)
    if suffix == "ply":  # one body, coloured
        whole = sum(labels.volume_ml(name) for name in labels.names.values())
        assert found["Part 1"][0].volume / 1000 == pytest.approx(whole, rel=0.01)
        colours = np.unique(pv.read(files[0])["RGB"], axis=0)
        assert [0xC0, 0x30, 0x30] in colours.tolist()
        return
    assert set(found) == set(labels.names.values())
    for name, (shape, _) in found.items():
        assert shape.is_manifold and shape.n_open_edges == 0
        assert shape.volume / 1000 == pytest.approx(labels.volume_ml(name), rel=0.01)
        at = labels.grid.to_mm(np.argwhere(labels.mask(name))[:, ::-1].mean(axis=0)[None])[0]
        np.testing.assert_allclose(shape.center_of_mass(), at, atol=0.3)


def test_only_closed_surfaces_of_a_model_are_bodies() -> None:
    mesh = ideal_heart()
    names = closed_surfaces(mesh)
    assert {"myocardium", "lv_cavity", "rv_cavity", "la"} <= set(names)
    assert not {"epicardium", "lv_endocardium", "rv_endocardium"} & set(names)
