"""Human ventricular myocyte of O'Hara, Virag, Varro, Rudy (PLoS Comput Biol 7:e1002061, 2011), CiPA version 1.0.

    C_m dV/dt = -(INa + INaL + Ito + ICaL + ICaNa + ICaK + IKr + IKs + IK1 + INaCa + INaK + IKb + INab + ICab + IpCa
                  + Istim)

with 48 states: voltage, Na, K, Ca in cytosol, subspace and sarcoplasmic reticulum, Hodgkin-Huxley gates with CaMK
variants, and IKr as the Markov chain with drug binding of Li et al. 2017 (herg.py). Conductances of INaL, ICaL, IKs,
IK1 and IKr scaled as Dutta et al., Front Physiol 8:616 (2017) fitted them; IKr further by 1/1.1 as in the published
CiPA code. No chloride currents, no beta-adrenergic tone; temperature 37 C, outer Na 140, Ca 1.8 and K 5.4 mM.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.cells.drugs import NO_DRUG, DrugEffect

Layer = Literal["endo", "epi", "mid"]
LAYERS: tuple[Layer, ...] = ("endo", "epi", "mid")

STIMULUS_UA_UF = -80.0

# Conductance by layer relative to endo (O'Hara 2011, supplement): INaL, Ito, ICaL, IKr, IKs, IK1.
_LAYER_SCALE = {
    "endo": (1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    "epi": (0.6, 4.0, 1.2, 1.3, 1.4, 1.2),
    "mid": (1.0, 4.0, 2.5, 0.8, 1.0, 1.3),
}
# Dutta 2017: INaL, ICaL, IKs, IK1, IKr.
_DUTTA = (2.661, 1.007, 1.870, 1.698, 1.114 / 1.1)

# Initial state of the published CiPA code for cycle length 2000 ms, in the order of the kernel.
_INITIAL = (
    -88.0145, 6.46961, 6.46967, 145.501, 145.501, 7.45321e-5, 7.30454e-5, 1.37897, 1.37944,
    0.00733485, 0.698542, 0.698542, 0.698542, 0.455526, 0.698541, 0.000187813, 0.513396, 0.307923,
    0.00100025, 0.999555, 0.871715, 0.000509652, 0.999555, 0.905466,
    2.33382e-9, 1.0, 0.971897, 1.0, 1.0, 1.0, 0.0015391, 1.0, 1.0,
    0.130941, 0.000192517, 0.996756, 1.46507e-7, 1.83132e-7, 0.00325232,
    1.80145e-8, 0.999637, 8.26619e-5, 6.83208e-5, 0.00015551, 5.67623e-5, 0.0, 0.0, 0.0,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OHaraCiPA:
    """A cell of one layer under a drug's effect, outer potassium in mM. Frozen, so that results can be cached by it."""

    layer: Layer = "endo"
    effect: DrugEffect = NO_DRUG
    potassium_mm: float = 5.4

    def parameters(self) -> NDArray[np.float64]:
        """(12,) of the kernel: layer, scale of INa INaL Ito ICaL IKr IKs IK1, binding, K; under k > 1 drugs (12 + 3 k,)
        with the binding of each. Raises EngineError."""
        if self.layer not in LAYERS:
            raise EngineError(f"There is no cell layer {self.layer!r}", remedy="endo, epi or mid")
        scale, e = _LAYER_SCALE[self.layer], self.effect
        values = np.array([
            float(LAYERS.index(self.layer)), e.sodium, e.late_sodium * scale[0] * _DUTTA[0], e.outward * scale[1],
            e.calcium * scale[2] * _DUTTA[1], scale[3] * _DUTTA[4], e.slow_potassium * scale[4] * _DUTTA[2],
            e.rectifier * scale[5] * _DUTTA[3], e.bind_per_ms, e.unbind_per_ms, e.half_mv, self.potassium_mm,
        ])  # fmt: skip
        if not np.isfinite(values).all() or (values[1:10] < 0.0).any() or not 1.0 <= self.potassium_mm <= 12.0:
            raise EngineError("A cell's conductances or outer potassium are out of range", where=repr(self))
        if not e.others:
            return values
        mixed = np.array([(e.bind_per_ms, e.unbind_per_ms, e.half_mv), *e.others])
        if not np.isfinite(mixed).all() or (mixed[:, :2] < 0.0).any():
            raise EngineError("A drug's binding to hERG is out of range", where=repr(self))
        return np.concatenate([values, mixed.ravel()])

    def initial(self) -> NDArray[np.float64]:
        """(48,) resting state, no drug bound; under k > 1 drugs (45 + 3 k,)."""
        return np.array([*_INITIAL, *[0.0] * (3 * len(self.effect.others))])
