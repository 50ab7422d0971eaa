"""Meshes become structures where they lie, in units that are said or guessed, with images or without."""

import os
from pathlib import Path

import numpy as np
import pytest
import pyvista as pv

from twinviewer.domain import Grid, LabelMap, LoadError, Patient, SegmentationError, Volume
from twinviewer.geometry.label_surfaces import label_surfaces
from twinviewer.geometry.read_mesh import read_mesh
from twinviewer.geometry.write_parts import write_parts
from twinviewer.organs.heart.imported import STRUCTURES
from twinviewer.session import mesh_import, steps, store
from twinviewer.session.case import Case, step_states
from twinviewer.session.mesh_place import guess_place, name_parts, organ_of_mesh, read_meshes

DATA = Path(os.environ.get("TWINVIEWER_DATA", Path(__file__).parents[3] / "shared" / "data")) / "heart_and_organ_meshes"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the meshes of HuBMAP and of Rodero are not here")
CENTRE = np.array([20.0, -60.0, 900.0])


def _affine() -> np.ndarray:
    turn = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
    affine = np.eye(4)
    affine[:3, :3] = turn * np.array([0.9, 0.9, 1.4])
    return affine


def _volume(phases: int = 1) -> Volume:
    grid = Grid((70, 100, 110), _affine())
    grid.affine[:3, 3] += CENTRE - grid.centre_mm
    data = np.zeros((phases, *grid.shape), np.int16)
    return Volume(data, grid, "CT", np.arange(phases) * 100.0 / phases, None, "image-uid")


def _ventricle(folder: Path, scale: float = 1.0, flip: bool = False) -> Path:
    """A filled wall of 30 mm radius and a cavity of 20 mm, one STL each, in mm unless scaled."""
    folder.mkdir(exist_ok=True)
    turn = np.array([-1.0, -1.0, 1.0]) if flip else np.ones(3)
    for name, radius in (("LV_myocardium", 30.0), ("LV", 20.0)):
        ball = pv.Sphere(radius=radius, center=CENTRE * turn, theta_resolution=60, phi_resolution=60)
        ball.points *= scale
        ball.save(folder / f"{name}.stl")
    return folder


def _ml(radius: float) -> float:
    return 4.0 / 3.0 * np.pi * radius**3 / 1000.0


@pytest.mark.parametrize("flip", [False, True], ids=["lps", "ras"])
@pytest.mark.parametrize("scale", [1.0, 0.1, 0.001], ids=["mm", "cm", "m"])
def test_units_and_frame_are_those_that_fit_the_open_images(tmp_path: Path, scale: float, flip: bool) -> None:
    volume, folder = _volume(), _ventricle(tmp_path / "stl", scale, flip)
    guess = guess_place(read_meshes(folder), volume)
    assert (guess.unit, guess.frame) == ({1.0: "mm", 0.1: "cm", 0.001: "m"}[scale], "ras" if flip else "lps")
    assert guess.within > 0.95 and not guess.sure
    (found, tissue), picture = mesh_import.compute_mesh("heart", folder, volume, Patient("p"))
    assert isinstance(found, LabelMap) and picture is None and tissue is None
    assert found.grid is volume.grid and found.image_uid == volume.uid
    assert found.volume_ml("lv_blood") == pytest.approx(_ml(20.0), rel=0.01)
    assert found.volume_ml("lv_myocardium") == pytest.approx(_ml(30.0) - _ml(20.0), rel=0.01)
    at = volume.grid.to_mm(np.argwhere(found.mask("lv_blood"))[:, ::-1].mean(axis=0)[None])[0]
    np.testing.assert_allclose(at, CENTRE, atol=0.1)


def test_a_mesh_of_one_phase_says_which(tmp_path: Path) -> None:
    volume = _volume(4)
    (found, _), _ = mesh_import.compute_mesh("heart", _ventricle(tmp_path / "m"), volume, Patient("p"), phase=2)
    assert isinstance(found, LabelMap) and found.phase_percent.tolist() == [50.0]


def test_without_an_image_nothing_is_invented(tmp_path: Path) -> None:
    case = mesh_import.import_mesh(Case(), _ventricle(tmp_path / "m"))
    assert case.organ == "heart" and case.labels is not None and isinstance(case.image, Volume)
    assert case.image.modality == "none" and not case.image.data.any()
    assert case.image.grid is case.labels.grid and case.labels.image_uid == case.image.uid
    assert case.labels.volume_ml("lv_blood") == pytest.approx(_ml(20.0), rel=0.01)
    assert "no image" in step_states(case)["Import"].why and any("units" in n for n in case.labels.notes)
    again = store.load(store.save(case, tmp_path / "case.twin"))
    assert again.labels is not None and np.array_equal(again.labels.data, case.labels.data)
    with pytest.raises(SegmentationError):  # there is nothing in it to be found
        steps.segment(case)


