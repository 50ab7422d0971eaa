"""Mesh files from anywhere enclose what they enclose, keep names and places, and broken ones are refused with words."""

import json
import os
import random
import struct
from pathlib import Path

import numpy as np
import pytest
import pyvista as pv
from numpy.typing import NDArray

from twinviewer.domain import Grid, LoadError
from twinviewer.geometry.read_mesh import read_mesh, to_lps_mm
from twinviewer.geometry.voxelise import grid_round, inside_surface

DATA = Path(os.environ.get("TWINVIEWER_DATA", Path(__file__).parents[3] / "shared" / "data")) / "heart_and_organ_meshes"
RADIUS = 20.0


def _ball(centre: tuple[float, float, float] = (0.0, 0.0, 0.0), radius: float = RADIUS) -> pv.PolyData:
    return pv.Sphere(radius=radius, center=centre, theta_resolution=60, phi_resolution=60)


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "ascii"])
@pytest.mark.parametrize("suffix", [".stl", ".ply", ".vtp", ".obj"])
def test_a_ball_of_any_format_is_closed_and_has_its_volume(tmp_path: Path, suffix: str, binary: bool) -> None:
    ball = _ball((11.0, -5.0, 140.0))
    ball.save(tmp_path / f"ball{suffix}", binary=binary)
    mesh = read_mesh(tmp_path / f"ball{suffix}")
    (part,) = mesh.parts
    assert (part.open_edges, part.holes, part.leaks) == (0, 0, False)
    assert part.volume == pytest.approx(ball.volume, rel=1e-4)
    np.testing.assert_allclose(np.mean(mesh.box, axis=0), [11.0, -5.0, 140.0], atol=0.1)
    assert mesh.made_by.startswith("imported mesh") and (mesh.unit, mesh.frame) == ("", "")


def _glb(parts: dict[str, pv.PolyData], nodes: list[dict[str, object]], **head: object) -> bytes:
    blob, views, accessors, meshes = b"", [], [], []
    for shape in parts.values():
        for data, kind, wide in (
            (shape.points.astype("<f4"), 5126, "VEC3"),
            (shape.regular_faces.astype("<u2"), 5123, "SCALAR"),
        ):
            views.append({"buffer": 0, "byteOffset": len(blob), "byteLength": data.nbytes})
            count = len(data) if wide == "VEC3" else data.size
            accessors.append({"bufferView": len(views) - 1, "componentType": kind, "count": count, "type": wide})
            blob += data.tobytes() + b"\0" * (-data.nbytes % 4)
        meshes.append({"primitives": [{"attributes": {"POSITION": len(views) - 2}, "indices": len(views) - 1}]})
    document = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": nodes, "meshes": meshes,
        "accessors": accessors, "bufferViews": views, "buffers": [{"byteLength": len(blob)}], **head,
    }  # fmt: skip
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    total = 28 + len(text) + len(blob)
    parts_ = (struct.pack("<4sII", b"glTF", 2, total), struct.pack("<I4s", len(text), b"JSON"), text)
    return b"".join((*parts_, struct.pack("<I4s", len(blob), b"BIN\0"), blob))


def test_glb_parts_stand_where_their_nodes_put_them(tmp_path: Path) -> None:
    half = float(np.sqrt(0.5))
    nodes: list[dict[str, object]] = [
        {"name": "heart", "children": [1, 2], "translation": [0.0, 0.5, 0.0]},
        {"name": "left", "mesh": 0, "scale": [2.0, 2.0, 2.0]},
        {"name": "right", "mesh": 1, "rotation": [0.0, 0.0, half, half]},  # a quarter turn about z: x becomes y
    ]
    metres = {"a": _ball(radius=0.01), "b": _ball((0.1, 0.0, 0.0), 0.01)}
    (tmp_path / "two.glb").write_bytes(_glb(metres, nodes))
    mesh = read_mesh(tmp_path / "two.glb")
    assert [part.name for part in mesh.parts] == ["left", "right"] and (mesh.unit, mesh.frame) == ("m", "y_up")
    left, right = (to_lps_mm(part.points, mesh.unit, mesh.frame) for part in mesh.parts)
    np.testing.assert_allclose(left.mean(axis=0), [0.0, 0.0, 500.0], atol=0.5)  # up is the head
    np.testing.assert_allclose(np.ptp(left, axis=0), 40.0, rtol=0.01)
    np.testing.assert_allclose(right.mean(axis=0), [0.0, 0.0, 600.0], atol=0.5)


def test_glb_that_is_packed_or_lies_elsewhere_is_refused(tmp_path: Path) -> None:
    node: list[dict[str, object]] = [{"mesh": 0}]
    for head, why in (
        ({"extensionsRequired": ["KHR_draco_mesh_compression"]}, "draco"),
        ({"buffers": [{"uri": "../secret.bin", "byteLength": 9}]}, "another file"),
    ):
        (tmp_path / "x.glb").write_bytes(_glb({"a": _ball()}, node, **head))
        with pytest.raises(LoadError, match=why):
            read_mesh(tmp_path / "x.glb")


