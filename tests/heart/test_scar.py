"""Infarcts on the ideal heart: where they lie, what is left alive, and what they do to the beat."""

from functools import lru_cache

import numpy as np
import pytest
from ideal_heart import ideal_heart, ideal_labels

from twinviewer.domain import Frame, LabelMap, MeshError, Metric, OrganMesh, Quantity, Records, Setup
from twinviewer.engines.beat import ENGINE
from twinviewer.engines.beat.electrical import activation_times_ms
from twinviewer.organs.heart.scar import (
    BORDER_FORCE,
    SCAR_CHOICES,
    SCAR_PARAMETERS,
    TERRITORIES,
    chosen_scar,
    living_force,
    marked,
    scar_of,
    scar_of_labels,
    scar_of_segments,
    with_painted,
)
from twinviewer.organs.heart.setup import SETUP_PARAMETERS, setup
from twinviewer.physics.heart_model import patches_of
from twinviewer.session.simulate import setup_uid

MESH = ideal_heart(2.0)


def share_dead(segment: int, depth: float) -> float:
    """Dead share of a segment's muscle."""
    scar = scar_of_segments(MESH, {segment: depth})
    patches = patches_of(MESH)
    return float(patches.mean_of_cells(scar.core.astype(float))[patches.number == segment][0])


def test_territories_are_those_of_the_coronaries() -> None:
    """Cerqueira 2002: 1, 2, 7, 8, 13, 14, 17 LAD; 3, 4, 9, 10, 15 RCA; 5, 6, 11, 12, 16 LCX."""
    whole = [TERRITORIES[name] for name in ("lad_extensive", "rca_inferior", "lcx_lateral")]
    assert sorted(sum(whole, ())) == list(range(1, 18))
    assert {choice.key for choice in SCAR_CHOICES} == set(TERRITORIES)
    assert set(SCAR_PARAMETERS) <= set(SETUP_PARAMETERS)


def test_a_transmural_core_takes_its_segments_and_a_subendocardial_one_their_inside() -> None:
    assert share_dead(11, 1.0) > 0.85
    assert share_dead(11, 0.5) == pytest.approx(0.45, abs=0.12)  # inner half: less than half of the volume
    inside = scar_of_segments(MESH, {11: 0.5})
    depth = MESH.point_fields["transmural"][MESH.tets].mean(axis=1)
    assert depth[inside.core].max() <= 0.5 and MESH.cell_fields["chamber"][inside.core].max() == 1


def test_the_border_is_slow_and_weak_and_lies_round_the_core() -> None:
    scar = scar_of_segments(MESH, {11: 1.0}, 0.35)
    border = scar.conduction_scale == 0.35
    assert border.any() and not (border & scar.core).any()
    assert (scar.contractility_scale[border] == BORDER_FORCE).all()
    assert (scar.conduction_scale[scar.core] == 0.0).all() and (scar.contractility_scale[scar.core] == 0.0).all()
    centre = MESH.points_mm[MESH.tets].mean(axis=1)
    middle = centre[scar.core].mean(axis=0)
    assert np.linalg.norm(centre[border] - middle, axis=1).max() < 45.0


