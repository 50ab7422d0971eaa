"""Programmed ventricular stimulation: can re-entry be started in this heart?

A train of paced beats (S1) and one or two premature ones (S2, S3) from one electrode, then nothing. The heart's own
conduction waits meanwhile: a train faster than the sinus node holds it off, and what it would do after the last beat
is left out, so that whatever goes on is re-entry.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from twinviewer.domain import Parameter, ParameterValue, Quantity, Setup, Stimulus
from twinviewer.geometry.sites import check_mesh, epicardial_middle, right_ventricular, segment_of
from twinviewer.therapies import checked, load_parameters

START_MS = 10.0
WATCHED = "watched_ms"
"""Name of the parameter that tells an engine how long to go on, in ms from the start."""


class ProgrammedStimulation:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "programmed_stimulation"
    label = "Programmed stimulation"
    group = "Ablation and stimulation"
    summary = "S1 train and premature beats from one electrode: is re-entry inducible?"
    edits = frozenset({"extrastimuli"})
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup with nothing but these beats. Raises TherapyError for values out of bounds or an electrode off the
        muscle."""
        chosen = checked(self.parameters, values, self.label)
        check_mesh(setup.mesh)
        node = _node(setup, str(chosen["site"]), round(float(chosen["site_node"])))
        beats, cycle_ms = round(float(chosen["s1_beats"])), float(chosen["s1_ms"])
        at_ms = [START_MS + k * cycle_ms for k in range(beats)]
        names = [f"S1 {k + 1}" for k in range(beats)]
        for name in ("S2", "S3"):
            coupling_ms = float(chosen[f"{name.lower()}_ms"])
            if coupling_ms <= 0.0:
                break
            at_ms.append(at_ms[-1] + coupling_ms)
            names.append(name)
        found = tuple(Stimulus(name, node, t) for name, t in zip(names, at_ms, strict=True))
        end_ms = at_ms[-1] + float(chosen["watch_ms"])
        watched = Quantity(end_ms, "ms", "chosen", f"last beat at {at_ms[-1]:.0f} ms, then {chosen['watch_ms']} ms")
        when = ", ".join(f"{t:.0f}" for t in at_ms)
        note = f"{self.label}: beats at {when} ms; the heart's own conduction is left out"
        changed = replace(setup, stimuli=found, notes=(*setup.notes, note))
        return changed.with_parameter(WATCHED, watched)


def _node(setup: Setup, site: str, node: int) -> int:
    if node >= 0:
        segment_of(setup.mesh, node)  # refuses what is not muscle
        return node
    if site.startswith("AHA"):
        return epicardial_middle(setup.mesh, int(site.removeprefix("AHA")))
    return right_ventricular(setup.mesh, site.removeprefix("rv_"))


THERAPY = ProgrammedStimulation()
