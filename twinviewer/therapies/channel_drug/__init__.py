"""A drug that blocks cardiac ion channels: longer or shorter action potentials, and with them QT.

Endocardial O'Hara-Rudy-CiPA cells were paced to steady state with and without the drug (make.py, table.py); the ratio
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
from twinviewer.physics.cells.drugs import drug
from twinviewer.therapies import checked, load_parameters
from twinviewer.therapies.channel_drug.table import lengthening

CLASSES = ("low", "intermediate", "high")
LAYERS = ("endo", "mid", "epi")
LONGEST = 2.5
"""Factor beyond which the next beat would come before the wall has recovered."""


class ChannelDrug:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "channel_drug"
    label = "Channel drug"
    group = "Drugs of the rhythm"
    summary = "Block of ion channels by one of the 28 CiPA drugs: action potentials and QT at a concentration"
    edits = frozenset({"repolarisation"})
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup with the drug's action potentials. Raises TherapyError for values out of bounds, and where the
        cell does not repolarise within a beat."""
        chosen = checked(self.parameters, values, self.label)
        name, dose = str(chosen["drug"]), float(chosen["dose_cmax"])
        if dose == 0.0:
            return setup
        cycle_ms = 60000.0 / setup.value("heart_rate_bpm")
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