def test_a_label_is_a_scar_too() -> None:
    labels = ideal_labels(2.0)
    ring = np.isin(labels.data, (1,))
    k = np.arange(labels.data.shape[1])[None, :, None, None]
    data = np.where(ring & (k < labels.data.shape[1] // 2 - 6), 9, labels.data).astype(np.uint8)
    marked = LabelMap(data, labels.grid, {**labels.names, 9: "scar"}, labels.phase_percent, "test", labels.image_uid)
    scar = scar_of_labels(MESH, marked)
    assert 0.05 < scar.core.mean() < 0.6
    top = np.array([labels.grid.affine[:3, 3] + [102.0, 102.0, 2.0 * (labels.data.shape[1] // 2 + 10)]])
    assert not scar_of(top, marked).any()
    with pytest.raises(MeshError, match="no scar"):
        scar_of(top, labels)


@pytest.mark.parametrize("wrong", [{18: 1.0}, {3: 1.5}, {0: 0.5}])
def test_what_does_not_exist_is_refused(wrong: dict[int, float]) -> None:
    with pytest.raises(ValueError, match="no such segment"):
        scar_of_segments(MESH, wrong)


def test_settings_make_a_scar_and_say_so() -> None:
    assert chosen_scar(MESH, {}) == (None, ())
    scar, notes = chosen_scar(MESH, {"scar_segment": "AHA11", "scar_depth_percent": 50.0})
    assert scar is not None and "segments 11, 50 %" in notes[0] and 0.8 < living_force(MESH, scar) < 1.0


def painted_like(segment: int) -> OrganMesh:
    """The mesh with a segment's points painted as core."""
    values = (np.asarray(MESH.point_fields["aha_segment"]) == segment).astype(np.float32)
    return with_painted(MESH, values)


def test_a_painted_segment_is_the_segment_s_infarct() -> None:
    """Painting all points of segment 11 kills the muscle that choosing segment 11 kills."""
    by_segment, _ = chosen_scar(MESH, {"scar_segment": "AHA11"})
    by_brush, notes = chosen_scar(painted_like(11), {})
    assert by_segment is not None and by_brush is not None
    volume = patches_of(MESH).tet_ml
    both = volume[by_segment.core & by_brush.core].sum()
    assert 2.0 * both / (volume[by_segment.core].sum() + volume[by_brush.core].sum()) > 0.9  # Dice
    assert f"{volume[by_brush.core].sum():.1f} mL core" in notes[0]
    assert (by_brush.conduction_scale[by_brush.core] == 0.0).all()
    # no border zone was painted: the same one as round the segment
    zones = [volume[one.conduction_scale == 0.4].sum() for one in (by_segment, by_brush)]
    assert not marked(painted_like(11))[1].any() and zones[1] == pytest.approx(zones[0], rel=0.15)


def test_a_marked_border_zone_is_the_border_zone() -> None:
    """Where it is marked, none is added round the core: the grey zone of the images is not overruled."""
    segment = np.asarray(MESH.point_fields["aha_segment"])
    values = np.select([segment == 11, segment == 12], [1.0, 0.5], 0.0)
    scar, _ = chosen_scar(with_painted(MESH, values), {"scar_border_speed_percent": 30.0})
    assert scar is not None
    zone = scar.conduction_scale == 0.3
    assert np.isin(segment[MESH.tets[zone]], (11, 12)).any(axis=1).all()
    assert (scar.contractility_scale[zone] == BORDER_FORCE).all() and not (zone & scar.core).any()
    both, _ = chosen_scar(with_painted(MESH, values), {"scar_segment": "AHA3"})  # settings and brush together
    assert both is not None and both.core.sum() > scar.core.sum() + 100


def test_painting_keeps_the_mesh_s_uid_and_erasing_its_fields() -> None:
    """What is kept by uid rests on the geometry; engines key results by the tissue that the scar becomes."""
    painted = painted_like(11)
    assert painted.uid == MESH.uid and painted.points_mm is MESH.points_mm
    field = painted.point_fields["scar"]
    assert field.dtype == np.float32 and field.shape == (len(MESH.points_mm),) and not field.flags.writeable
    assert np.isfinite(field).all() and not field[MESH.wall_points :].any()
    assert "scar" not in with_painted(painted, np.zeros(MESH.wall_points)).point_fields
    assert "scar" not in MESH.point_fields and not marked(MESH)[0].any()


@pytest.mark.parametrize("wrong", [np.full(7, 0.5), np.full(MESH.wall_points, 1.2), np.full(MESH.wall_points, np.nan)])
def test_wrong_paint_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="scar"):
        with_painted(MESH, wrong)


def test_a_painted_scar_reaches_the_engine_and_its_answer_changes() -> None:
    """Same uid, other tissue: the activation that was kept for the sound heart is not given out for the painted one."""
    measured = {n: Quantity(v, "mL", "measured", "test") for n, v in (("lv_edv_ml", 100.0), ("lv_esv_ml", 52.0))}
    sound, painted = (setup(mesh, measured, Records(), {}) for mesh in (MESH, painted_like(11)))
    before, after, again = (activation_times_ms(one) for one in (sound, painted, sound))
    dead = np.isnan(after[: MESH.wall_points])
    assert dead.any() and (np.asarray(MESH.point_fields["aha_segment"])[: MESH.wall_points][dead] == 11).mean() > 0.9
    assert not np.isnan(before[: MESH.wall_points]).any() and np.array_equal(before, again, equal_nan=True)
    assert any("Marked scar" in note for note in painted.notes)
    assert setup_uid(ENGINE, sound) != setup_uid(ENGINE, painted)


@lru_cache(maxsize=2)
def prepared(territory: str) -> Setup:
    measured = {n: Quantity(v, "mL", "measured", "test") for n, v in (("lv_edv_ml", 100.0), ("lv_esv_ml", 52.0))}
    return setup(MESH, measured, Records(), {"scar_territory": territory})


@pytest.mark.slow
def test_the_core_is_akinetic_and_the_volumes_are_still_those_measured() -> None:
    infarct = prepared("lcx_lateral")
    assert any("Infarct in AHA segments 5, 6, 11, 12, 16" in note for note in infarct.notes)
    assert infarct.value("contractility_lv_kpa") > 1.1 * prepared("none").value("contractility_lv_kpa")
    payloads = list(ENGINE.run(infarct))
    ef = next(p.quantity.value for p in payloads if isinstance(p, Metric) and p.name == "lv_ef_percent")
    assert ef == pytest.approx(48.0, abs=4.0)
    strain = np.array([p.fields["strain_fibre"] for p in payloads if isinstance(p, Frame)])
    segment = np.asarray(MESH.point_fields["aha_segment"])
    dead = np.unique(MESH.tets[scar_of_segments(MESH, dict.fromkeys(TERRITORIES["lcx_lateral"], 1.0)).core])
    core = np.isin(np.arange(len(segment)), dead) & np.isin(segment, (11, 12))
    remote = np.isin(segment, (7, 8, 9))
    assert strain[:, core].mean(axis=1).min() > 0.35 * strain[:, remote].mean(axis=1).min()
    assert strain[:, remote].mean(axis=1).min() < -8.0
