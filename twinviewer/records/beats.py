"""Beats in a recorded ECG: where they are, their rate, and the mean beat on which intervals are measured.

QRS is found by the energy of steep slopes (after Pan & Tompkins, IEEE Trans Biomed Eng 32:230, 1985): 5 to 20 Hz, the
absolute slope of all leads together, smoothed over a QRS, above a share of what is usual round about. The mean beat is
that of the beats that look alike (correlation), aligned to a sample, with wander of the baseline removed below 0.3 Hz.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter, uniform_filter1d
from scipy.signal import butter, find_peaks, sosfiltfilt

from twinviewer.domain import Ecg, LoadError

BAND_HZ, QRS_MS, REFRACTORY_MS = (5.0, 20.0), 80.0, 250.0
LEAST_HZ, MOST_HZ = 50.0, 100_000.0
SHARE, AROUND = 0.4, 9
"""A beat has at least this share of the median energy of its neighbours."""
ALIKE = 0.85
LEAD_IN_MS = 400.0
PLAUSIBLE_MV = (0.1, 20.0)
"""Height of QRS in the lead where it is highest; beyond, the gain is wrong."""
MOST_MISSING = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """at_s: (n,) times of QRS. mean_mv: lead -> (m,) one mean beat over a median RR interval, from before P. alike: how
    many beats it is the mean of. rr_ms: median."""

    at_s: NDArray[np.float64]
    mean_mv: Mapping[str, NDArray[np.float64]]
    alike: int
    rr_ms: float
    rate_hz: float

    @property
    def rate_bpm(self) -> float:
        """60 over the mean distance of beats."""
        return float(60.0 * (len(self.at_s) - 1) / (self.at_s[-1] - self.at_s[0]))

    @property
    def intervals_ms(self) -> NDArray[np.float64]:
        """(n - 1,) distances of beats."""
        return 1000.0 * np.diff(self.at_s)


def find_beats(ecg: Ecg) -> Beats:
    """Beats of a recording of at least three. LoadError where the trace is none, or its amplitude cannot be true."""
    rate = ecg.rate_hz
    if not LEAST_HZ <= rate <= MOST_HZ:
        raise LoadError(f"An ECG of {rate:g} samples a second cannot be measured", where=ecg.file)
    leads = _clean(ecg)
    raw = np.stack(list(leads.values()))
    if raw.shape[1] < 2.0 * rate:
        raise LoadError("The recording is shorter than 2 s", where=ecg.file)
    signal = sosfiltfilt(butter(2, 0.3, "highpass", fs=rate, output="sos"), raw, axis=1)
    _check_amplitude(signal, list(leads), ecg.file)
    fast = sosfiltfilt(butter(2, BAND_HZ, "bandpass", fs=rate, output="sos"), signal, axis=1)
    slope = np.abs(np.gradient(fast, axis=1))
    scale = np.median(slope, axis=1, keepdims=True) + 1e-9
    energy = uniform_filter1d((slope / scale).sum(axis=0), round(QRS_MS / 1000.0 * rate))
    peaks, _ = find_peaks(energy, distance=max(round(REFRACTORY_MS / 1000.0 * rate), 1))
    peaks = _loud(peaks, energy, rate)
    if len(peaks) < 3:
        raise LoadError("Fewer than three beats are seen in the ECG", where=ecg.file, remedy="Is the trace connected?")
    rr = float(np.median(np.diff(peaks)))
    lead_in = round(min(LEAD_IN_MS / 1000.0 * rate, 0.45 * rr))
    windows, centres = _windows(signal, peaks, lead_in, round(rr))
    mean, alike, shift = _mean_beat(windows, round(0.1 * rate))
    at = np.array(peaks, np.float64)
    at[centres] += shift
    names = list(leads)
    ramp = np.linspace(0.0, 1.0, mean.shape[1])
    # runs into itself without a step: what is measured on it goes round
    closed = mean - mean[:, :1] - ramp * (mean[:, -1:] - mean[:, :1])
    return Beats(at / rate, dict(zip(names, closed, strict=True)), alike, 1000.0 * rr / rate, rate)


def _clean(ecg: Ecg) -> dict[str, NDArray[np.float64]]:
    """Leads with short gaps bridged; those with long ones are left out."""
    out = {}
    for name, values in ecg.leads_mv.items():
        missing = ~np.isfinite(values)
        if missing.mean() > MOST_MISSING:
            continue
        at = np.arange(len(values))
        out[name] = np.interp(at, at[~missing], values[~missing]) if missing.any() else np.asarray(values, np.float64)
    if not out:
        raise LoadError("Too many samples are missing in every lead", where=ecg.file)
    return out


def _check_amplitude(signal: NDArray[np.float64], names: list[str], file: str) -> None:
    """LoadError where no lead is as high as a QRS, or one is higher than any."""
    span = np.percentile(signal, 99.8, axis=1) - np.percentile(signal, 0.2, axis=1)
    remedy = "The gain in the file is probably wrong: correct it, or export the ECG again"
    top = int(span.argmax())
    if span[top] > PLAUSIBLE_MV[1]:
        raise LoadError(f"Lead {names[top]} spans {span[top]:.3g} mV, which no ECG does", where=file, remedy=remedy)
    if span[top] < PLAUSIBLE_MV[0]:
        raise LoadError(f"No lead spans more than {span[top]:.2g} mV", where=file, remedy=remedy)


def _loud(peaks: NDArray[np.intp], energy: NDArray[np.float64], rate: float) -> NDArray[np.intp]:
    """Of the peaks those that are beats: above a share of the usual height of the highest in each second or so."""
    if not len(peaks):
        return peaks
    height = energy[peaks]
    near = round(1.2 * rate)
    best = np.array(
        [height[np.searchsorted(peaks, p - near) : np.searchsorted(peaks, p + near) + 1].max() for p in peaks]
    )
    usual = median_filter(best, size=min(AROUND, len(best)), mode="nearest")
    return peaks[height > SHARE * usual]


def _windows(
    signal: NDArray[np.float64], peaks: NDArray[np.intp], lead_in: int, length: int
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """(beats, leads, length) of the beats that lie wholly inside, and which they are."""
    inside = np.flatnonzero((peaks >= lead_in) & (peaks - lead_in + length <= signal.shape[1]))
    if len(inside) > 200:  # enough for a mean; half an hour need not be held in memory
        inside = inside[np.linspace(0, len(inside) - 1, 200).astype(int)]
    return np.stack([signal[:, p - lead_in : p - lead_in + length] for p in peaks[inside]]), inside


def _mean_beat(windows: NDArray[np.float64], reach: int) -> tuple[NDArray[np.float64], int, NDArray[np.float64]]:
    """Mean over the beats that look like the median beat, each moved by up to ``reach`` samples onto it."""
    median = np.median(windows, axis=0)
    length = windows.shape[2]
    shifts = np.zeros(len(windows))
    moved = windows.copy()
    spectrum = np.conj(np.fft.rfft(median, axis=1))
    for k, window in enumerate(windows):
        match = np.fft.irfft((np.fft.rfft(window, axis=1) * spectrum).sum(axis=0), length)
        lags = np.r_[0 : reach + 1, length - reach : length]
        best = int(lags[match[lags].argmax()])
        shift = best if best <= reach else best - length
        shifts[k] = shift
        moved[k] = np.roll(window, -shift, axis=1)
    centre = np.median(moved, axis=0)
    likeness = np.array([np.corrcoef(one.ravel(), centre.ravel())[0, 1] for one in moved])
    keep = likeness >= min(ALIKE, float(np.sort(likeness)[len(likeness) // 2]))
    return moved[keep].mean(axis=0), int(keep.sum()), shifts
