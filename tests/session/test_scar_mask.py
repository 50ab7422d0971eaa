"""Scar in a mask reaches the model's muscle, with the structures or alone, on CT and on cine planes; and is kept."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from ideal_heart import ideal_heart, ideal_labels
from numpy.typing import NDArray

from twinviewer.domain import (
    CineContours,
    CinePlane,
    CineStack,
    Grid,
    LabelMap,
    Mask,
    MeshError,
    OrganMesh,
    Patient,
    SegmentationError,
    Volume,
)
from twinviewer.geometry import write_nifti
from twinviewer.organs.heart.imported import contours_of_mask, name_mask
from twinviewer.organs.heart.scar import chosen_scar, marked
from twinviewer.organs.heart.scar_label import scar_values
from twinviewer.physics.heart_model import patches_of
from twinviewer.session import mask_import, steps, store, tissue
from twinviewer.session.case import Case

SCAR, BORDER = 9, 10


@lru_cache(maxsize=1)
def marked_labels() -> tuple[LabelMap, LabelMap]:
    """The ideal heart's labels, and the same with the lateral wall's lower half scar and a border zone over it: by
    height and by the side away from the right ventricle, so that nothing of the mesh is used to draw it."""
    labels = ideal_labels(2.0)
    muscle = labels.data[0] == labels.value("lv_myocardium")
    k, j, i = np.nonzero(muscle)
    at = labels.grid.to_mm(np.stack([i, j, k], axis=1).astype(float))
    mesh = ideal_heart(2.0)
    apex, base = mesh.landmarks["lv_apex_endo"], mesh.landmarks["mitral_centre"]
    up = (base - apex) / np.linalg.norm(base - apex)
    side = apex - mesh.landmarks["rv_centre"]
    side = side - up * (side @ up)
    height = (at - apex) @ up
    lateral = (at - apex) @ (side / np.linalg.norm(side)) > 12.0
    data = labels.data.copy()
    for number, low, high in ((SCAR, 15.0, 40.0), (BORDER, 40.0, 48.0)):
        here = lateral & (height > low) & (height <= high)
        data[0, k[here], j[here], i[here]] = number
    names = {**labels.names, SCAR: "scar", BORDER: "border_zone"}
    return labels, replace(labels, data=data, names=names)


def only(labels: LabelMap, *names: str) -> LabelMap:
    numbers = [labels.value(name) for name in names]
    return replace(labels, data=np.where(np.isin(labels.data, numbers), labels.data, 0).astype(np.uint8))


def opened() -> Case:
    """A CT case of the ideal heart."""
    labels, _ = marked_labels()
    image = Volume(np.zeros(labels.data.shape, np.int16), labels.grid, "CT", np.zeros(1), None, "image-uid")
    return Case().changed("Open", image=image, organ="heart")


def core_ml(mesh: OrganMesh) -> tuple[float, float]:
    volume = patches_of(mesh).tet_ml
    core, border = marked(mesh)
    return float(volume[core].sum()), float(volume[border].sum())


def test_scar_among_structures_is_muscle_and_scar(tmp_path: Path) -> None:
    plain, with_scar = marked_labels()
    path = tmp_path / "labels.nii.gz"
    write_nifti(path, with_scar)
    case = mask_import.import_mask(opened(), path)
    assert case.labels is not None and case.tissue is not None
    np.testing.assert_array_equal(case.labels.data, plain.data)  # a scar is no hole in the wall
    case = steps.accept_model(case, (ideal_heart(2.0), {}))
    assert case.mesh is not None and case.mesh.uid == ideal_heart(2.0).uid
    core, border = core_ml(case.mesh)
    assert core == pytest.approx(with_scar.volume_ml("scar"), rel=0.12)
    assert border == pytest.approx(with_scar.volume_ml("border_zone"), rel=0.35)  # a band of three tetrahedra
    assert any(f"{core:.1f} mL core" in note for note in case.mesh.notes)
    scar, _ = chosen_scar(case.mesh, {})
    assert scar is not None and (scar.conduction_scale[scar.core] == 0.0).all()
    # transmural in the mask, transmural in the model: all depths of the middle of the scar are dead
    depth = np.asarray(case.mesh.point_fields["transmural"])[case.mesh.tets].mean(axis=1)[scar.core]
    assert depth.min() < 0.1 and depth.max() > 0.9


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd"])
def test_a_mask_of_scar_alone_is_laid_on_the_model_that_is_there(tmp_path: Path, suffix: str) -> None:
    labels, with_scar = marked_labels()
    path = tmp_path / f"scar{suffix}"
    shown = only(with_scar, "scar")
    if suffix == ".nrrd":
        image = sitk.GetImageFromArray((shown.data[0] > 0).astype(np.uint8) * 5)
        image.SetSpacing(shown.grid.spacing_mm)
        image.SetOrigin(shown.grid.affine[:3, 3].tolist())
        sitk.WriteImage(image, str(path))
    else:
        write_nifti(path, shown)
    meaning = {5 if suffix == ".nrrd" else SCAR: "scar"}
    before = steps.accept_model(opened().changed("Segment", labels=labels), (ideal_heart(2.0), {}))
    case = mask_import.import_mask(before, path, meaning)
    assert case.mesh is not None and case.labels is before.labels and case.action == "Import scar"
    core, border = core_ml(case.mesh)
    assert core == pytest.approx(with_scar.volume_ml("scar"), rel=0.15) and border == 0.0
    assert before.mesh is not None and "scar" not in before.mesh.point_fields  # undo has the sound model
    file = store.save(case, tmp_path / "case.twin")
    again = store.load(file)
    assert again.mesh is not None and again.tissue is not None
    np.testing.assert_array_equal(again.mesh.point_fields["scar"], case.mesh.point_fields["scar"])
    rebuilt = steps.accept_model(again, (ideal_heart(2.0), {}))  # a model built anew has it too
    assert rebuilt.mesh is not None and core_ml(rebuilt.mesh)[0] == core
    waiting = mask_import.import_mask(opened(), path, meaning)  # before there is a model
    assert waiting.mesh is None and waiting.tissue is not None and waiting.messages["Model"] == tissue.WAITS
    with pytest.raises(SegmentationError, match="no structure"):
        mask_import.compute_mask("heart", str(path), opened().image, Patient("p"), meaning)  # type: ignore[arg-type]


def test_a_mask_of_another_phase_is_read_where_the_heart_was_then() -> None:
    """A heart that lies 30 mm further up in its second frame, and a mask drawn there."""
    _, with_scar = marked_labels()
    mesh = ideal_heart(2.0)
    motion = np.stack([mesh.points_mm, mesh.points_mm + [0.0, 0.0, 30.0]]).astype(np.float32)
    moving = replace(mesh, motion_mm=motion, motion_fraction=np.array([0.0, 0.4]))
    scar = only(with_scar, "scar")
    affine = scar.grid.affine.copy()
    affine[2, 3] += 30.0
    later = replace(scar, grid=Grid(scar.grid.shape, affine), phase_percent=np.array([42.0]))
    np.testing.assert_array_equal(scar_values(moving, later), scar_values(mesh, scar))


def test_a_scar_beside_the_wall_is_refused_and_of_other_images_forgotten(tmp_path: Path) -> None:
    labels, with_scar = marked_labels()
    beside = replace(only(with_scar, "scar"), data=np.roll(only(with_scar, "scar").data, 22, axis=3))
    path = tmp_path / "beside.nii.gz"
    write_nifti(path, beside)
    case = steps.accept_model(opened().changed("Segment", labels=labels), (ideal_heart(2.0), {}))
    with pytest.raises(MeshError, match="do not lie in the model's wall"):
        mask_import.import_mask(case, path)
    write_nifti(path, only(with_scar, "scar"))
    case = mask_import.import_mask(case, path)
    assert case.changed("Open another", image=opened().image).tissue is None


def ring_stack() -> tuple[CineStack, Mask]:
    """Six short-axis slices of a ring, and a mask of it whose free side is scar."""
    pixel, shape = 1.4, (96, 96)
    j, i = np.indices(shape)
    planes, frames = [], []
    for k in range(6):
        affine = np.diag([pixel, pixel, 9.0, 1.0])
        affine[2, 3] = 9.0 * k
        pixels = np.random.default_rng(k).integers(0, 200, (3, *shape)).astype(np.int16)
        planes.append(CinePlane(pixels, affine, np.arange(3) * 0.3, 0.9, f"SAX{k}", 8.0))
        radius = pixel * np.hypot(i - 48, j - 48)
        inner = 24.0 - 2.0 * k
        frame = np.select([radius < inner, radius < inner + 9.0], [3, 2], 0)
        frame[(frame == 2) & (i > 60)] = 7
        frame[pixel * np.hypot(i - 14, j - 48) < 14.0] = 1
        frames.append(frame)
    grid = Grid((6, *shape), np.diag([pixel, pixel, 9.0, 1.0]))
    return CineStack(tuple(planes), "MR", "ring"), Mask(np.array(frames, np.int16)[None], grid, {}, "imported mask 0")


def areas(contours: CineContours) -> NDArray[np.float64]:
    return np.array([c.area_mm2 for c in contours.contours])


def test_on_cine_planes_scar_is_part_of_the_wall(tmp_path: Path) -> None:
    stack, mask = ring_stack()
    path = tmp_path / "mask.mha"
    image = sitk.GetImageFromArray(mask.data[0].astype(np.uint8))
    image.SetSpacing(mask.grid.spacing_mm)
    sitk.WriteImage(image, str(path))
    meaning = {1: "rv_blood", 2: "lv_myocardium", 3: "lv_blood", 7: "scar"}
    found, marks = mask_import.compute_import("heart", str(path), stack, Patient("p"), meaning)
    assert isinstance(found, tuple) and marks is not None
    sound = replace(mask, data=np.where(mask.data == 7, 2, mask.data))
    expected = contours_of_mask(sound, {1: "rv_blood", 2: "lv_myocardium", 3: "lv_blood"}, stack)
    np.testing.assert_allclose(areas(found[0]), areas(expected))
    assert marks.volume_ml("scar") == pytest.approx((mask.data == 7).sum() * mask.grid.voxel_ml)
    assert set(marks.names.values()) == {"scar", "lv_myocardium"} and marks.image_uid == "ring"
    case = mask_import.import_mask(Case().changed("Open", image=stack, organ="heart"), path, meaning)
    assert case.contours is not None and case.tissue is not None


def test_names_that_files_use_for_scar_are_known() -> None:
    """MyoPS numbers (Li et al. 2023), and words of segment names."""
    data = np.zeros((1, 2, 2, 6), np.int32)
    data[0, 0, 0] = [200, 500, 600, 1220, 2221, 0]
    grid = Grid((2, 2, 6), np.eye(4))
    guess, why = name_mask(Mask(data, grid, {}, ""))
    assert guess[2221] == "scar" and guess[1220] == "lv_myocardium" and "MyoPS" in why
    names = {
        200: "Myocardial scar",
        500: "Peri-infarct border zone",
        600: "LGE",
        1220: "LV myocardium",
        2221: "no-reflow",
    }
    guess, _ = name_mask(Mask(data, grid, names, ""))
    assert list(guess.values()) == ["scar", "border_zone", "scar", "lv_myocardium", "scar"]
