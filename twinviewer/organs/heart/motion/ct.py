"""A heart that was meshed from the labels of one phase, moving through the beat as the labels and images of all show.

phases.py says which phases make the beat, registration.py leads, follow.py bends the wall onto the borders of each
phase (borders.py) by its smooth modes (modes.py), skin.py brings the cavities to the label map's volumes, shells.py
carries atria and vessels.
"""

import hashlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import LabelMap, OrganMesh, Reporter, Volume, part, silent
from twinviewer.organs.heart.motion.borders import SOLIDS, Border, border
from twinviewer.organs.heart.motion.borders import SPACING_MM as BORDER_MM
from twinviewer.organs.heart.motion.follow import Follower, smooth_in_time
from twinviewer.organs.heart.motion.modes import wall_modes
from twinviewer.organs.heart.motion.phases import Phases, beat_phases
from twinviewer.organs.heart.motion.registration import grid_round, register
from twinviewer.organs.heart.motion.shells import carry_shells
from twinviewer.organs.heart.motion.skin import Skin

Array = NDArray[np.float64]

MODES, ACROSS = 110, 45
EVEN_IN_TIME = 0.03
WALL_NOTE_PERCENT = 5.0
VOLUME_NOTE = 0.02
FOLDED = 0.02


def with_motion(
    mesh: OrganMesh, labels: LabelMap, image: Volume | None, reference: int, report: Reporter = silent
) -> OrganMesh:
    """The mesh with motion_mm and motion_fraction; as it is where the labels do not show a beat.

    labels: of all phases; reference: the one that the mesh was built in. image: theirs, or None. report may raise
    Cancelled at any time. What had to be assumed or is not as it should be stands in the mesh's notes.
    """
    phases = beat_phases(labels, reference)
    if phases is None:
        if labels.phases > 1:
            note = "The ventricles were found in one phase only: the model stands still"
            return replace(mesh, notes=(*mesh.notes, note))
        return mesh
    work = grid_round(labels, phases.number)
    leads = register(labels, image, phases, work, part(report, 0.0, 0.5))
    fine = grid_round(labels, phases.number, BORDER_MM)

    def borders(k: int) -> dict[str, Border]:
        found = {name: border(labels, int(phases.number[k]), parts, fine) for name, parts in SOLIDS.items()}
        return {name: one for name, one in found.items() if one is not None}

    report(0.5, "Finding how the wall can bend")
    wall = mesh.points_mm[: mesh.wall_points]
    depth = np.asarray(mesh.point_fields["transmural"][: mesh.wall_points], dtype=np.float64)
    modes = wall_modes(wall, mesh.tets, depth, MODES, ACROSS, part(report, 0.5, 0.56))
    follower = Follower(mesh, modes, borders(phases.reference))
    found: list[Array] = []
    for k in range(len(phases)):
        within = part(report, 0.56 + 0.24 * k / len(phases), 0.56 + 0.24 * (k + 1) / len(phases))
        if k == phases.reference:
            found.append(np.zeros((modes.values.shape[1], 3)))
            continue
        text = f"Bending the wall: phase {k + 1} of {len(phases)}"
        within(0.0, text)
        found.append(follower.fit(borders(k), leads[k], follower.begin(leads[k]), _saying(within, text)))
    found = smooth_in_time(found, phases.fraction, phases.reference, EVEN_IN_TIME)
    report(0.8, "Filling the cavities")
    skin = Skin(mesh)
    motion, folded = _filled(skin, follower, found, labels, phases, part(report, 0.82, 0.9))
    notes = list(phases.notes)
    if folded:
        when = ", ".join(f"{100 * phases.fraction[k]:.0f} %" for k in folded)
        notes.append(f"At {when} of R-R the wall would fold in following the labels: it moves as just before and after")
    carry_shells(mesh, labels, phases, leads, work, motion, skin.attached, part(report, 0.9, 1.0))
    if any(skin.sound(motion[k])[1] <= FOLDED for k in folded):
        note = "The wall would fold in following the labels: the model stands still"
        return replace(mesh, notes=(*mesh.notes, note))
    notes += _off(mesh, labels, phases, motion)
    out = motion.astype(np.float32)
    fraction = phases.fraction.copy()
    for array in (out, fraction):
        array.setflags(write=False)
    report(1.0, f"Moves over {len(phases)} phases")
    uid = hashlib.sha256(mesh.uid.encode() + out.tobytes() + fraction.tobytes()).hexdigest()[:16]
    return replace(mesh, uid=uid, motion_mm=out, motion_fraction=fraction, notes=(*mesh.notes, *notes))


