"""A drug that blocks cardiac ion channels: longer or shorter action potentials, and with them QT.

An endocardial O'Hara-Rudy-CiPA cell is paced to steady state at the patient's rate with and without the drug; the ratio
of their APD90 scales the durations of all layers of the wall (parameters ``apd_*_scale``). Channel block: measured IC50
and dynamic hERG binding of the 28 CiPA drugs. Assumption: the free concentration in plasma acts at the cell; layers
answer alike; conduction, force and rate do not change. Where the cell no longer repolarises the therapy is refused.

Size: at 1 x Cmax the model lengthens the cell by 12 % with dofetilide; patients at such concentrations (0.5 mg by
mouth) gained 79 ms of QTc at the most (Johannesen et al., Clin Pharmacol Ther 96:549, 2014). For quinidine it doubles
the cell, which is far more than in patients: its Cmax in the CiPA table is a high one.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from twinviewer.domain import Parameter, ParameterValue, Quantity, Setup, TherapyError
from twinviewer.therapies import load_parameters

CLASSES = ("low", "intermediate", "high")
LAYERS = ("endo", "mid", "epi")
MOST_BEATS = 200
LONGEST = 2.5
"""Factor beyond which the next beat would come before the wall has recovered."""


def lengthening(name: str, dose_cmax: float, cycle_ms: float) -> float:
    """APD90 under the drug over that without, at steady state; NaN where the cell does not repolarise."""
    from twinviewer.physics.cells.steady import dosed  # compiles at first use

    return dosed("endo", cycle_ms, name, dose_cmax, MOST_BEATS).apd90_ms / dosed("endo", cycle_ms, name, 0.0).apd90_ms


class ChannelDrug:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "channel_drug"
    label = "Channel drug"
    summary = "Block of ion channels by one of the 28 CiPA drugs: action potentials and QT at a concentration"
    edits = frozenset({"repolarisation"})
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup with the drug's action potentials. Raises TherapyError for values out of bounds, and where the
        cell does not repolarise within a beat."""
        from twinviewer.physics.cells.drugs import drug

        known = {parameter.name: parameter for parameter in self.parameters}
        unknown = set(values) - set(known)
        if unknown:
            raise TherapyError(f"{self.label} has no parameter {', '.join(sorted(unknown))}")
        try:
            chosen = {name: p.check(values.get(name, p.default)) for name, p in known.items()}
        except ValueError as error:
            raise TherapyError(str(error), where=self.label, remedy="Choose a value within the bounds") from error
        name, dose = str(chosen["drug"]), float(chosen["dose_cmax"])
        if dose == 0.0:
            return setup
        # the next full 10 ms: rates that hardly differ share one stored cell
        cycle_ms = round(6000.0 / setup.value("heart_rate_bpm")) * 10.0
        ratio = lengthening(name, dose, cycle_ms)
        if not np.isfinite(ratio) or ratio > LONGEST:
            raise TherapyError(
                "Under this concentration cells no longer repolarise in time: no steady beat can be shown",
                where=f"{name}, {dose:g} x Cmax, {cycle_ms:.0f} ms a beat",
                remedy="Choose a lower concentration",
            )
        medicine = drug(name)
        source = f"{name} {dose * medicine.cmax_nm:.3g} nM, {CLASSES[medicine.risk]} risk of torsades in the CiPA panel"
        treated = setup
        for layer in LAYERS:
            scale = f"apd_{layer}_scale"
            before = setup.value(scale) if scale in setup.parameters else 1.0
            treated = treated.with_parameter(scale, Quantity(before * ratio, "", "simulated", source))
        return treated


THERAPY = ChannelDrug()