def test_units_and_frame_are_read_where_a_file_says_them(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text("# units: cm, SPACE=RAS\no LV\nv 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\n"
                                    "f 1 3 2\nf 1 2 4\nf 2 3 4\nf 1 4 3\n")  # fmt: skip
    mesh = read_mesh(tmp_path / "a.obj")
    assert (mesh.unit, mesh.frame, mesh.parts[0].name) == ("cm", "ras", "LV")
    np.testing.assert_allclose(to_lps_mm(mesh.parts[0].points, "cm", "ras").min(axis=0), [-10.0, -10.0, 0.0])


def test_openings_are_closed_by_lids_and_said(tmp_path: Path) -> None:
    cup = pv.Cylinder(radius=10.0, height=30.0, direction=(0, 0, 1), resolution=90, capping=False).triangulate()
    cup.save(tmp_path / "cup.stl")
    (part,) = read_mesh(tmp_path / "cup.stl").parts
    assert part.holes == 2 and part.open_edges == 180 and not part.leaks
    assert part.volume == pytest.approx(np.pi * 100.0 * 30.0, rel=0.005)


def test_a_shell_is_hollow_and_a_turned_grid_is_no_matter() -> None:
    turn = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
    affine = np.eye(4)
    affine[:3, :3] = turn * np.array([0.8, 0.8, 0.6])
    grid = Grid((100, 90, 90), affine)
    outer, inner = _ball(tuple(grid.centre_mm)), _ball(tuple(grid.centre_mm), 12.0)
    points = np.concatenate([outer.points, inner.points]).astype(float)
    triangles = np.concatenate([outer.regular_faces, inner.regular_faces + outer.n_points])
    region = inside_surface(points, triangles, grid)
    assert np.count_nonzero(region) * grid.voxel_ml == pytest.approx((outer.volume - inner.volume) / 1000.0, rel=0.005)


def test_a_grid_is_made_fine_enough() -> None:
    heart = grid_round(np.zeros(3), np.array([120.0, 110.0, 100.0]), 100.0)
    assert heart.spacing_mm == pytest.approx((0.8, 0.8, 0.8)) and np.prod(heart.shape) < 6e6
    assert grid_round(np.zeros(3), np.full(3, 120.0), 0.1).spacing_mm[0] < 0.7
    assert grid_round(np.zeros(3), np.array([90.0, 90.0, 1700.0]), 400.0).spacing_mm[0] > 2.5


def test_broken_files_are_refused_and_never_kill(tmp_path: Path) -> None:
    """The formats that are read by numpy, mutated: an error with words or a mesh, and nothing else."""
    rng = random.Random(7)
    ball = pv.Sphere(theta_resolution=8, phi_resolution=8)
    for suffix in (".stl", ".ply", ".obj"):
        ball.save(tmp_path / f"ball{suffix}")
    (tmp_path / "ball.glb").write_bytes(_glb({"a": ball}, [{"mesh": 0}]))
    refused = 0
    for suffix in (".stl", ".ply", ".obj", ".glb"):
        whole = (tmp_path / f"ball{suffix}").read_bytes()
        for _ in range(150):
            data = bytearray(whole[: rng.choice((len(whole), rng.randrange(len(whole))))])
            for _ in range(rng.randrange(4)):
                if data:
                    data[rng.randrange(len(data))] = rng.randrange(256)
            (tmp_path / f"bad{suffix}").write_bytes(bytes(data))
            try:
                read_mesh(tmp_path / f"bad{suffix}")
            except LoadError:
                refused += 1
    assert refused > 200
    for name, data in (("a.stl", b""), ("b.stp", b"x"), ("c.ply", b"ply\n"), ("d.obj", b"v 0 0 0\nf 1 1 1\n")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(LoadError):
            read_mesh(tmp_path / name)


@pytest.mark.skipif(not DATA.is_dir(), reason="the meshes of HuBMAP and of Rodero are not here")
def test_organs_of_others_open_scaled_and_named() -> None:
    """Reference organs of the Visible Human (metres), and a left ventricle of a CT cohort (mm) in four open parts."""

    def ml(name: str) -> tuple[dict[str, float], NDArray[np.float64]]:
        mesh = read_mesh(DATA / name)
        factor = {"m": 1000.0, "": 1.0}[mesh.unit]
        low, high = mesh.box
        return {part.name: part.volume * factor**3 / 1000.0 for part in mesh.parts}, (high - low) * factor

    heart, size = ml("hra/VH_M_Heart.glb")
    assert len(heart) == 14 and 100.0 < size.max() < 140.0
    assert 100.0 < heart["VH_M_heart_left_ventricle"] < 140.0  # its muscle
    liver, size = ml("hra/VH_F_Liver.glb")
    assert len(liver) == 26 and 1200.0 < liver["VH_F_capsule_of_the_liver"] < 2200.0
    ventricle, size = ml("rodero01/rodero_01_leftventricle_surface.vtp")
    volumes = sorted(ventricle.values())
    assert len(volumes) == 4
    assert volumes[-1] - volumes[-2] == pytest.approx(163.3, rel=0.03)  # the whole closed surface, by VTK
    with pytest.raises(LoadError, match="no triangle"):
        ml("rodero01/left_purkinje.vtp")
