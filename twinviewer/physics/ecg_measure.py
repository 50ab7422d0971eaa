"""QRS, QT and axis from a 12-lead ECG as a cardiograph takes them: globally, over all leads at once.

Onset and end of QRS are where the spatial velocity √Σ(dφ/dt)² over the independent leads leaves and regains its quiet
level (IEC 60601-2-51 asks for global intervals; de Bie 2020 compares programs). The end of T is where the tangent at
the steepest descent of the spatial magnitude meets the baseline (Lepeschkin 1952). QTc after Fridericia.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from twinviewer.domain import EngineError

INDEPENDENT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
CORE_SHARE, GAP_MS = 0.15, 15.0
"""The core of QRS: above this share of the largest spatial velocity, over notches of up to so many ms. P and T stay
below it."""
STILL_SHARE, STILL_MV_S = 0.025, 5.0
LEAD_IN_MS, LEAD_OUT_MS = 80.0, 80.0
"""From the core outwards QRS goes on until the velocity is below this share of the largest, or this many mV/s, but no
further than this."""


@dataclass(frozen=True, slots=True)
class EcgMeasures:
    """Times in ms after the start of the trace. axis_deg: frontal QRS axis, 0 = towards the left, 90 = downwards."""

    qrs_onset_ms: float
    qrs_end_ms: float
    axis_deg: float
    t_end_ms: float | None
    rr_ms: float

    @property
    def qrs_ms(self) -> float:
        """Global QRS duration."""
        return self.qrs_end_ms - self.qrs_onset_ms

    @property
    def qt_ms(self) -> float | None:
        """QRS onset to the end of T; None where no T wave stands out."""
        return None if self.t_end_ms is None else self.t_end_ms - self.qrs_onset_ms

    @property
    def qtc_ms(self) -> float | None:
        """QT / ∛RR with RR in s (Fridericia 1920)."""
        return None if self.qt_ms is None else self.qt_ms / (self.rr_ms / 1000.0) ** (1.0 / 3.0)


def measure(leads_mv: Mapping[str, NDArray[np.float64]], rate_hz: float = 1000.0) -> EcgMeasures:
    """Measure one beat that starts before P and ends after T, or runs periodically into the next P.

    Raises EngineError where there is no QRS.
    """
    signal = np.stack([np.asarray(leads_mv[name], np.float64) for name in INDEPENDENT])
    step = 1000.0 / rate_hz
    smooth = gaussian_filter1d(signal, 1.5 / step, axis=1, mode="wrap")
    speed = np.sqrt((np.gradient(smooth, axis=1) ** 2).sum(axis=0)) / step
    if not np.isfinite(speed).all() or speed.max() < 1e-4:
        raise EngineError("The ECG has no QRS complex to measure")
    onset, end = _extent(speed, step)
    area_i = float(signal[0, onset : end + 1].sum())
    area_ii = float(signal[1, onset : end + 1].sum())
    axis = float(np.degrees(np.arctan2((2.0 * area_ii - area_i) / np.sqrt(3.0), area_i)))
    return EcgMeasures(onset * step, end * step, axis, _t_end(smooth, onset, end, step), signal.shape[1] * step)


def _extent(speed: NDArray[np.float64], step: float) -> tuple[int, int]:
    """First and last sample of QRS: its loud core, and from there outwards to where the trace lies still."""
    peak = int(speed.argmax())
    core = speed > CORE_SHARE * speed[peak]
    first, last = _bridge(core, peak, peak, round(GAP_MS / step))
    still = speed <= max(STILL_SHARE * speed[peak], STILL_MV_S / 1000.0)
    before, after = still[max(first - round(LEAD_IN_MS / step), 0) : first][::-1], still[last + 1 :]
    after = after[: round(LEAD_OUT_MS / step)]
    return (
        first - (int(before.argmax()) if before.any() else 0),
        last + (int(after.argmax()) if after.any() else len(after)),
    )


def _bridge(loud: NDArray[np.bool_], onset: int, end: int, gap: int) -> tuple[int, int]:
    """The loud stretch round onset..end, over silences of up to gap samples."""
    while loud[max(onset - gap, 0) : onset].any():
        onset = max(onset - gap, 0) + int(np.flatnonzero(loud[max(onset - gap, 0) : onset])[0])
    while loud[end + 1 : end + 1 + gap].any():
        end += 1 + int(np.flatnonzero(loud[end + 1 : end + 1 + gap])[-1])
    return onset, end


def _t_end(smooth: NDArray[np.float64], onset: int, end: int, step: float) -> float | None:
    """Tangent at the steepest descent after the top of T, down to the level before QRS."""
    first = end + round(60.0 / step)
    last = min(smooth.shape[1] - 1, onset + round(650.0 / step))
    if last - first < 40:
        return None
    level = smooth[:, max(onset - round(10.0 / step), 0)][:, None]
    size = np.sqrt(((smooth - level) ** 2).sum(axis=0))
    top = first + int(size[first:last].argmax())
    fall = np.gradient(size)
    if top >= last - 5 or size[top] < 0.02:
        return None
    steep = top + int(fall[top:last].argmin())
    if fall[steep] >= 0.0:
        return None
    return float((steep - size[steep] / fall[steep]) * step)
