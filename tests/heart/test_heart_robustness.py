"""Label maps as they come: other grids and values, specks, thin spots, missing parts, muscle left open."""

from dataclasses import replace

import numpy as np
import pytest
from ideal_heart import NAMES, ideal_heart, ideal_labels
from scipy import ndimage

from twinviewer.domain import Cancelled, Grid, LabelMap, MeshError
from twinviewer.geometry.quality import is_closed_manifold, tet_quality
from twinviewer.organs.heart.build import build


def changed(labels: LabelMap, data: np.ndarray, **more: object) -> LabelMap:
    return replace(labels, data=data[None].astype(np.uint8), **more)  # type: ignore[arg-type]


def check(labels: LabelMap, cell_mm: float = 3.2) -> None:
    """Coarse cells keep these tests quick."""
    mesh = build(labels, cell_mm=cell_mm)
    quality = tet_quality(mesh.points_mm, mesh.tets)
    assert quality.inverted == 0 and quality.boundary_manifold and quality.min_dihedral_deg > 8
    assert mesh.enclosed_ml("lv_cavity") == pytest.approx(labels.volume_ml("lv_blood"), rel=0.02)
    assert mesh.enclosed_ml("rv_cavity") == pytest.approx(labels.volume_ml("rv_blood"), rel=0.02)
    for name in ("lv_cavity", "rv_cavity", "myocardium"):
        assert is_closed_manifold(mesh.surfaces[name])
    assert set(np.unique(mesh.point_fields["aha_segment"])) == set(range(18))


def test_thick_slices_stored_head_first() -> None:
    """1.5 x 1.5 x 3 mm, slices from head to feet: a left-handed affine."""
    labels = ideal_labels()
    data = labels.data[0][::-2]
    affine = labels.grid.affine.copy()
    affine[:3, 3] += affine[:3, 2] * (labels.grid.shape[0] - 1)
    affine[:3, 2] *= -2
    check(changed(labels, data, grid=Grid(data.shape, affine)))


def test_other_label_values() -> None:
    labels = ideal_labels()
    table = np.zeros(256, dtype=np.uint8)
    names = {}
    for value, name in NAMES.items():
        table[value] = 40 + 3 * value
        names[40 + 3 * value] = name
    check(changed(labels, table[labels.data[0]], names={**names, 200: "spleen"}))


def test_specks_and_pockets() -> None:
    """Islands of blood in the muscle, pockets of background in it, stray wall voxels."""
    labels = ideal_labels()
    rng = np.random.default_rng(5)
    data = labels.data[0].copy()
    spots = rng.random(data.shape) < 0.01
    inner = ndimage.binary_erosion(data == 1, iterations=2)
    data[spots & inner] = np.where(rng.random(int((spots & inner).sum())) < 0.5, 0, 2)
    data[spots & (data == 0)] = 8
    data = np.where(ndimage.binary_dilation(labels.data[0] > 0, iterations=3), data, 0)
    mesh = build(changed(labels, data), cell_mm=3.2)
    quality = tet_quality(mesh.points_mm, mesh.tets)
    assert quality.boundary_manifold and quality.components == 1 and quality.inverted == 0
    assert mesh.enclosed_ml("lv_cavity") == pytest.approx(labels.volume_ml("lv_blood"), rel=0.02)


def test_right_wall_of_one_voxel() -> None:
    """A free wall far thinner than the cells still separates blood from outside, all over."""
    labels = ideal_labels()
    data = labels.data[0].copy()
    skin = ndimage.binary_dilation(data == 3)
    data[(data == 8) & ~skin] = 0
    mesh = build(changed(labels, data), cell_mm=3.2)
    from twinviewer.geometry.surfaces import boundary_loops

    assert len(boundary_loops(mesh.surfaces["rv_endocardium"])) <= 2
    assert mesh.enclosed_ml("rv_cavity") == pytest.approx(labels.volume_ml("rv_blood"), rel=0.03)
    assert any("wall" in note for note in mesh.notes)


def test_open_left_ventricle_is_refused_with_the_place() -> None:
    labels = ideal_labels()
    data = labels.data[0].copy()
    data[60:85, :, 100:][data[60:85, :, 100:] == 1] = 0
    data[:48][data[:48] == 1] = 0
    with pytest.raises(MeshError, match="not enclosed by muscle.*LPS"):
        build(changed(labels, data))


def test_missing_parts_are_named() -> None:
    labels = ideal_labels()
    names = {k: v for k, v in NAMES.items() if v not in ("rv_blood", "lv_myocardium")}
    with pytest.raises(MeshError, match="lv_myocardium, rv_blood"):
        build(replace(labels, names=names))
    with pytest.raises(MeshError, match="no voxel of rv_blood"):
        build(changed(labels, np.where(labels.data[0] == 3, 0, labels.data[0])))


def test_without_right_atrium_and_aorta() -> None:
    labels = ideal_labels()
    data = np.where(np.isin(labels.data[0], (5,)), 0, labels.data[0])
    mesh = build(changed(labels, data), cell_mm=3.2)
    assert "ra" not in mesh.surfaces and any("right atrium" in note for note in mesh.notes)


def test_cancel_and_repeat() -> None:
    def stop(fraction: float, text: str) -> None:
        if fraction > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        build(ideal_labels(), report=stop)
    first, again = ideal_heart(), build(ideal_labels())
    assert first.uid == again.uid and np.array_equal(first.tets, again.tets)
    assert np.allclose(first.cell_fields["fibre"], again.cell_fields["fibre"])


def test_progress_rises_to_one() -> None:
    seen: list[float] = []
    build(ideal_labels(), report=lambda fraction, text: seen.append(fraction), cell_mm=3.2)
    assert seen == sorted(seen) and seen[-1] == 1.0 and len(seen) > 10