def test_what_does_not_lie_in_the_images_is_refused_or_stands_alone(tmp_path: Path) -> None:
    volume = _volume()
    far = pv.Sphere(radius=20.0, center=(4000.0, 0.0, 0.0))
    far.save(tmp_path / "lv.stl")
    with pytest.raises(LoadError, match="0 % of the mesh"):
        mesh_import.compute_mesh("heart", tmp_path / "lv.stl", volume, Patient("p"))
    opened = Case(title="Open").changed("Open", image=volume, organ="heart")
    found = mesh_import.compute_mesh("heart", tmp_path / "lv.stl", None, Patient("p"))
    case = mesh_import.accept_mesh(opened, "heart", *found)
    assert case.image is not volume and case.labels is not None and case.active_series_uid == ""


def test_parts_are_named_by_hand_or_refused_with_what_there_is(tmp_path: Path) -> None:
    folder = _ventricle(tmp_path / "m")
    case = mesh_import.import_mesh(Case(), folder, {"LV": "rv_blood", "2": ""}, organ="heart")
    assert case.labels is not None and list(case.labels.names.values()) == ["rv_blood"]
    with pytest.raises(LoadError, match="no part RV"):
        mesh_import.import_mesh(Case(), folder, {"RV": "rv_blood"}, organ="heart")
    with pytest.raises(SegmentationError, match="no structure"):
        mesh_import.import_mesh(Case(), folder, {"LV": "spleen"}, organ="heart")


def test_structures_of_a_mesh_are_laid_over_those_that_there_are(tmp_path: Path) -> None:
    volume = _volume()
    data = np.zeros((1, *volume.grid.shape), np.uint8)
    data[0, 20:50, 20:80, 20:80], data[0, :5] = 2, 6
    base = LabelMap(data, volume.grid, {2: "lv_blood", 6: "aorta"}, np.zeros(1), "ours", volume.uid)
    case = Case(organ="heart").changed("Open", image=volume).changed("Segment", labels=base)
    case = mesh_import.import_mesh(case, _ventricle(tmp_path / "m"), over=True)
    assert case.labels is not None and set(case.labels.names.values()) == {"lv_myocardium", "lv_blood", "aorta"}
    assert case.labels.volume_ml("aorta") == base.volume_ml("aorta")
    assert case.labels.volume_ml("lv_blood") == pytest.approx(_ml(20.0), rel=0.01)
    assert any("imported over" in note for note in case.labels.notes)


def test_a_whole_heart_written_as_a_mesh_comes_back_as_the_same_labels(tmp_path: Path) -> None:
    """Every structure of a label map, through GLB, onto the same grid: Dice of smooth surfaces, volumes within 1 %."""
    volume = _volume()
    k, j, i = np.indices(volume.grid.shape)
    points = volume.grid.to_mm(np.stack([i, j, k], axis=-1).reshape(-1, 3).astype(float)) - CENTRE
    data = np.zeros(volume.grid.shape, np.uint8).reshape(-1)
    for value, (x, radius) in {3: (20, 15.0), 1: (-12, 20.0), 2: (-12, 13.0), 5: (34, 8.0)}.items():
        data[np.linalg.norm(points - [x, 0.0, 0.0], axis=1) < radius] = value
    labels = LabelMap(data.reshape(1, *volume.grid.shape), volume.grid, {v: STRUCTURES[v] for v in (1, 2, 3, 5)},
                      np.zeros(1), "", "")  # fmt: skip
    write_parts(tmp_path / "heart.glb", label_surfaces(labels))
    (found, _), _ = mesh_import.compute_mesh("heart", tmp_path / "heart.glb", volume, Patient("p"))
    assert isinstance(found, LabelMap) and dict(found.names) == dict(labels.names)
    for name in labels.names.values():
        one, two = labels.mask(name), found.mask(name)
        assert 2.0 * np.count_nonzero(one & two) / (np.count_nonzero(one) + np.count_nonzero(two)) > 0.97
        assert found.volume_ml(name) == pytest.approx(labels.volume_ml(name), rel=0.01)


@needs_data
def test_reference_organs_find_their_organ_and_their_walls() -> None:
    """The Visible Human's ventricles are walls, not pools; a liver is no heart."""
    heart = read_mesh(DATA / "hra" / "VH_M_Heart.glb")
    assert organ_of_mesh("", heart) == "heart"
    named = {part.name: name_parts("heart", heart)[n] for n, part in enumerate(heart.parts, start=1)}
    assert named["VH_M_heart_left_ventricle"] == named["VH_M_interventricular_septum"] == "lv_myocardium"
    assert named["VH_M_heart_right_ventricle"] == "rv_myocardium"
    assert not any(named[name] for name in named if "valve" in name or "papillary" in name)
    case = mesh_import.import_mesh(Case(), DATA / "hra" / "VH_M_Heart.glb")
    assert case.labels is not None and 100.0 < case.labels.volume_ml("lv_myocardium") < 140.0
    liver = read_mesh(DATA / "hra" / "VH_F_Liver.glb")
    assert not any(name_parts("heart", liver).values())
