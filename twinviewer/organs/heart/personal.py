"""The baseline's mechanics made this patient's: what is measured, what is fitted to it, and what that does not tell.

Fitted are force, stiffness and unloaded size of both ventricles (the size by the pressure at which the relaxed muscle
holds the volume of the images), resistance and compliance of both circulations, blood volume and the speed of
relaxation (physics/heart_fit.py). Heart rate and conduction are used as measured.

An infarct takes force away. Where no end-systole was measured, an ejection fraction of adults without heart disease is
then no guess any more: the rest of the muscle is taken to be as strong as it would be without the infarct, and the
ejection fraction follows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import BaselineFit, FittedParameter, OrganMesh, Quantity, Records, Residual
from twinviewer.domain.fit import TOLD, WITHIN
from twinviewer.organs.heart.fit_known import (
    AMONG_ADULTS,
    COULD_MEASURE,
    NINETY,
    PARAMETERS,
    QRS_MS,
    READ,
    film_rate,
    sd_of,
)
from twinviewer.organs.heart.fit_words import problems, summary
from twinviewer.physics.fit_adapt import Targets, adapt
from twinviewer.physics.fit_intervals import Knowledge, asks, knowledge
from twinviewer.physics.fit_response import FittedHeart
from twinviewer.physics.heart_fit import CLOSELY, Fit, Free, Known, fit
from twinviewer.physics.heart_model import patches_of

FIT_SOURCE = "fit of the beat to volumes and pressures"
BEYOND = 1.5
"""The search goes beyond the range of patients by this factor, so that leaving it can be said."""
RV_EF_PERCENT, RV_EF_SPREAD = 56.0, 6.0
"""Of adults, men and women together: Petersen et al., J Cardiovasc Magn Reson 19:18 (2017)."""
RATES = {"lv_peak_ejection_ml_s": "ejection", "lv_peak_filling_ml_s": "filling"}
MEANS = ("lv_ef_percent", "systolic_mmhg", "diastolic_mmhg")
"""What a published mean stands in for where it was not measured."""
EF, FORCE = "lv_ef_percent", "contractility_lv_kpa"


@dataclass(frozen=True, slots=True)
class Personal:
    """Parameters after the fit, what to say about it, and the fit itself."""

    parameters: dict[str, Quantity]
    notes: tuple[str, ...]
    fit: BaselineFit


def personalise(
    mesh: OrganMesh,
    parameters: Mapping[str, Quantity],
    measurements: Mapping[str, Quantity],
    records: Records,
    activation_ms: NDArray[np.floating],
    contractility_scale: NDArray[np.floating] | None = None,
) -> Personal:
    """Fit the mechanics. parameters: the baseline's, by name; those of origin "chosen" stay as they are. activation_ms:
    (points,), with the speeds that the QRS asks for. contractility_scale: (m,) of the tetrahedra, of an infarct.
    EngineError where the circulation diverges or a measurement is not a number."""
    patches = patches_of(mesh)
    parameters = _of_one_stroke(mesh, parameters, measurements)
    value = {name: quantity.value for name, quantity in parameters.items()}
    measured = _measured(mesh, parameters, measurements)
    onset_s = float(np.nanmin(activation_ms)) / 1000.0
    notes: list[str] = []
    free = [
        Free(name, value[name], known.spread, known.low / BEYOND, known.high * BEYOND)
        for name, known in PARAMETERS.items()
        if parameters[name].origin != "chosen"
    ]
    assumed = not _of_patient(measured[EF])
    chosen_ef = parameters["assumed_ef_percent"].origin == "chosen"
    if assumed and not chosen_ef and contractility_scale is not None and FORCE in [one.name for one in free]:
        # as strong as without the infarct, which then decides what is ejected
        sound = FittedHeart.of(mesh, patches, value, activation_ms)
        before = _fitted(sound, value, measured, free, mesh, onset_s)
        value[FORCE] = before.value[FORCE]
        free = [replace(one, median=value[FORCE], spread=0.1) if one.name == FORCE else one for one in free]
        parameters = {**parameters, FORCE: replace(parameters[FORCE], source="as strong as without the infarct")}
        healthy = measured.pop(EF)
        heart = FittedHeart.of(mesh, patches, value, activation_ms, contractility_scale)
        result = _fitted(heart, value, measured, free, mesh, onset_s)
        notes.append(
            f"No end-systole was measured, and the {healthy.value:.0f} % of adults without heart disease do not hold "
            f"for a heart with an infarct: the rest of its muscle is taken to be as strong as it would be without, and "
            f"the ejection fraction comes to {READ[EF](result.beat):.0f} %"
        )
    else:
        heart = FittedHeart.of(mesh, patches, value, activation_ms, contractility_scale)
        result = _fitted(heart, value, measured, free, mesh, onset_s)
        if assumed:
            notes.append(
                f"No end-systolic volume was measured: an EF of {measured[EF].value:.0f} % is assumed and no finding"
            )
    systolic, diastolic = parameters["systolic_mmhg"], parameters["diastolic_mmhg"]
    if not (_of_patient(systolic) and _of_patient(diastolic)):
        notes.append(f"No blood pressure in the records: {systolic.value:.0f}/{diastolic.value:.0f} mmHg is assumed")
    return _reported(
        mesh, parameters, measured, free, result, onset_s, _met_elsewhere(parameters, records, activation_ms), notes
    )


def _of_one_stroke(
    mesh: OrganMesh, parameters: Mapping[str, Quantity], measurements: Mapping[str, Quantity]
) -> Mapping[str, Quantity]:
    """The parameters with the assumed ejection fraction lowered where a wide left ventricle beside a slim right one
    could not have it: both eject the same stroke, and the right one's fraction is bounded by what adults have, too. The
    stroke is the likeliest one where both fractions are normal with their means and spreads."""
    assumed = parameters["assumed_ef_percent"]
    known = any(_ejection(measurements, side) is not None for side in ("lv", "rv"))
    left, right = (mesh.enclosed_ml(f"{side}_cavity") for side in ("lv", "rv"))
    if known or assumed.origin == "chosen" or min(left, right) <= 0.0:
        return parameters
    mean, spread = assumed.value, AMONG_ADULTS[EF]
    stroke = (mean / left / spread**2 + RV_EF_PERCENT / right / RV_EF_SPREAD**2) / (
        1.0 / (left * spread) ** 2 + 1.0 / (right * RV_EF_SPREAD) ** 2
    )
    fraction = stroke / left
    if fraction >= mean - 1.0:
        return parameters
    source = (
        f"{assumed.source}; {mean:.0f} % would empty the right ventricle, which ejects as much, to "
        f"{100.0 - mean * left / right:.0f} %: the likeliest stroke of both is taken"
    )
    return {**parameters, "assumed_ef_percent": replace(assumed, value=fraction, source=source)}


def _met_elsewhere(
    parameters: Mapping[str, Quantity], records: Records, activation_ms: NDArray[np.floating]
) -> tuple[Residual, ...]:
    """Heart rate, which is used as it is, and the QRS duration, which conduction speeds were scaled to."""
    rate = parameters["heart_rate_bpm"]
    out = [Residual("heart_rate_bpm", rate, rate.value, max(sd_of("heart_rate_bpm", rate), 1.0))]
    if (qrs := records.values.get("qrs_ms")) is not None:
        lasts = float(np.nanmax(activation_ms) - np.nanmin(activation_ms))
        out.append(Residual("qrs_ms", qrs, lasts, QRS_MS))
    return tuple(out)


def _of_patient(quantity: Quantity) -> bool:
    return quantity.origin in ("measured", "chosen")


def _measured(
    mesh: OrganMesh, parameters: Mapping[str, Quantity], measurements: Mapping[str, Quantity]
) -> dict[str, Quantity]:
    """What the steady beat should show. Volumes are the mesh's, which were measured: their intervals are scaled."""
    out: dict[str, Quantity] = {}
    for side in ("lv", "rv"):
        volume = mesh.enclosed_ml(f"{side}_cavity")
        known = measurements.get(f"{side}_edv_ml") or measurements.get(f"{side}_volume_ml")
        source = f"volume of the model at end-diastole, mesh {mesh.uid}"
        if known is None or known.value <= 0.0:
            out[f"{side}_edv_ml"] = Quantity(volume, "mL", "measured", source)
            continue
        ends = (None if end is None else end * volume / known.value for end in (known.low, known.high))
        out[f"{side}_edv_ml"] = Quantity(volume, "mL", "measured", source, *ends)
    for side in ("lv", "rv"):
        found = _ejection(measurements, side)
        if found is not None:
            out[f"{side}_ef_percent"] = found
    if EF not in out:
        assumed = parameters["assumed_ef_percent"]
        origin = assumed.origin if assumed.origin == "chosen" else "population"
        out[EF] = Quantity(assumed.value, "%", origin, assumed.source)
    for name in ("systolic_mmhg", "diastolic_mmhg"):
        out[name] = parameters[name]
    if mesh.motion_mm is not None:
        out |= {name: measurements[name] for name in RATES if name in measurements}
    return out


