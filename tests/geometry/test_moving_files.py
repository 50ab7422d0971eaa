"""A beating model in files: other readers find the points of every moment where they were."""

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pyvista as pv
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOGeometry import vtkGLTFReader

from twinviewer.domain import MeshError, OrganMesh
from twinviewer.geometry.read_mesh import read_mesh, to_lps_mm
from twinviewer.geometry.write_glb import glb
from twinviewer.geometry.write_series import write_vtu_series

PERIOD_S, COUNT = 0.8, 8


def sphere(radius_mm: float = 30.0) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    shape = pv.Icosphere(radius=radius_mm, nsub=3, center=(5.0, -40.0, 90.0))
    return np.asarray(shape.points, np.float64), np.asarray(shape.regular_faces, np.int64)


def beating(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(t, n, 3) that shrink to 80 % and turn, and come back; (t,) seconds."""
    time_s = np.arange(COUNT) * PERIOD_S / COUNT
    middle = points.mean(axis=0)
    frames = []
    for t in time_s:
        share, angle = 1 - 0.1 * (1 - np.cos(2 * np.pi * t / PERIOD_S)), 0.2 * np.sin(2 * np.pi * t / PERIOD_S)
        turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
        frames.append(share * (points - middle) @ turn.T + middle)
    return np.array(frames), time_s


def metres(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return points[:, [0, 2, 1]] * [0.001, 0.001, -0.001]


def animated() -> tuple[bytes, NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    points, triangles = sphere()
    frames, time_s = beating(points)
    lower = [frame - [0, 0, 100.0] for frame in frames]
    parts = [("lv_blood", points, triangles), ("aorta", points - [0, 0, 100.0], triangles)]
    moments = [[one, two] for one, two in zip(frames, lower, strict=True)]
    data = glb(parts, {"lv_blood": "#E04B4B"}, frames=moments, time_s=time_s.tolist(), period_s=PERIOD_S,
               said={"shows": "a test"})  # fmt: skip
    return data, frames, time_s, triangles


def test_vtk_sees_every_moment_where_it_was(tmp_path: Path) -> None:
    """VTK's own glTF reader, which applies morph targets, at each moment and half way between two."""
    data, frames, time_s, _ = animated()
    (tmp_path / "beat.glb").write_bytes(data)
    reader = vtkGLTFReader()
    reader.SetFileName(str(tmp_path / "beat.glb"))
    reader.SetFrameRate(round(2 * COUNT / PERIOD_S))
    reader.UpdateInformation()
    reader.EnableAnimation(0)
    reader.ApplyDeformationsToGeometryOn()
    assert reader.GetNumberOfAnimations() == 1 and reader.GetAnimationName(0) == "beat"
    assert reader.GetAnimationDuration(0) == pytest.approx(PERIOD_S)
    for step in (0, 1, 2, 7, 2 * COUNT - 2, 2 * COUNT - 1):
        at = step * PERIOD_S / (2 * COUNT)
        reader.UpdateTimeStep(at)
        first, later = frames[step // 2], frames[(step // 2 + 1) % COUNT]
        expected = metres(first if step % 2 == 0 else (first + later) / 2)
        leaf = pv.wrap(reader.GetOutputDataObject(0)).combine(merge_points=False)
        seen = vtk_to_numpy(leaf.GetPoints().GetData())[: len(expected)]
        assert np.abs(seen - expected).max() < 2e-7, at


def test_the_rules_of_gltf_are_kept() -> None:
    """Sections 3.6 and 3.7.2 of the specification: alignment, bounds, counts, and weights that fit the targets."""
    data, frames, time_s, triangles = animated()
    magic, version, total = struct.unpack_from("<4sII", data)
    (length,) = struct.unpack_from("<I", data, 12)
    assert (magic, version, total) == (b"glTF", 2, len(data)) and length % 4 == 0 and len(data) % 4 == 0
    head = json.loads(data[20 : 20 + length])
    blob = data[28 + length :]
    assert head["buffers"][0]["byteLength"] == len(blob) and head["asset"]["extras"]["shows"] == "a test"
    sizes = {5126: 4, 5125: 4, 5123: 2}
    width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}
    used = set()
    for mesh in head["meshes"]:
        (primitive,) = mesh["primitives"]
        targets = primitive["targets"]
        assert len(targets) == len(mesh["weights"]) == len(mesh["extras"]["targetNames"]) == COUNT - 1
        count = head["accessors"][primitive["attributes"]["POSITION"]]["count"]
        for number in [*primitive["attributes"].values(), *(t["POSITION"] for t in targets)]:
            assert head["accessors"][number]["count"] == count
        used |= {primitive["indices"], *primitive["attributes"].values(), *(t["POSITION"] for t in targets)}
        assert head["accessors"][primitive["indices"]]["count"] == triangles.size
    (animation,) = head["animations"]
    (sampler,) = animation["samplers"]
    moments, weights = (head["accessors"][sampler[key]] for key in ("input", "output"))
    assert moments["count"] == COUNT + 1 and weights["count"] == (COUNT + 1) * (COUNT - 1)
    assert moments["min"] == [0.0] and moments["max"] == pytest.approx([PERIOD_S])
    assert [c["target"] for c in animation["channels"]] == [{"node": n, "path": "weights"} for n in (0, 1)]
    used |= {sampler["input"], sampler["output"]}
    assert used == set(range(len(head["accessors"])))
    for accessor in head["accessors"]:
        view = head["bufferViews"][accessor["bufferView"]]
        size = sizes[accessor["componentType"]] * width[accessor["type"]] * accessor["count"]
        assert view["byteLength"] == size and view["byteOffset"] % 4 == 0
        assert view["byteOffset"] + size <= len(blob)
        if "min" in accessor:
            values = np.frombuffer(blob, "<f4", size // 4, view["byteOffset"]).reshape(accessor["count"], -1)
            assert values.min(axis=0).tolist() == accessor["min"] and values.max(axis=0).tolist() == accessor["max"]


def test_others_find_the_volume_and_the_colours(tmp_path: Path) -> None:
    points, triangles = sphere()
    painted = np.tile(np.array([[255, 128, 0]], np.uint8), (len(points), 1))
    (tmp_path / "x.glb").write_bytes(glb([("ball", points, triangles)], {}, painted={"ball": painted}))
    truth = pv.PolyData.from_regular_faces(points, triangles).volume
    reader = vtkGLTFReader()
    reader.SetFileName(str(tmp_path / "x.glb"))
    reader.Update()
    seen = (
        pv.wrap(reader.GetOutputDataObject(0)).combine(merge_points=False).extract_surface(algorithm="dataset_surface")
    )
    assert seen.clean().volume * 1e9 == pytest.approx(truth, rel=1e-3)
    colours = np.asarray(seen.point_data["COLOR_0"], np.float64)
    np.testing.assert_allclose((colours[:, :3] / colours[:, 3:])[0], [1.0, (128 / 255) ** 2.2, 0.0], atol=2e-5)
    mesh = read_mesh(tmp_path / "x.glb")
    assert np.allclose(to_lps_mm(mesh.parts[0].points, mesh.unit, mesh.frame).mean(axis=0), points.mean(axis=0))
    assert mesh.parts[0].volume * 1e9 == pytest.approx(truth, rel=1e-3)


def test_trimesh_finds_the_volume_in_metres(tmp_path: Path) -> None:
    trimesh = pytest.importorskip("trimesh")
    (tmp_path / "beat.glb").write_bytes(animated()[0])
    scene = trimesh.load(tmp_path / "beat.glb")
    assert set(scene.geometry) == {"lv_blood", "aorta"}
    truth = pv.PolyData.from_regular_faces(*sphere()).volume
    for shape in scene.geometry.values():
        assert shape.is_watertight and shape.volume * 1e9 == pytest.approx(truth, rel=1e-3)


def block() -> OrganMesh:
    """A block of 27 cubes of 10 mm as tetrahedra, with points beyond the wall's as a heart's have."""
    shape = pv.ImageData(dimensions=(4, 4, 4), spacing=(10.0,) * 3).to_tetrahedra(5)
    tets = shape.cells_dict[pv.CellType.TETRA].astype(np.int32)
    points = np.asarray(shape.points, np.float64)
    turned = np.linalg.det(points[tets[:, 1:]] - points[tets[:, :1]]) < 0
    tets[turned] = tets[turned][:, [0, 2, 1, 3]]
    every = np.vstack([points, [[99.0, 0, 0]]])
    fields = {"transmural": np.linspace(0, 1, len(every)), "aha_segment": np.arange(len(every)).astype(np.int8)}
    fibre = np.tile([[1.0, 0, 0]], (len(tets), 1))
    return OrganMesh("heart", every, tets, {}, fields, {"fibre": fibre}, {}, len(points), "m", "l")


def test_a_series_for_paraview_has_points_and_fields_of_every_moment(tmp_path: Path) -> None:
    mesh = block()
    frames, time_s = beating(mesh.points_mm)
    rng = np.random.default_rng(0)
    strain = rng.normal(size=frames.shape[:2]).astype(np.float32)
    late = rng.uniform(0, 120, len(mesh.points_mm))
    files = write_vtu_series(tmp_path / "beat.pvd", mesh, frames, time_s, {"activation_ms": late},
                             {"strain_fibre": strain}, "Simulated")  # fmt: skip
    assert len(files) == 1 + COUNT and all(path.is_file() for path in files)
    reader = pv.get_reader(tmp_path / "beat.pvd")
    assert np.allclose(reader.time_values, time_s)
    count = mesh.wall_points
    for number, moment in enumerate(reader.time_values):
        reader.set_active_time_value(moment)
        found = reader.read()[0]
        assert np.abs(found.points - frames[number][:count]).max() < 1e-4
        assert np.array_equal(found.point_data["strain_fibre"], strain[number][:count])
        assert np.allclose(found.point_data["activation_ms"], late[:count])
        assert np.array_equal(found.cells_dict[pv.CellType.TETRA], mesh.tets)
        assert set(mesh.cell_fields) <= set(found.cell_data.keys())
        volume = found.compute_cell_sizes(length=False, area=False)["Volume"].sum() / 1000
        assert volume == pytest.approx(mesh.wall_ml(frames[number]), rel=1e-4)
    assert "Simulated" in str(found.field_data["said"][0]) and "SPACE=LPS" in str(found.field_data["frame"][0])


def test_a_mesh_without_tetrahedra_has_no_series(tmp_path: Path) -> None:
    mesh = replace(block(), tets=np.empty((0, 4), np.int32))
    with pytest.raises(MeshError, match="no tetrahedra"):
        write_vtu_series(tmp_path / "x.pvd", mesh, mesh.points_mm[None], np.zeros(1), {}, {})