def _filled(
    skin: Skin, follower: Follower, found: list[Array], labels: LabelMap, phases: Phases, report: Reporter
) -> tuple[Array, list[int]]:
    """(t, n, 3) positions with the cavities at their volumes, and the frames whose wall folded: those lie between their
    neighbours in time."""
    mesh = skin.mesh
    motion = np.repeat(mesh.points_mm[None], len(phases), axis=0).astype(np.float64)
    folded = []
    for k in range(len(phases)):
        report(k / len(phases), "Filling the cavities")
        if k == phases.reference:
            continue
        motion[k, : mesh.wall_points] = follower.points(found[k])
        motion[k] = skin.filled(motion[k], wanted_ml(mesh, labels, phases, k))
        motion[k], least = skin.sound(motion[k])
        if least <= FOLDED:
            folded.append(k)
    good = [k for k in range(len(phases)) if k not in folded]
    for k in folded:
        before = max(good, key=lambda g: -((phases.fraction[k] - phases.fraction[g]) % 1.0))
        after = max(good, key=lambda g: -((phases.fraction[g] - phases.fraction[k]) % 1.0))
        late = (phases.fraction[k] - phases.fraction[before]) % 1.0
        span = late + (phases.fraction[after] - phases.fraction[k]) % 1.0
        motion[k] = motion[before] + late / span * (motion[after] - motion[before])
    return motion, folded


def _saying(report: Reporter, text: str) -> Reporter:
    return lambda share, _: report(share, text)


def wanted_ml(mesh: OrganMesh, labels: LabelMap, phases: Phases, k: int) -> dict[str, float]:
    """What both cavities hold in a phase: the mesh's own volume, changed as the label map's is."""
    out = {}
    for side in ("lv", "rv"):
        now, first = (labels.volume_ml(f"{side}_blood", int(phases.number[t])) for t in (k, phases.reference))
        out[side] = mesh.enclosed_ml(f"{side}_cavity") * now / first
    return out


def _off(mesh: OrganMesh, labels: LabelMap, phases: Phases, motion: Array) -> list[str]:
    notes = []
    for side, label in (("lv", "left"), ("rv", "right")):
        off = [
            mesh.enclosed_ml(f"{side}_cavity", motion[k]) / wanted_ml(mesh, labels, phases, k)[side] - 1.0
            for k in range(len(phases))
        ]
        worst = int(np.argmax(np.abs(off)))
        if abs(off[worst]) > VOLUME_NOTE:
            when = 100.0 * phases.fraction[worst]
            notes.append(
                f"At {when:.0f} % of R-R the moving {label} cavity is {100.0 * off[worst]:+.0f} % off the label map"
            )
    wall = np.array([mesh.wall_ml(frame) for frame in motion]) / mesh.wall_ml() - 1.0
    worst = int(np.argmax(np.abs(wall)))
    if 100.0 * abs(wall[worst]) > WALL_NOTE_PERCENT:
        notes.append(
            f"At {100 * phases.fraction[worst]:.0f} % of R-R the moving wall's volume differs by "
            f"{100.0 * wall[worst]:+.0f} %: the labels of the phases do not hold the same muscle"
        )
    return notes
