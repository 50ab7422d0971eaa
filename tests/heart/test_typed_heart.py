"""A heart scaled to typed numbers has these numbers, moves soundly, and says that no image was used."""

from collections.abc import Mapping

import numpy as np
import pytest

from twinviewer.domain import MeshError, OrganMesh, Quantity
from twinviewer.geometry.quality import is_closed_manifold, six_volumes
from twinviewer.organs.heart.motion.curves import motion_curves
from twinviewer.organs.heart.template.typed import heart_from_numbers, mean_thickness_mm
from twinviewer.organs.heart.template.typed_numbers import NUMBERS, typed_heart

Made = tuple[OrganMesh, Mapping[str, Quantity]]
NORMAL = {"lv_edv_ml": 150.0, "lv_esv_ml": 60.0, "wall_mm": 9.0, "height_cm": 180.0, "weight_kg": 80.0}
DILATED = {"lv_edv_ml": 300.0, "lv_esv_ml": 240.0, "wall_mm": 7.0, "rv_edv_ml": 200.0, "rv_esv_ml": 150.0}
THICK = {"lv_edv_ml": 90.0, "lv_esv_ml": 30.0, "wall_mm": 15.0, "lv_length_mm": 85.0}


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(NORMAL, id="normal"),
        pytest.param(DILATED, id="dilated", marks=pytest.mark.slow),
        pytest.param(THICK, id="thick", marks=pytest.mark.slow),
    ],
)
def made(request: pytest.FixtureRequest) -> tuple[Mapping[str, float], Made]:
    return request.param, heart_from_numbers(request.param)


def test_the_model_holds_what_was_typed(made: tuple[Mapping[str, float], Made]) -> None:
    typed, (mesh, said) = made
    assert mesh.motion_mm is not None and mesh.motion_fraction is not None
    for side in ("lv", "rv"):
        volume = np.array([mesh.enclosed_ml(f"{side}_cavity", frame) for frame in mesh.motion_mm])
        assert volume.max() == pytest.approx(said[f"{side}_edv_ml"].value, rel=0.01)
        assert volume.min() == pytest.approx(said[f"{side}_esv_ml"].value, rel=0.01)
        assert int(volume.argmax()) == 0 and 0.3 < mesh.motion_fraction[volume.argmin()] < 0.45
    for name in {"lv_edv_ml", "lv_esv_ml", "rv_edv_ml", "rv_esv_ml"} & set(typed):
        assert said[name].value == typed[name] and said[name].origin == "chosen"
    assert mean_thickness_mm(mesh) == pytest.approx(typed["wall_mm"], rel=0.05)
    if "lv_length_mm" in typed:
        assert said["lv_length_mm"].value == pytest.approx(typed["lv_length_mm"], rel=0.05)


def test_no_element_folds_and_muscle_keeps_its_volume(made: tuple[Mapping[str, float], Made]) -> None:
    _, (mesh, _) = made
    assert mesh.motion_mm is not None
    rest = six_volumes(mesh.points_mm, mesh.tets)
    for frame in mesh.motion_mm:
        now = six_volumes(frame.astype(np.float64), mesh.tets)
        assert (now > 0).all()
        assert now.sum() == pytest.approx(rest.sum(), rel=0.02)
    assert set(np.unique(mesh.point_fields["aha_segment"])) == set(range(18))
    np.testing.assert_allclose(np.linalg.norm(mesh.cell_fields["fibre"], axis=1), 1.0, atol=1e-3)
    for name in ("lv_cavity", "rv_cavity", "myocardium"):
        assert is_closed_manifold(mesh.surfaces[name])


def test_the_wall_thickens_and_the_base_descends_with_the_ejection_fraction(
    made: tuple[Mapping[str, float], Made],
) -> None:
    typed, (mesh, said) = made
    curves = motion_curves(mesh)
    ef = said["lv_ef_percent"].value / 100.0
    shortening = 0.5 * (curves.septal_mm + curves.lateral_mm)
    share = (shortening[0] - shortening[curves.es]) / said["lv_length_mm"].value
    assert share == pytest.approx(0.25 * ef, rel=0.25)
    # a ball of the same volumes and wall thickens by what keeps its muscle
    inner = [(3.0 * v * 1000.0 / (4.0 * np.pi)) ** (1 / 3) for v in (typed["lv_edv_ml"], typed["lv_esv_ml"])]
    muscle = (inner[0] + typed["wall_mm"]) ** 3 - inner[0] ** 3
    ball = ((inner[1] ** 3 + muscle) ** (1 / 3) - inner[1]) / typed["wall_mm"]
    ratio = curves.global_thickness_mm[curves.es] / curves.global_thickness_mm[0]
    assert 1.0 < ratio == pytest.approx(ball, rel=0.15)


def test_every_number_says_that_it_is_no_measurement(made: tuple[Mapping[str, float], Made]) -> None:
    typed, (mesh, said) = made
    assert any("no image was used" in note for note in mesh.notes)
    assert mesh.label_uid.startswith("typed numbers")
    assert {q.origin for q in said.values()} <= {"chosen", "assumed"}
    assert all("no image" in q.source or "typed" in q.source for q in said.values())
    right = said["rv_edv_ml"]
    assert right.origin == ("chosen" if "rv_edv_ml" in typed else "assumed")
    if "rv_edv_ml" not in typed:  # both ventricles eject the same
        assert said["rv_stroke_volume_ml"].value == pytest.approx(said["lv_stroke_volume_ml"].value)
    if "height_cm" in typed:  # Mosteller
        assert said["body_surface_m2"].value == pytest.approx(2.0)
        assert said["lv_edv_index_ml_m2"].value == pytest.approx(75.0)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"lv_edv_ml": 30}, "below its minimum"),
        ({"lv_edv_ml": 900}, "above its maximum"),
        ({"wall_mm": 30}, "above its maximum"),
        ({"wall_mm": float("nan")}, "wall_mm"),
        ({"lv_edv_ml": 100, "lv_esv_ml": 100}, "eject 0 %"),
        ({"lv_edv_ml": 100, "lv_esv_ml": 130}, "eject"),
        ({"lv_edv_ml": 200, "lv_esv_ml": 20}, "eject 90 %"),
        ({"rv_edv_ml": 20}, "below its minimum"),
        ({"rv_edv_ml": 100, "rv_esv_ml": 99}, "right ventricle"),
        ({"height_cm": 180}, "together"),
        ({"lv_edv": 100}, "cannot be typed"),
        ({"lv_length_mm": 20}, "below its minimum"),
    ],
)
def test_numbers_that_no_heart_has_are_refused(values: Mapping[str, float], said: str) -> None:
    with pytest.raises(MeshError, match=said):
        typed_heart(values)


def test_every_number_has_bounds_default_and_source() -> None:
    for one in NUMBERS:
        assert one.source and one.unit and one.minimum is not None and one.maximum is not None
        assert one.check(one.default) == one.default
