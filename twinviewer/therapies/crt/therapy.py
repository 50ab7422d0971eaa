"""The therapy's door: values in, Setup with leads out."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from twinviewer.domain import Parameter, ParameterValue, Setup, Stimulus, TherapyError
from twinviewer.geometry.sites import SEPTAL, check_mesh, epicardial_middle, right_ventricular, segment_of
from twinviewer.therapies import checked, load_parameters

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
            node, note = self._lv_lead(setup, chosen)
            first_ms = delay + max(-offset, 0.0)
            leads.append(Stimulus(LV, node, first_ms))
            notes += note
            if chosen["lv_second"] != "none":
                other = epicardial_middle(mesh, int(str(chosen["lv_second"]).removeprefix("AHA")))
                leads.append(Stimulus(SECOND, other, first_ms + float(chosen["lv_second_delay_ms"])))
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

    def _lv_lead(self, setup: Setup, chosen: Mapping[str, ParameterValue]) -> tuple[int, list[str]]:
        mesh, node = setup.mesh, round(float(chosen["lv_lead_node"]))
        if node < 0:
            segment = int(str(chosen["lv_lead"]).removeprefix("AHA"))
            node = epicardial_middle(mesh, segment)
        else:
            segment = segment_of(mesh, node)
            if segment == 0:
                raise TherapyError(
                    "The LV lead lies outside the left ventricle", where=f"point {node}", remedy="Click on its wall"
                )
        if segment in SEPTAL:
            return node, [f"LV lead in the septum (AHA {segment}): no coronary vein leads there"]
        return node, []