def _ejection(measurements: Mapping[str, Quantity], side: str) -> Quantity | None:
    """The measured ejection fraction; None where the images show no end-systole, or it was assumed (typed hearts)."""
    edv, esv = measurements.get(f"{side}_edv_ml"), measurements.get(f"{side}_esv_ml")
    if edv is None or esv is None or esv.origin == "assumed" or not 0.0 < esv.value < 0.97 * edv.value:
        return None
    percent = 100.0 * (1.0 - esv.value / edv.value)
    given = measurements.get(f"{side}_ef_percent")
    if given is not None and abs(given.value - percent) < 0.5:
        return given
    return Quantity(percent, "%", "measured", esv.source)


def _fitted(
    heart: FittedHeart,
    value: Mapping[str, float],
    measured: Mapping[str, Quantity],
    free: list[Free],
    mesh: OrganMesh,
    onset_s: float,
) -> Fit:
    """Adapted to the chief targets, then fitted."""
    systolic, diastolic = measured["systolic_mmhg"].value, measured["diastolic_mmhg"].value
    edv = measured["lv_edv_ml"].value
    targets = Targets(
        lv_edv_ml=edv,
        rv_edv_ml=measured["rv_edv_ml"].value,
        lv_esv_ml=edv * (1.0 - measured[EF].value / 100.0) if EF in measured else None,
        middle_arterial_mmhg=0.5 * (systolic + diastolic),
        pulse_pressure_mmhg=systolic - diastolic,
    )
    names = {one.name for one in free}
    adapted, start, took = adapt(heart, value, targets, held=set(value) - names)
    known = [known_of(name, quantity, mesh, onset_s) for name, quantity in measured.items()]
    watched = [READ[name] for name in COULD_MEASURE]
    result = fit(heart, adapted, start, known, free, watched)
    return replace(result, beats=result.beats + took)


