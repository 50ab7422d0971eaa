"""The projections of the catheter laboratory look from where the detector stands; a lead that is faced is in front."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from twinviewer.domain import OrganMesh, Stimulus
from twinviewer.session.case import Case
from twinviewer.ui.looks import LOOK_KEYS, facing
from twinviewer.ui.view3d import VIEWS


def right_of(view: str) -> np.ndarray:
    direction, up = VIEWS[view]
    return np.cross(direction, up)


def test_projections_are_those_of_the_catheter_laboratory() -> None:
    # the heart's long axis points left, front and down by about 45 degrees from the front: LAO looks along it, so that
    # the ventricles stand side by side; RAO looks across it and sees it in its full length
    axis = np.array([0.7, -0.7, 0.0])
    assert abs(np.dot(axis, VIEWS["lao"][0])) > 0.95 and abs(np.dot(axis, VIEWS["rao"][0])) < 0.3
    # the patient's left is on the right of both pictures, as on a film
    assert right_of("lao")[0] > 0.5 and right_of("rao")[0] > 0.5
    assert np.degrees(np.arccos(np.dot(VIEWS["rao"][0], (0, 1, 0)))) == pytest.approx(30.0, abs=0.01)
    assert np.degrees(np.arccos(np.dot(VIEWS["lao"][0], (0, 1, 0)))) == pytest.approx(45.0, abs=0.01)


def test_a_lead_is_faced_from_outside(small_case: Case) -> None:
    mesh = small_case.mesh
    assert isinstance(mesh, OrganMesh)
    lateral, septal = int(mesh.points_mm[:, 0].argmax()), int(mesh.points_mm[:, 0].argmin())
    direction, up = facing(mesh, [septal, lateral])  # rv_centre lies at -x: the other is the left's
    assert np.dot(direction, (-1, 0, 0)) > 0.95 and abs(np.dot(direction, up)) < 0.5


def test_all_looks_can_be_chosen(window: Any, small_case: Case) -> None:
    baseline, treated = small_case.scenarios[:2]
    lead = Stimulus("LV lead", 30, 0.0, "myocardium")
    paced = replace(treated, setup=replace(treated.setup, stimuli=(lead,)))
    window.presenter.accept(small_case.changed("Open", scenarios=(baseline, paced)))
    seen: list[tuple[float, ...]] = []
    window.views.view3d.look_along = lambda direction, up: seen.append(direction)
    for key in LOOK_KEYS:
        window.actions_.all[key].trigger()
    assert seen and all(np.linalg.norm(direction) == pytest.approx(1.0, abs=1e-3) for direction in seen)
