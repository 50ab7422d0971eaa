"""What a reader finds in the twelve leads of each state, as functions: the tests assert them, docs/verification.md
tells which are met on which heart.

Criteria: Surawicz et al., AHA/ACCF/HRS recommendations part III, Circulation 119:e235 (2009), unless said otherwise.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from twinviewer.engines.beat.electrical import Activation
from twinviewer.physics.ecg_waves import Waves, waves

LATERAL, CHEST = ("I", "aVL", "V5", "V6"), tuple(f"V{k}" for k in range(1, 7))


@dataclass(frozen=True, eq=False)
class Reading:
    """An ECG with its waves by lead. onset_ms: when the first ventricular stimulus fires."""

    beat: Activation
    onset_ms: float

    def value(self, name: str) -> float:
        """A metric of the beat."""
        return self.beat.metrics[name].value

    def __getitem__(self, lead: str) -> Waves:
        return self.leads[lead]

    @property
    def leads(self) -> dict[str, Waves]:
        """Waves of all leads, by name."""
        end = self.onset_ms + self.value("qrs_ms")
        return {name: waves(trace.values, self.onset_ms - 4.0, end) for name, trace in self.beat.ecg.items()}

    def t_mv(self, lead: str) -> float:
        """Largest deflection after QRS, from the level before it."""
        trace = self.beat.ecg[lead].values - self.beat.ecg[lead].values[round(self.onset_ms - 5.0)]
        after = trace[round(self.onset_ms + self.value("qrs_ms") + 40.0) : round(self.onset_ms + 480.0)]
        return float(after[np.abs(after).argmax()])

    def below_ms(self, lead: str, mv: float, last_ms: float) -> int:
        """How long the trace lies under a level within the last part of QRS."""
        trace = self.beat.ecg[lead].values - self.beat.ecg[lead].values[round(self.onset_ms - 4.0)]
        end = round(self.onset_ms + self.value("qrs_ms"))
        return int(np.count_nonzero(trace[end - round(last_ms) : end] < mv))

    def peak_ms(self, lead: str) -> float:
        """From QRS onset to the top of the lead."""
        first = round(self.onset_ms - 4.0)
        return float(self.beat.ecg[lead].values[first : first + round(self.value("qrs_ms")) + 4].argmax()) - 4.0


Met = Callable[[Reading, Reading], bool]
"""Of the state's reading and the same heart's with normal conduction, whether a feature is there."""


def _rs(w: Waves) -> bool:
    return w.s_mv > w.r_mv


def _lbbb_notches(x: Reading, _: Reading) -> bool:
    return sum(x[name].notched for name in LATERAL) >= 2


def _progression(x: Reading, _: Reading) -> bool:
    share = [w.r_mv / (w.r_mv + w.s_mv) for w in (x[name] for name in CHEST[:5])]
    return share[0] < share[2] < share[4] and share[1] < share[3]


def _q_waves(*leads: str) -> Met:
    def met(x: Reading, normal: Reading) -> bool:
        share = {name: x[name].q_mv / max(x[name].r_mv, 0.01) for name in leads}
        before = {name: normal[name].q_mv / max(normal[name].r_mv, 0.01) for name in leads}
        return all(x[n].q_ms >= 30.0 and x[n].q_mv >= 0.1 and share[n] > before[n] for n in leads)

    return met


def _t_opposes(x: Reading, _: Reading) -> bool:
    return x.t_mv("V6") < -0.1 and x.t_mv("V1") > 0.3 and x.t_mv("V2") > 0.3


NORMAL: Mapping[str, Met] = {
    "QRS 75 to 110 ms": lambda x, _: 75 <= x.value("qrs_ms") <= 110,
    "axis -30 to 90°": lambda x, _: -30 <= x.value("qrs_axis_deg") <= 90,
    "rS in V1": lambda x, _: _rs(x["V1"]),
    "rS in V2": lambda x, _: _rs(x["V2"]) and x["V2"].r_mv > 0.1,
    "R in V5, V6": lambda x, _: not _rs(x["V5"]) and not _rs(x["V6"]),
    "R gains from V1 to V5": _progression,
    "septal q in V6": lambda x, _: 0.0 < x["V6"].q_mv < 0.35 * x["V6"].r_mv and x["V6"].q_ms < 40.0,
    "aVR negative, II positive": lambda x, _: x["aVR"].net_mv < 0.0 < x["II"].net_mv,
}
LBBB: Mapping[str, Met] = {
    "QRS 130 to 210 ms": lambda x, _: 130 <= x.value("qrs_ms") <= 210,
    "broad R without q in I, V5, V6": lambda x, _: all(
        x[n].r_mv > 0.3 and x[n].r_ms > 100.0 and x[n].q_mv < 0.05 for n in ("I", "V5", "V6")
    ),
    "notched or slurred in two lateral leads": _lbbb_notches,  # Strauss et al., Am J Cardiol 107:927 (2011)
    "rS or QS in V1, V2": lambda x, _: all(
        max(x[n].q_mv, x[n].s_mv) > 0.8 and x[n].r_mv < 0.5 * max(x[n].q_mv, x[n].s_mv) for n in ("V1", "V2")
    ),
    "T opposes QRS": _t_opposes,
    "lateral wall 60 ms after the septum": lambda x, _: x.value("septal_lateral_delay_ms") > 60.0,
}
RBBB: Mapping[str, Met] = {
    "QRS 120 ms and more": lambda x, _: x.value("qrs_ms") >= 120,
    "rSR' in V1": lambda x, _: x["V1"].r_mv > 0.1 and x["V1"].r2_mv > 0.2 and x["V1"].s_mv > 0.05,
    "S of 40 ms in I, V6": lambda x, _: all(x[n].s_mv > 0.15 and x.below_ms(n, -0.03, 80.0) >= 40 for n in ("I", "V6")),
    "left ventricle as without block": lambda x, n: abs(x.value("lv_activation_ms") - n.value("lv_activation_ms")) < 6,
}
LAFB: Mapping[str, Met] = {
    "axis -90 to -45°": lambda x, _: -90 <= x.value("qrs_axis_deg") <= -45,
    "axis 40° further left than without block": lambda x, n: x.value("qrs_axis_deg") < n.value("qrs_axis_deg") - 40,
    "QRS < 120 ms, at most 25 ms wider": lambda x, n: (
        x.value("qrs_ms") < 120 and x.value("qrs_ms") - n.value("qrs_ms") <= 25
    ),
    "qR in aVL": lambda x, _: x["aVL"].q_mv > 0.03 and x["aVL"].r_mv > 2 * x["aVL"].q_mv,
    "top of aVL at 45 ms or later": lambda x, _: x.peak_ms("aVL") >= 45.0,
    "rS in III, aVF": lambda x, _: all(x[n].r_mv > 0.03 and _rs(x[n]) for n in ("III", "aVF")),
}
LPFB: Mapping[str, Met] = {
    "axis 90 to 180°": lambda x, _: 90 <= x.value("qrs_axis_deg") <= 180,
    "axis further right than without block": lambda x, n: x.value("qrs_axis_deg") > n.value("qrs_axis_deg"),
    "QRS < 120 ms, at most 25 ms wider": lambda x, n: (
        x.value("qrs_ms") < 120 and x.value("qrs_ms") - n.value("qrs_ms") <= 25
    ),
    "rS in I, aVL": lambda x, _: all(x[n].r_mv > 0.03 and _rs(x[n]) for n in ("I", "aVL")),
    "qR in III, aVF": lambda x, _: all(x[n].q_mv > 0.03 and x[n].r_mv > x[n].q_mv for n in ("III", "aVF")),
}
# Q of 30 ms and 0.1 mV in two neighbouring leads: Thygesen et al., Circulation 138:e618 (2018)
INFERIOR: Mapping[str, Met] = {"Q of 30 ms in III, aVF": _q_waves("III", "aVF")}
LATERAL_INFARCT: Mapping[str, Met] = {"Q of 30 ms in V5, V6": _q_waves("V5", "V6")}
ANTERIOR: Mapping[str, Met] = {
    "QS or q in V3 or V4": lambda x, _: max(x[n].q_mv / max(x[n].r_mv, 0.01) for n in ("V3", "V4", "I", "aVL")) > 0.25,
    "R of V3, V4 less by 30 %": lambda x, n: all(x[k].r_mv < 0.7 * n[k].r_mv for k in ("V3", "V4")),
    "no r or less than 0.3 mV in V1, V2": lambda x, _: all(x[k].r_mv < 0.3 for k in ("V1", "V2")),
}
RV_PACED: Mapping[str, Met] = {
    "QRS 130 to 220 ms": lambda x, _: 130 <= x.value("qrs_ms") <= 220,
    "axis left and up (apex)": lambda x, _: -120 <= x.value("qrs_axis_deg") <= -30,
    "V1 negative": lambda x, _: x["V1"].net_mv < 0.0,
    "I positive": lambda x, _: x["I"].net_mv > 0.0,
}
BIV_PACED: Mapping[
    str, Met
] = {  # n: the same heart paced on the right alone; Ammann et al., Ann Intern Med 141:968 (2004)
    "QRS narrower than RV-paced by 10 ms": lambda x, n: x.value("qrs_ms") <= n.value("qrs_ms") - 10,
    "I less positive than RV-paced": lambda x, n: x["I"].net_mv < n["I"].net_mv,
    "V1 less negative than RV-paced": lambda x, n: x["V1"].net_mv > n["V1"].net_mv,
}
STATES: Mapping[str, Mapping[str, Met]] = {
    "normal": NORMAL,
    "lbbb": LBBB,
    "rbbb": RBBB,
    "lafb": LAFB,
    "lpfb": LPFB,
    "lad_extensive": ANTERIOR,
    "lcx_lateral": LATERAL_INFARCT,
    "rca_inferior": INFERIOR,
    "rv_paced": RV_PACED,
    "biv_paced": BIV_PACED,
}


def found(state: str, seen: Reading, compared: Reading) -> dict[str, bool]:
    """Each feature of a state, and whether it is there. compared: the same heart's normal beat; of biventricular
    pacing, its RV-paced one."""
    return {text: bool(met(seen, compared)) for text, met in STATES[state].items()}
