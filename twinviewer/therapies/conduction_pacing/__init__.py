"""Pacing of the conduction system: the His bundle, the left bundle's area, or the septum beside it.

Block lies upstream of what an electrode in or beyond it captures, so the branches conduct again: their entries fire and
their layer is fast. From His to the first ventricular muscle take 35 to 55 ms (HV interval), from the left bundle 20 to
30 ms (Huang et al., Heart Rhythm 16:1791, 2019). With left bundle pacing the right ventricle waits for its own bundle
or for the septum, as V1 shows in patients. Left bundle area: QRS 170 to 126 ms in left bundle branch block, 98 to 121
ms where it was narrow (septal deployment study, 2020).
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import OrganMesh, Parameter, ParameterValue, Setup, Stimulus, TherapyError
from twinviewer.geometry.sites import check_mesh
from twinviewer.therapies import checked, load_parameters

LEFT, RIGHT = 1.0, 2.0
"""Sides in the Setup's field conduction_layer; conduction_entry_ms says where and when it is entered."""
NAME = "conduction system lead"
TO_MUSCLE_MS = {"his": 45.0, "left_bundle": 25.0}
NEEDED = frozenset({"aha_segment", "transmural", "apicobasal", "rotational_rad"})


class ConductionPacing:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "conduction_pacing"
    label = "Conduction system pacing"
    group = "Pacing"
    summary = "His bundle, left bundle area or left septum: the heart's own wires beyond the block"
    edits = frozenset({"stimuli", "conduction"})
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup with its lead. Raises TherapyError for values out of bounds, and for a setup that does not know
        its conduction system."""
        chosen = checked(self.parameters, values, self.label)
        check_mesh(setup.mesh, NEEDED)
        place, delay_ms = str(chosen["place"]), float(chosen["av_delay_ms"])
        kept = tuple(s for s in setup.stimuli if not s.name.startswith(NAME))
        own = [s.time_ms for s in kept]
        septum = Stimulus(NAME, left_septal(setup.mesh), delay_ms)
        if place == "left_septum":
            return replace(setup, stimuli=(*kept, septum), notes=(*setup.notes, *_late(delay_ms, own)))
        if "conduction_entry_ms" not in setup.tissue or "conduction_layer" not in setup.tissue:
            raise TherapyError(
                "This setup does not know where its conduction system runs",
                where=self.label,
                remedy="Prepare the baseline again",
            )
        sides = (LEFT, RIGHT) if place == "his" else (LEFT,)
        woken = np.isin(np.asarray(setup.tissue["conduction_layer"]), sides)
        entry_ms = np.asarray(setup.tissue["conduction_entry_ms"], np.float64)
        entered = np.flatnonzero(woken & np.isfinite(entry_ms))
        first_ms = delay_ms + TO_MUSCLE_MS[place]
        late_ms = entry_ms[entered] - entry_ms[entered].min()
        wires = tuple(
            Stimulus(f"{NAME}, entry {k + 1}", int(node), first_ms + float(late), "purkinje")
            for k, (node, late) in enumerate(zip(entered, late_ms, strict=True))
        )
        fast = np.asarray(setup.tissue.get("fast_layer", np.zeros(len(setup.mesh.points_mm))), np.float64)
        tissue = {**setup.tissue, "fast_layer": np.where(woken, 1.0, fast)}
        lead = () if place == "his" else (septum,)  # an electrode in the septum captures its muscle as well
        notes = (*setup.notes, *_late(first_ms, own))
        return replace(setup, stimuli=(*kept, *lead, *wires), tissue=tissue, notes=notes)


def left_septal(mesh: OrganMesh) -> int:
    """The point under the left endocardium of the upper septum, where a lead screwed through it ends."""
    segment = np.asarray(mesh.point_fields["aha_segment"]).astype(int)
    depth = np.nan_to_num(np.asarray(mesh.point_fields["transmural"], float))
    inner = np.flatnonzero(np.isin(segment, (2, 3, 8, 9)) & (depth <= 0.1))
    if not len(inner):
        raise TherapyError("This mesh has no left side of the septum", where=NAME)
    height: NDArray[np.float64] = np.asarray(mesh.point_fields["apicobasal"], float)[inner]
    turn = np.angle(np.exp(1j * (np.asarray(mesh.point_fields["rotational_rad"], float)[inner])))
    # 15 to 20 mm below the His bundle, in the middle between the two insertions; a radian is a third of the height
    return int(inner[np.nanargmin((height - 0.65) ** 2 + (turn / 3.0) ** 2)])


def _late(first_ms: float, own: list[float]) -> tuple[str, ...]:
    if not own or first_ms < min(own):
        return ()
    return (f"The lead excites the ventricles after {first_ms:.0f} ms, their own conduction after {min(own):.0f} ms",)


THERAPY = ConductionPacing()
