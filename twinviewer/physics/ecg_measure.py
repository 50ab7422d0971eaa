"""PR, QRS, QT and axis from a 12-lead ECG as a cardiograph takes them: globally, over all leads at once.

Onset and end of QRS are where the spatial velocity √Σ(dφ/dt)² over the independent leads leaves and regains its quiet
level (IEC 60601-2-51 asks for global intervals; de Bie 2020 compares programs). The end of T is where the tangent at
the steepest descent of the spatial magnitude meets the baseline (Lepeschkin 1952). QTc after Fridericia. P begins where
the spatial velocity, looked at by itself before QRS, first leaves its own quiet level.
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
LEAD_IN_MS, LEAD_OUT_MS = 80.0, 120.0
"""From the core outwards QRS goes on until the velocity is below this share of the largest, or this many mV/s; where
that is not so within these times, to where the velocity is least (end) or no further (onset). Right bundle branch
block ends in a slow part of 100 ms and more."""
P_WINDOW_MS, P_CLEAR_MS = 320.0, 10.0
"""P is sought this long before QRS, up to the second before its onset."""
P_SMOOTH_MS, P_SHARE, P_GAP_MS, P_LEAST_MV = 5.0, 0.15, 40.0, 0.03
"""Smoothing of P (a standard deviation); share of its own largest velocity above which it has begun; the longest
stretch below that within it (its rounded or notched top); and the spatial size below which there is no P."""


@dataclass(frozen=True, slots=True)
class EcgMeasures:
    """Times in ms after the start of the trace. axis_deg: frontal QRS axis, 0 = towards the left, 90 = downwards."""

    qrs_onset_ms: float
    qrs_end_ms: float
    axis_deg: float
    t_end_ms: float | None
    rr_ms: float
    p_onset_ms: float | None = None

    @property
    def pr_ms(self) -> float | None:
        """Start of P to QRS onset; None where no P wave stands out."""
        return None if self.p_onset_ms is None else self.qrs_onset_ms - self.p_onset_ms

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


def measure(
    leads_mv: Mapping[str, NDArray[np.float64]], rate_hz: float = 1000.0, rr_ms: float | None = None
) -> EcgMeasures:
    """Measure one beat that starts before P and ends after T, or runs periodically into the next P.

    rr_ms: distance of beats; by default the trace is one period. Raises EngineError where there is no QRS.
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
    return EcgMeasures(
        onset * step, end * step, axis, _t_end(smooth, onset, end, step),
        signal.shape[1] * step if rr_ms is None else rr_ms, p_onset_ms(leads_mv, onset * step, rate_hz),
    )  # fmt: skip


def p_onset_ms(
    leads_mv: Mapping[str, NDArray[np.float64]], qrs_onset_ms: float, rate_hz: float = 1000.0
) -> float | None:
    """Where P begins, in ms of the trace (below 0 where it began before it); None where no P stands out.

    QRS may overlap it when the leads hold the atria's part alone.
    """
    step = 1000.0 / rate_hz
    signal = np.stack([np.asarray(leads_mv[name], np.float64) for name in INDEPENDENT])
    last = round((qrs_onset_ms - P_CLEAR_MS) / step)
    first = last - round(P_WINDOW_MS / step)
    part = gaussian_filter1d(signal.take(np.arange(first, last), axis=1, mode="wrap"), P_SMOOTH_MS / step, axis=1)
    part = part - np.median(part[:, -max(round(10.0 / step), 1) :], axis=1, keepdims=True)
    # the end of the last T may fall into the window: P is the hump nearest to QRS
    speed = np.sqrt((np.gradient(part, axis=1) ** 2).sum(axis=0)) / step
    size = np.sqrt((part**2).sum(axis=0))
    near = len(size) - round(min(220.0, P_WINDOW_MS) / step)
    if size[near:].max() < P_LEAST_MV:
        return None
    top = near + int(size[near:].argmax())
    loud = speed > P_SHARE * speed[max(top - round(80.0 / step), 0) : top + round(60.0 / step)].max()
    start, _ = _bridge(loud, top, top, round(P_GAP_MS / step))
    return (first + start) * step


def _extent(speed: NDArray[np.float64], step: float) -> tuple[int, int]:
    """First and last sample of QRS: its loud core, and from there outwards to where the trace lies still."""
    peak = int(speed.argmax())
    core = speed > CORE_SHARE * speed[peak]
    first, last = _bridge(core, peak, peak, round(GAP_MS / step))
    still = speed <= max(STILL_SHARE * speed[peak], STILL_MV_S / 1000.0)
    before, after = still[max(first - round(LEAD_IN_MS / step), 0) : first][::-1], still[last + 1 :]
    after = after[: round(LEAD_OUT_MS / step)]
    if not after.any() and len(after):
        # ST runs straight into a steep T and the trace never lies still: QRS ends where it is slowest between the two
        after[int(gaussian_filter1d(speed, 4.0 / step, mode="wrap")[last + 1 : last + 1 + len(after)].argmin())] = True
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
