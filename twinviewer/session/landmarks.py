"""Landmarks that a hand has put right: kept with the case, laid on every model of these images, and measured from.

The three hinge points of the aortic cusps span the plane in which the aortic ring is measured; no label map shows them,
so they are asked for (``start_hinges`` puts them on the ring that the labels give, as a first guess).
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twinviewer.domain import LabelMap, MeshError, OrganMesh, Patient, Quantity, Reporter, Volume, silent
from twinviewer.session import catalog
from twinviewer.session.case import Case

LANDMARKS: Mapping[str, str] = {
    "mitral_centre": "Mitral valve",
    "aortic_centre": "Aortic valve",
    "tricuspid_centre": "Tricuspid valve",
    "pulmonary_centre": "Pulmonary valve",
    "lv_apex": "LV apex, outside",
    "lv_apex_endo": "LV apex, inside",
    "aortic_hinge_1": "Aortic hinge 1",
    "aortic_hinge_2": "Aortic hinge 2",
    "aortic_hinge_3": "Aortic hinge 3",
}
"""Landmarks that can be moved, as they are written."""
HINGES = ("aortic_hinge_1", "aortic_hinge_2", "aortic_hinge_3")
SIMULATED_WITH = frozenset({"lv_apex", "lv_apex_endo", "mitral_centre"})
"""Those that a beat is computed from: the axis along which the ventricle shortens."""


def landmarks_of(case: Case) -> dict[str, NDArray[np.float64]]:
    """Name -> (3,) LPS mm of what can be moved on the case's model, in the order of LANDMARKS."""
    if case.mesh is None:
        return {}
    return {name: case.mesh.landmarks[name] for name in LANDMARKS if name in case.mesh.landmarks}


def with_landmarks(case: Case, mesh: OrganMesh) -> OrganMesh:
    """A model of this case with the landmarks that a hand has put right. Its uid stays: the geometry is the same."""
    return replace(mesh, landmarks={**mesh.landmarks, **case.landmarks}) if case.landmarks else mesh


def move_landmark(case: Case, name: str, place_mm: ArrayLike) -> Case:
    """The Case with a landmark elsewhere. Runs stay unless they were computed from it; then treatments stay as plans.

    What is measured from landmarks waits for ``compute_measured``. MeshError without a model, or for another name.
    """
    return move_landmarks(case, {name: np.asarray(place_mm, np.float64)}, f"Move {LANDMARKS.get(name, name)}")


def move_landmarks(case: Case, places: Mapping[str, NDArray[np.float64]], action: str) -> Case:
    """The same for several at once."""
    if case.mesh is None:
        raise MeshError("There is no model with landmarks", remedy="Build the model first")
    if unknown := sorted(set(places) - set(LANDMARKS)):
        raise MeshError(f"{', '.join(unknown)} cannot be moved", remedy=f"Known: {', '.join(LANDMARKS)}")
    kept = {**case.landmarks}
    for name, place in places.items():
        fixed = np.array(place, np.float64).reshape(3)
        fixed.setflags(write=False)
        kept[name] = fixed
    return _relaid(case, kept, case.mesh.landmarks, frozenset(places), action)


def remove_hinges(case: Case) -> Case:
    """The Case without hinge points: the aortic ring is measured by the labels alone again."""
    if case.mesh is None:
        raise MeshError("There is no model with landmarks", remedy="Build the model first")
    kept = {name: place for name, place in case.landmarks.items() if name not in HINGES}
    own = {name: place for name, place in case.mesh.landmarks.items() if name not in HINGES}
    return _relaid(case, kept, own, frozenset(HINGES), "Remove aortic hinge points")


def _relaid(
    case: Case, kept: Mapping[str, NDArray[np.float64]], own: Mapping[str, NDArray[np.float64]],
    moved: frozenset[str], action: str,
) -> Case:  # fmt: skip
    assert case.mesh is not None
    mesh = replace(case.mesh, landmarks={**own, **kept})
    scenarios = case.scenarios
    if moved & SIMULATED_WITH:
        scenarios = tuple(
            replace(one, run=None, setup=replace(one.setup, mesh=mesh, untreated=None)) for one in case.treated
        )
    made = case.changed(
        action, mesh=mesh, landmarks=kept, measurements=case.measurements, typed=case.typed, scenarios=scenarios
    )
    dropped = len(scenarios) < len(case.scenarios)
    return made.with_message("Simulate", f"Made again after: {action}") if dropped else made


def start_hinges(labels: LabelMap, mesh: OrganMesh, report: Reporter = silent) -> NDArray[np.float64]:
    """(3, 3) LPS mm: three places a third of the way apart on the aortic ring that the labels give. For a worker.

    MeshError where left ventricle and aorta do not meet.
    """
    from twinviewer.organs.heart.measures.rings import find_ring

    blood = [labels.volume_ml("lv_blood", phase) for phase in range(labels.phases)]
    ring = find_ring(labels, int(np.argmax(blood)), "lv_blood", "aorta")
    if ring is None:
        raise MeshError("The left ventricle and the aorta do not meet in these labels", remedy="Mend the labels first")
    cut = ring.cut
    step = np.linalg.norm(np.diff(cut.flat_mm, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(step)])
    thirds = along[-1] * np.array([0.0, 1.0, 2.0]) / 3.0
    flat = np.stack([np.interp(thirds, along, cut.flat_mm[:, axis]) for axis in (0, 1)], axis=1)
    return np.asarray(cut.centre_mm + flat[:, :1] * cut.across + flat[:, 1:] * cut.along)


def measured_input(case: Case) -> tuple[str, LabelMap, OrganMesh, Volume, Patient]:
    """What :func:`compute_measured` needs. MeshError where a model's labels or images are not there."""
    if case.mesh is None or case.labels is None or not isinstance(case.image, Volume):
        raise MeshError("Only a model made from labels of open images can be measured anew")
    return case.organ, case.labels, case.mesh, case.image, case.patient


def compute_measured(
    organ: str, labels: LabelMap, mesh: OrganMesh, image: Volume, patient: Patient, report: Reporter = silent
) -> dict[str, Quantity]:
    """What labels and model say with the landmarks where they are now. For a worker. SegmentationError."""
    return dict(catalog.organ(organ).measure(labels, mesh, image, patient))
