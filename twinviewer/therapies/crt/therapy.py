"""The therapy's door: values in, Setup with leads out."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from twinviewer.domain import Parameter, ParameterValue, Setup, Stimulus, TherapyError
from twinviewer.geometry.sites import SEPTAL, check_mesh, epicardial_middle, right_ventricular, segment_of
from twinviewer.therapies import checked, load_parameters
from twinviewer.therapies.crt.veins import BEHIND_TIP_MM, lead_nodes, vein_site

LV, SECOND, RV = "LV lead", "LV lead, second electrode", "RV lead"


class Crt:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "crt"
    label = "CRT"
    group = "Pacing"
    summary = "Cardiac resynchronisation: lead places, AV and VV delay, pacing of one or both ventricles"
    edits = frozenset({"stimuli"})
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup with its pacing leads. Raises TherapyError for values out of bounds or a lead off the muscle."""
        chosen = checked(self.parameters, values, self.label)
        mesh = setup.mesh
        check_mesh(mesh)
        mode, delay, offset = str(chosen["pacing_mode"]), float(chosen["av_delay_ms"]), float(chosen["vv_delay_ms"])
        if mode != "biventricular":
            offset = 0.0
        leads, notes = [], []
        if mode != "rv_only":
            nodes, note = self._lv_lead(setup, chosen)
            first_ms = delay + max(-offset, 0.0)
            leads.append(Stimulus(LV, nodes[0], first_ms))
            notes += note
            if len(nodes) > 1:
                leads.append(Stimulus(SECOND, nodes[1], first_ms + float(chosen["lv_second_delay_ms"])))
        if mode != "lv_only":
            leads.append(Stimulus(RV, right_ventricular(mesh, str(chosen["rv_lead"])), delay + max(offset, 0.0)))
        own = [s.time_ms for s in setup.stimuli if s.name not in (LV, SECOND, RV)]
        if own and delay >= min(own):
            notes.append(
                f"AV delay {delay:.0f} ms is not shorter than the heart's own conduction ({min(own):.0f} ms): "
                "pacing comes too late to pre-excite"
            )
        kept = tuple(s for s in setup.stimuli if s.name not in (LV, SECOND, RV))
        return replace(setup, stimuli=kept + tuple(leads), notes=setup.notes + tuple(notes))

    def _lv_lead(self, setup: Setup, chosen: Mapping[str, ParameterValue]) -> tuple[list[int], list[str]]:
        """Points under the electrodes of the left lead that pace, the first first, and what is to be said of them."""
        mesh, node, vein = setup.mesh, round(float(chosen["lv_lead_node"])), str(chosen["lv_lead_vein"])
        notes = []
        if node >= 0:
            if segment_of(mesh, node) == 0:
                raise TherapyError(
                    "The LV lead lies outside the left ventricle", where=f"point {node}", remedy="Click on its wall"
                )
            vein = "none"
        elif vein != "none":
            node = vein_site(mesh, vein)
            notes.append(f"LV lead by the typical course of a vein ({vein.replace('_', ', ')}), not this patient's own")
        else:
            node = epicardial_middle(mesh, int(str(chosen["lv_lead"]).removeprefix("AHA")))
        if segment_of(mesh, node) in SEPTAL:
            notes.append(f"LV lead in the septum (AHA {segment_of(mesh, node)}): no coronary vein leads there")
        first, second = str(chosen["lv_electrode"]), str(chosen["lv_second"])
        of_lead = [name for name in (first, second) if name in BEHIND_TIP_MM]
        if first == second and of_lead:
            raise TherapyError(
                "Both electrodes are the same", where=f"electrode {first}", remedy="Choose another second"
            )
        course = "" if vein == "none" else vein.rpartition("_")[0]
        places = dict(zip(of_lead, lead_nodes(mesh, node, course, tuple(of_lead)) if of_lead else (), strict=True))
        nodes = [places.get(first, node)]
        if second != "none":
            own = places.get(second)
            nodes.append(epicardial_middle(mesh, int(second.removeprefix("AHA"))) if own is None else own)
        return nodes, notes
