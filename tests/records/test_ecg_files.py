"""Recorded ECGs against what is known of them: beats that experts marked, and what a cardiograph stated."""

import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from twinviewer.domain import Ecg, LoadError, Subject
from twinviewer.records import find_beats, read_wfdb

ECG = Path("signals_and_records") / "ecg"
BEAT_CODES = {*range(1, 14), 25, 30, 34, 35, 38, 41}
"""Annotation codes that are beats (WFDB Programmer's Guide, ecgcodes.h)."""


def marked_beats(path: Path) -> np.ndarray:
    """Sample numbers of the beats in an annotation file of MIT format: pairs of bytes, 6 bits code, 10 bits step."""
    words = np.frombuffer(path.read_bytes(), "<u2")
    found, at, k = [], 0, 0
    while k < len(words) and words[k]:
        code, step = int(words[k]) >> 10, int(words[k]) & 0x3FF
        k += 1
        if code == 59:
            high, low = int(words[k]), int(words[k + 1])
            at += struct.unpack("<i", struct.pack("<I", high << 16 | low))[0]
            k += 2
        elif code == 63:
            k += (step + 1) // 2
        elif code in (60, 61, 62):
            continue
        else:
            at += step
            if code in BEAT_CODES:
                found.append(at)
    return np.array(found)


def test_beats_of_mit_bih_100_are_those_that_experts_marked(data_dir: Path) -> None:
    folder = data_dir / ECG
    ecg = read_wfdb(folder / "100.hea")
    truth = marked_beats(folder / "100.atr")
    assert len(truth) == 2273  # as PhysioNet's table of the database says
    assert set(ecg.leads_mv) == {"MLII", "V5"} and ecg.subject.sex == "M"
    beats = find_beats(ecg)
    assert beats.rate_bpm == pytest.approx(60.0 * 360.0 * (len(truth) - 1) / (truth[-1] - truth[0]), abs=0.2)
    nearest = np.abs(beats.at_s[:, None] * 360.0 - truth[None, :]).min(axis=1)
    missed = np.abs(truth[:, None] - beats.at_s[None, :] * 360.0).min(axis=1)
    assert (nearest < 0.1 * 360).mean() > 0.999 and (missed < 0.1 * 360).mean() > 0.999


def test_samples_are_those_that_the_header_announces(data_dir: Path) -> None:
    """The header gives the first sample of each signal; read_wfdb checks the sums of all."""
    ecg = read_wfdb(data_dir / ECG / "100.hea")
    assert len(ecg.leads_mv["MLII"]) == 650000 and ecg.rate_hz == 360.0
    assert ecg.leads_mv["MLII"][0] == pytest.approx((995 - 1024) / 200)
    assert ecg.leads_mv["V5"][0] == pytest.approx((1011 - 1024) / 200)
    ptb = read_wfdb(data_dir / ECG / "s0010_re.hea")
    assert ptb.leads_mv["I"][0] == pytest.approx(-489 / 2000) and len(ptb.leads_mv["V6"]) == 38400
    assert ptb.when == "1990-10-01" and ptb.subject.sex == "F"
    assert ptb.subject.birth_year == pytest.approx(1990 - 81, abs=1.01)
    assert any("s0010_re.xyz" in note for note in ptb.notes)
    limb = ptb.leads_mv
    assert np.abs(limb["I"] + limb["III"] - limb["II"]).max() < 0.005  # Einthoven: 5 µV are 10 units


@pytest.fixture
def record(data_dir: Path, tmp_path: Path) -> Path:
    for name in ("s0010_re.hea", "s0010_re.dat"):
        shutil.copyfile(data_dir / ECG / name, tmp_path / name)
    return tmp_path / "s0010_re.hea"


def test_a_file_cut_short_says_where(record: Path) -> None:
    data = record.with_suffix(".dat")
    data.write_bytes(data.read_bytes()[:500_000])
    with pytest.raises(LoadError, match=r"cut short: 20833 of 38400 samples.*s0010_re.dat"):
        read_wfdb(record)


def test_a_changed_byte_is_found_by_the_sum(record: Path) -> None:
    data = bytearray(record.with_suffix(".dat").read_bytes())
    data[1200] ^= 0x10
    record.with_suffix(".dat").write_bytes(data)
    with pytest.raises(LoadError, match="do not match the sum"):
        read_wfdb(record)


@pytest.mark.parametrize("gain", ["2", "2000000", "-5", "many"])
def test_a_wrong_gain_is_refused(record: Path, gain: str) -> None:
    record.write_text(record.read_text().replace(" 2000 ", f" {gain} "))
    with pytest.raises(LoadError) as caught:
        find_beats(read_wfdb(record))
    assert "gain" in str(caught.value) and "s0010_re.hea" in str(caught.value)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("s0010_re 15 1000 38400", "fewer"),
        ("s0010_re/3 15 1000 38400", "segments"),
        ("s0010_re fifteen", "first line"),
        ("s0010_re 15 1 38400", "samples a second"),
        ("s0010_re 99 1000 38400", "signals"),
    ],
)
def test_headers_that_are_none(record: Path, line: str, word: str) -> None:
    if word == "fewer":
        record.with_suffix(".dat").unlink()
        word = "not there"
    record.write_text(record.read_text().replace("s0010_re 15 1000 38400", line))
    with pytest.raises(LoadError, match=word):
        read_wfdb(record)


@pytest.mark.parametrize("name", ["../secret.dat", "/etc/passwd", ".."])
def test_a_header_names_no_file_elsewhere(record: Path, name: str) -> None:
    record.write_text(record.read_text().replace("s0010_re.dat", name))
    with pytest.raises(LoadError, match="beside the header"):
        read_wfdb(record)


def synthetic(rate_bpm: float, hz: float = 500.0, seconds: float = 12.0) -> Ecg:
    """QRS and T at a steady rate, on a wandering baseline with noise."""
    t = np.arange(round(seconds * hz)) / hz
    phase = (t * rate_bpm / 60.0) % 1.0 * 60.0 / rate_bpm
    beat = 1.2 * np.exp(-0.5 * ((phase - 0.2) / 0.012) ** 2) + 0.35 * np.exp(-0.5 * ((phase - 0.45) / 0.045) ** 2)
    noise = np.random.default_rng(1).normal(0.0, 0.02, len(t))
    return Ecg({"II": beat + 0.4 * np.sin(2 * np.pi * 0.25 * t) + noise}, hz, "", "made", Subject("made"))


@pytest.mark.parametrize("rate_bpm", [38.0, 72.0, 110.0, 165.0])
def test_rate_of_a_known_trace(rate_bpm: float) -> None:
    assert find_beats(synthetic(rate_bpm)).rate_bpm == pytest.approx(rate_bpm, abs=0.5)


def test_no_beats_no_rate() -> None:
    flat = Ecg({"II": np.zeros(5000)}, 500.0, "", "flat", Subject("flat"))
    with pytest.raises(LoadError, match="flat"):
        find_beats(flat)
    gone = Ecg({"II": np.full(5000, np.nan)}, 500.0, "", "gone", Subject("gone"))
    with pytest.raises(LoadError, match="missing"):
        find_beats(gone)
