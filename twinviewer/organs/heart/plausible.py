"""Which hearts could be this patient's: what is uncertain in a fitted baseline, and draws from it.

Uncertain are the numbers that were measured (by their errors), the parameters that they do not tell (by their spread
among people) and how excitation spreads: the three speeds keep the recorded QRS, by its error, while their ratios are
as in a population. Each draw solves the excitation of its speeds, then fits the mechanics to measurements that are off
by their errors (physics/fit_sample.py). What the user chose is taken as exact; so are the mesh, a scar, where the
conduction system enters and the therapies themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Drawn, EngineError, Reporter, Setup, UncertainInput
from twinviewer.organs.heart.fit_known import COULD_MEASURE, NINETY, QRS_MS, READ
from twinviewer.organs.heart.fit_words import WORDS
from twinviewer.organs.heart.personal import BEYOND, RATES, known_of
from twinviewer.physics.eikonal import EikonalGrid
from twinviewer.physics.fit_adapt import rest
from twinviewer.physics.fit_response import FittedHeart, respond, steady_from
from twinviewer.physics.fit_sample import Middle, draw
from twinviewer.physics.heart_fit import Free
from twinviewer.physics.heart_model import Patches, patches_of

Array = NDArray[np.float64]

RATE, QRS = "heart_rate_bpm", "qrs_ms"
ALONG, ACROSS, LAYER = "conduction_fibre_m_s", "conduction_cross_m_s", "conduction_endocardial_m_s"
RATE_AMONG_ADULTS_BPM = 10.0
"""Spread of the heart rate at rest, where none was measured. Assumed."""
SPEED_SPREAD = 0.10
"""Of the logarithm of all speeds, where no QRS was recorded: about as durations of normal QRS spread. Assumed."""
ACROSS_SPREAD, LAYER_SPREAD = 0.20, 0.25
"""Of the logarithms of the speeds across fibres and of the endocardial layer, relative to that along fibres: 1.4 to 2.8
times as fast along as across, and 0.7 to 1.5 m/s of the layer where 1 is usual, 90 % of the time. Assumed."""

MEASURABLE: Mapping[str, float] = {**COULD_MEASURE, "qrs_ms": QRS_MS, "lv_ef_percent": 2.0}
"""Numbers of docs/metrics.md with usual errors: a catheter's, and of a cine MR where there was none."""


def uncertain(setup: Setup) -> tuple[UncertainInput, ...]:
    """The inputs, in the order in which ``draw_hearts`` takes them."""
    fit = setup.fit
    if fit is None:
        return ()
    out = []
    for one in fit.residuals:
        if _skipped(setup, one.name):
            continue
        label, _ = WORDS.get(one.name, (one.name.replace("_", " "), 1))
        error = _error(setup, one.name)
        value = one.simulated if one.name == QRS else one.measured.value
        kind = "measured" if one.known else "stands_in"
        asks = () if one.known else (one.name,)
        ends = value - NINETY * error, value + NINETY * error
        out.append(
            UncertainInput(one.name, label, one.measured.unit, value, *ends, kind, one.measured.source, asks)  # type: ignore[arg-type]
        )
    for row in fit.parameters:
        label, _ = WORDS.get(row.name, (row.name.replace("_", " "), 2))
        low, high = row.before.low, row.before.high
        assert low is not None and high is not None
        out.append(
            UncertainInput(
                row.name, label, row.before.unit, row.before.value, low, high, "parameter", row.before.source, row.asks
            )
        )
    along = setup.parameters[ALONG]
    if QRS not in [one.name for one in fit.residuals] and along.origin != "chosen":
        out.append(_speed(ALONG, "speed of excitation", along.value, SPEED_SPREAD, (QRS,)))
    out.append(_speed(ACROSS, "speed of excitation across fibres", setup.value(ACROSS), ACROSS_SPREAD, ()))
    out.append(_speed(LAYER, "speed of the Purkinje layer", setup.value(LAYER), LAYER_SPREAD, ()))
    return tuple(out)


def _speed(name: str, label: str, value: float, spread: float, asks: tuple[str, ...]) -> UncertainInput:
    factor = float(np.exp(NINETY * spread))
    source = "assumed spread of the speeds' ratios" if not asks else "assumed spread among people"
    return UncertainInput(name, label, "m/s", value, value / factor, value * factor, "parameter", source, asks)


def _skipped(setup: Setup, name: str) -> bool:
    """Whether a number that the fit met is exact: the user chose it, or the parameter that it decides."""
    if name == RATE:
        return setup.parameters[RATE].origin == "chosen"
    return name == QRS and setup.parameters[ALONG].origin == "chosen"


def _error(setup: Setup, name: str) -> float:
    assert setup.fit is not None
    one = next(one for one in setup.fit.residuals if one.name == name)
    if name == RATE and not one.known:
        return RATE_AMONG_ADULTS_BPM
    return QRS_MS if name == QRS else one.error


