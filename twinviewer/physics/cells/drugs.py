"""What a drug does to the currents of a cell at a concentration.

Six currents keep the fraction 1 / (1 + (c / IC50)^h) of their conductance; IKr is blocked by binding to the channel
itself (dynamic hERG, see herg.py). Assumption: the free concentration in plasma acts at the cell.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from twinviewer.domain import EngineError
from twinviewer.physics.cells.cipa_drugs import CURRENTS, DRUGS

HIGH_BELOW, LOW_ABOVE = 0.0579, 0.0689
"""Mean qNet over 1 to 4 x Cmax in uC/uF: below the first high, from the second low TdP risk.

Li et al., Clin Pharmacol Ther 105:466 (2019), by ordinal regression over sampled parameters of the training drugs: one
pair for each of their data sets, this one for manual patch clamp, where the blocks of cipa_drugs come from, and 0.0581
and 0.0671 for the hybrid with automated patch clamp (both as used in the code of Lei et al., repository
CardiacModelling/hERG-binding-mechanisms). Our own training drugs leave gaps of 0.056 to 0.060 and 0.066 to 0.074
(python -m twinviewer.physics.cells.cipa_table)."""


@dataclass(frozen=True, slots=True)
class DrugEffect:
    """What remains of each conductance (fraction, 1 = all) and how hERG is bound; the default is no drug. others:
    (binding, unbinding, half voltage) of further drugs, which compete for the channel."""

    late_sodium: float = 1.0
    sodium: float = 1.0
    calcium: float = 1.0
    slow_potassium: float = 1.0
    rectifier: float = 1.0
    outward: float = 1.0
    bind_per_ms: float = 0.0
    unbind_per_ms: float = 0.0
    half_mv: float = 0.0
    others: tuple[tuple[float, float, float], ...] = ()


NO_DRUG = DrugEffect()


def together(effects: Sequence[DrugEffect]) -> DrugEffect:
    """The effect of several drugs at once, in whatever order.

    Six currents keep the product of what each drug leaves of them (independent sites); to hERG the drugs bind in
    competition, each with its own rates.
    """
    found = [one for one in effects if one != NO_DRUG]
    if len(found) < 2:
        return found[0] if found else NO_DRUG
    binding = sorted(
        (b for one in found for b in ((one.bind_per_ms, one.unbind_per_ms, one.half_mv), *one.others)), reverse=True
    )
    bound = [b for b in binding if b[0] > 0.0] or [(0.0, 0.0, 0.0)]

    def left(name: str) -> float:
        return math.prod(sorted(getattr(one, name) for one in found))

    return DrugEffect(
        left("late_sodium"), left("sodium"), left("calcium"), left("slow_potassium"), left("rectifier"),
        left("outward"), *bound[0], tuple(bound[1:]),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug of the CiPA set. blocks: (IC50 in nM, Hill) by current; binding: Kmax, Ku (1/ms), n, halfmax, Vhalf."""

    name: str
    risk: int
    cmax_nm: float
    training: bool
    blocks: dict[str, tuple[float, float]]
    binding: tuple[float, float, float, float, float]

    def effect(self, concentration_nm: float) -> DrugEffect:
        """The effect at a free concentration in nM. Raises EngineError below zero or where it is not finite."""
        c = concentration_nm
        if not math.isfinite(c) or c < 0.0:
            raise EngineError("A drug concentration must be finite and not below zero", where=f"{self.name} {c} nM")
        if c == 0.0:
            return NO_DRUG
        left = {name: 1.0 / (1.0 + (c / ic50) ** hill) for name, (ic50, hill) in self.blocks.items()}
        kmax, unbind, n, halfmax, half_mv = self.binding
        occupied = c**n / (c**n + halfmax)
        return DrugEffect(
            late_sodium=left.get("INaL", 1.0), sodium=left.get("INa", 1.0), calcium=left.get("ICaL", 1.0),
            slow_potassium=left.get("IKs", 1.0), rectifier=left.get("IK1", 1.0), outward=left.get("Ito", 1.0),
            bind_per_ms=kmax * unbind * occupied, unbind_per_ms=unbind, half_mv=half_mv,
        )  # fmt: skip

    def at_cmax(self, times: float) -> DrugEffect:
        """The effect at a multiple of the highest free therapeutic concentration."""
        return self.effect(times * self.cmax_nm)


def drug(name: str) -> Drug:
    """A drug by its international name. Raises EngineError for one that is not in the CiPA set."""
    row = DRUGS.get(name.strip().lower())
    if row is None:
        raise EngineError(f"There is no channel data for the drug {name!r}", remedy="Known: " + ", ".join(DRUGS))
    blocks = {current: block for current, block in zip(CURRENTS, row[3], strict=True) if block is not None}
    return Drug(name.strip().lower(), row[0], row[1], row[2], blocks, row[4])


def drug_names() -> tuple[str, ...]:
    """All 28 drugs of the CiPA set, the 12 that trained the classifier and the 16 that validate it."""
    return tuple(DRUGS)


def risk_class(mean_qnet: float) -> int:
    """TdP risk by mean qNet (uC/uF) over 1 to 4 x Cmax: 2 high, 1 intermediate, 0 low."""
    return 2 if mean_qnet < HIGH_BELOW else (1 if mean_qnet < LOW_ABOVE else 0)