def known_of(name: str, quantity: Quantity, mesh: OrganMesh, onset_s: float) -> Known:
    read = film_rate(mesh, RATES[name], onset_s) if name in RATES else READ[name]
    return Known(name, quantity.value, sd_of(name, quantity), read)


def _reported(
    mesh: OrganMesh,
    parameters: Mapping[str, Quantity],
    measured: Mapping[str, Quantity],
    free: list[Free],
    result: Fit,
    onset_s: float,
    more: tuple[Residual, ...],
    notes: list[str],
) -> Personal:
    """The fit in the words of the domain."""
    residuals = list(more)
    for name, quantity in measured.items():
        known = known_of(name, quantity, mesh, onset_s)
        residuals.append(Residual(name, quantity, known.read(result.beat), known.error))
    used = residuals[len(more) :]
    error, of_patient = np.array([one.error for one in used]), np.array([one.known for one in used])
    tells = knowledge(result.slopes, error, np.array([one.spread for one in free]), of_patient, CLOSELY)
    watched = dict(zip(COULD_MEASURE, result.watched, strict=True))
    watched |= {one.name: row for one, row in zip(used, result.slopes, strict=True) if not one.known}
    errors = COULD_MEASURE | {
        name: sd_of(name, replace(measured[name], origin="measured")) for name in MEANS if name in measured
    }
    rows = []
    for k, one in enumerate(free):
        enough = min((1.0 - TOLD) * tells.before[k, k], (np.log(WITHIN) / NINETY) ** 2)
        is_told = bool(tells.by_patient[k, k] <= enough)
        wanted = () if is_told else asks(tells, k, watched, errors, enough)
        rows.append(_row(k, one, parameters[one.name], result, tells, is_told, wanted))
    found = BaselineFit(tuple(residuals), tuple(rows), tells.directions)
    found = replace(found, problems=problems(found))
    fitted = dict(parameters) | {row.name: row.value for row in rows}
    if EF in measured and measured[EF].source != parameters["assumed_ef_percent"].source:
        del fitted["assumed_ef_percent"]
    return Personal(fitted, (summary(found, result.beats), *notes, *found.problems), found)


def _row(
    index: int, free: Free, old: Quantity, result: Fit, tells: Knowledge, is_told: bool, wanted: tuple[str, ...]
) -> FittedParameter:
    """One parameter: told by the data, or as a population has it and moved by what the data say."""
    value, told = result.value[free.name], float(tells.told[index])
    after, before = tells.factor(index), float(np.exp(NINETY * free.spread))
    if is_told:
        quantity = old.with_value(value, "fitted", FIT_SOURCE)
    else:
        moved = abs(np.log(value / free.median)) > 0.02
        source = f"{old.source}; these data cannot tell it" + (f" (moved from {free.median:.3g})" if moved else "")
        quantity = old.with_value(value, old.origin, source)
    known = PARAMETERS[free.name]
    return FittedParameter(
        free.name,
        replace(quantity, low=value / after, high=value * after),
        replace(old, value=free.median, low=free.median / before, high=free.median * before),
        known.low,
        known.high,
        known.source,
        told,
        wanted,
    )