@dataclass(frozen=True, eq=False)
class _Excitation:
    """How excitation of this heart changes with its speeds."""

    setup: Setup
    grid: EikonalGrid

    @classmethod
    def of(cls, setup: Setup) -> "_Excitation":
        mesh = setup.mesh
        triangles = np.concatenate([mesh.surfaces["lv_endocardium"], mesh.surfaces["rv_endocardium"]])
        return cls(setup, EikonalGrid.build(mesh.points_mm, mesh.tets, triangles))

    def at(self, speeds: Mapping[str, float]) -> Array:
        """(n,) activation, ms after the start of P."""
        tissue = self.setup.tissue
        medium = self.grid.medium(
            self.setup.mesh.cell_fields["fibre"],
            speeds[ALONG],
            speeds[ACROSS],
            scale=tissue.get("conduction_scale"),
            layer_nodes=np.asarray(tissue["fast_layer"]) > 0.5 if "fast_layer" in tissue else None,
            layer_speed_m_s=speeds[LAYER],
        )
        stimuli = self.setup.stimuli
        return np.asarray(medium.activation_ms([s.node for s in stimuli], [s.time_ms for s in stimuli]))

    def drawn(self, row: Mapping[str, float], before_ms: float) -> tuple[dict[str, float], Array]:
        """Speeds and activation of one draw. before_ms: how long activation of the baseline lasts."""
        speeds = {name: self.setup.value(name) for name in (ALONG, ACROSS, LAYER)}
        speeds[ACROSS] *= float(np.exp(ACROSS_SPREAD * row[ACROSS]))
        speeds[LAYER] *= float(np.exp(LAYER_SPREAD * row[LAYER]))
        if QRS in row:
            wanted_ms = max(before_ms + QRS_MS * row[QRS], 0.5 * before_ms)
        else:
            wanted_ms = before_ms * float(np.exp(-SPEED_SPREAD * row.get(ALONG, 0.0)))
        times = self.at(speeds)
        if QRS not in row and ALONG not in row:
            return speeds, times
        for last in (False, True):  # once is not enough: delays between fascicles do not go with the speeds
            start, lasts = float(np.nanmin(times)), float(np.nanmax(times) - np.nanmin(times))
            factor = lasts / wanted_ms
            speeds = {name: speed * factor for name, speed in speeds.items()}
            times = start + (times - start) / factor if last else self.at(speeds)
        return speeds, times


def draw_hearts(setup: Setup, normals: Array, report: Reporter) -> list[Drawn | None]:
    """See :meth:`twinviewer.domain.WithUncertainty.draw`."""
    fit, inputs = setup.fit, uncertain(setup)
    if fit is None or not inputs:
        raise EngineError("This baseline was not fitted", remedy="Prepare the baseline again")
    if normals.ndim != 2 or normals.shape[1] != len(inputs):
        raise ValueError(f"{len(inputs)} inputs are uncertain, not {normals.shape}")
    report(0.0, "What measurements leave open")
    excitation = _Excitation.of(setup)
    own_ms = excitation.at({name: setup.value(name) for name in (ALONG, ACROSS, LAYER)})
    before_ms = float(np.nanmax(own_ms) - np.nanmin(own_ms))
    patches = patches_of(setup.mesh)
    heart, middle = middle_of(setup, patches, own_ms)
    measured = [one.name for one in middle.known]
    free = [one.name for one in middle.free]
    fitted, exact = middle.response, set(free)
    out: list[Drawn | None] = []
    for number, row in enumerate(normals):
        report(0.02 + 0.98 * number / len(normals), f"Drawing heart {number + 1} of {len(normals)}")
        if not row.any():
            out.append(Drawn({}))
            continue
        of = dict(zip([one.name for one in inputs], row.tolist(), strict=True))
        changed: dict[str, float] = {}
        if RATE in of:
            rate = setup.value(RATE)
            changed[RATE] = float(np.clip(rate + _error(setup, RATE) * of[RATE], 0.6 * rate, 1.5 * rate))
        speeds, times = excitation.drawn(of, before_ms)
        begun_s = np.nan_to_num(patches.mean(setup.mesh, times)) / 1000.0
        moved = replace(heart, walls=replace(heart.walls, activation_s=begun_s))
        x, z = np.array([of[name] for name in measured]), np.array([of[name] for name in free])
        try:
            found = draw(moved, middle, changed, x, z, fitted.start)
        except EngineError:
            out.append(None)
            continue
        values = {name: found.value[name] for name in exact}
        out.append(Drawn({**changed, **speeds, **values}, found.off))
    return out


def middle_of(setup: Setup, patches: Patches, activation_ms: Array) -> tuple[FittedHeart, Middle]:
    """The fit of a baseline as it was: its terms are read from what the setup says of it."""
    assert setup.fit is not None
    value = {name: quantity.value for name, quantity in setup.parameters.items()}
    scale = setup.tissue.get("contractility_scale")
    factor = None if scale is None else np.asarray(scale, np.float64)
    heart = FittedHeart.of(setup.mesh, patches, value, activation_ms, factor)
    onset_s = float(np.nanmin(activation_ms)) / 1000.0
    known = [
        replace(known_of(one.name, one.measured, setup.mesh, onset_s), error=one.error)
        for one in setup.fit.residuals
        if one.name in RATES or (one.name in READ and one.name not in (RATE, QRS))
    ]
    free = []
    for row in setup.fit.parameters:
        assert row.before.high is not None
        spread = float(np.log(row.before.high / row.before.value) / NINETY)
        free.append(Free(row.name, row.before.value, spread, row.low / BEYOND, row.high * BEYOND))
    start, _, _ = steady_from(heart, value, rest(heart, value))
    names = [one.name for one in free]
    return heart, Middle(value, respond(heart, value, start, names, [one.read for one in known]), known, free)
