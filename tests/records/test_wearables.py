"""Heart rates of wearables against the numbers in their files, read here without the room's help."""

import struct
from pathlib import Path

import numpy as np
import pytest

from twinviewer.domain import LoadError, Records
from twinviewer.records import read_records
from twinviewer.records.fit import checksum

WEARABLE = Path("signals_and_records") / "wearable"


def intervals(path: Path) -> np.ndarray:
    text = path.read_text(encoding="latin-1")
    text = text.split("[HRData]")[1] if "[HRData]" in text else text
    return np.array([float(word) for word in text.split()])


@pytest.mark.parametrize(
    ("name", "date", "least"), [("rest_rri.txt", "", 0.99), ("exercise_rri.hrm", "2008-02-08T08:50:31", 0.99)]
)
def test_mean_and_variability_are_those_of_the_file(data_dir: Path, name: str, date: str, least: float) -> None:
    path = data_dir / WEARABLE / name
    rr = intervals(path)
    found = read_records(path).values
    assert found["rr_mean_ms"].value == pytest.approx(rr.mean(), rel=0.005)
    assert found["heart_rate_mean_bpm"].value == pytest.approx(60000.0 / rr.mean(), rel=0.005)
    assert found["sdnn_ms"].value == pytest.approx(rr.std(ddof=1), rel=0.1)
    said = found["rr_mean_ms"].source
    keep, of = int(said.split(" of ")[0]), int(said.split(" of ")[1].split()[0])
    assert of == len(rr) and keep >= least * of
    assert all(entry.when == date for entry in read_records(path).timeline)


def test_rest_is_the_slow_steady_part(data_dir: Path) -> None:
    """At rest the rate in use lies below the mean of the whole; during exercise far below its mean and peak."""
    rest = read_records(data_dir / WEARABLE / "rest_rri.txt").values
    assert 50.0 < rest["heart_rate_bpm"].value < rest["heart_rate_mean_bpm"].value < 60.0
    load = read_records(data_dir / WEARABLE / "exercise_rri.hrm").values
    assert load["heart_rate_bpm"].value < load["heart_rate_mean_bpm"].value - 15.0
    assert "lowest steady 120 s" in load["heart_rate_bpm"].source
    rr = intervals(data_dir / WEARABLE / "exercise_rri.hrm")
    slow = 60000.0 / np.convolve(rr, np.ones(150) / 150, "valid").max()
    assert load["heart_rate_bpm"].value == pytest.approx(slow, abs=3.0)


def test_artefacts_are_left_out(data_dir: Path) -> None:
    path = data_dir / WEARABLE / "noisy_rri.hrm"
    rr = intervals(path)
    assert rr.max() > 1500 or rr.min() < 350  # there are some
    found = read_records(path).values
    assert found["sdnn_ms"].value < rr.std(ddof=1)
    assert abs(np.median(rr) - found["rr_mean_ms"].value) < 0.1 * np.median(rr)


@pytest.mark.parametrize(
    ("name", "date"),
    [("20170518-191602-1740899583.fit", "2017-05-18"), ("activity-small-fenix2-run.fit", "2015-08-15")],
)
def test_a_run_gives_no_resting_rate(data_dir: Path, name: str, date: str) -> None:
    records = read_records(data_dir / WEARABLE / name)
    assert "heart_rate_bpm" not in records.values and any("no resting" in note for note in records.notes)
    assert 120.0 < records.values["heart_rate_mean_bpm"].value < 160.0
    assert 165.0 < records.values["heart_rate_peak_bpm"].value <= 179.0  # 179 bpm is the highest in both, by SOURCE.txt
    assert date in records.values["heart_rate_peak_bpm"].source


def fit(rates: list[int], speeds: list[int], sport: int = 0) -> bytes:
    """A FIT activity with a record a second."""
    body = struct.pack("<BBBHB", 0x40, 0, 0, 20, 3) + bytes([253, 4, 0x86, 3, 1, 0x02, 6, 2, 0x84])
    for k, (rate, speed) in enumerate(zip(rates, speeds, strict=True)):
        body += struct.pack("<BIBH", 0, 1_000_000_000 + k, rate, speed)
    body += struct.pack("<BBBHB", 0x41, 0, 0, 18, 1) + bytes([5, 1, 0x00]) + bytes([1, sport])
    head = struct.pack("<BBHI4s", 14, 0x20, 2132, len(body), b".FIT")
    data = head + struct.pack("<H", checksum(head)) + body
    return data + struct.pack("<H", checksum(data))


def read(tmp_path: Path, data: bytes | str, name: str) -> Records:
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_records(path)


def test_a_watch_worn_at_rest(tmp_path: Path) -> None:
    """Five minutes of walking at 95, then five of sitting at 62, of which the second is rest."""
    data = fit([95] * 300 + [62] * 300, [1400] * 300 + [0] * 300)
    found = read(tmp_path, data, "day.fit").values
    assert found["heart_rate_bpm"].value == 62 and "no movement" in found["heart_rate_bpm"].source
    assert found["heart_rate_bpm"].source.endswith(", 2021-09-08")  # 10^9 s after 1989-12-31
    assert found["heart_rate_mean_bpm"].value == pytest.approx(78.5, abs=0.2)
    moving = read(tmp_path, fit([95] * 300, [1400] * 300), "walk.fit")
    assert "heart_rate_bpm" not in moving.values


def test_a_clock_that_jumps_costs_nothing(tmp_path: Path) -> None:
    """One record dated a century on, as a damaged file may have it: the rest is found all the same, and at once."""
    data = bytearray(fit([62] * 300, [0] * 300))
    at = len(data) - 2 - 11 - 8  # timestamp of the last record: before session's definition and data, and the sum
    data[at + 1 : at + 5] = struct.pack("<I", 4_100_000_000)
    data[-2:] = struct.pack("<H", checksum(bytes(data[:-2])))
    assert read(tmp_path, bytes(data), "jump.fit").values["heart_rate_bpm"].value == 62


def test_damaged_activities_are_refused(tmp_path: Path) -> None:
    data = fit([70] * 100, [0] * 100)
    for broken, word in (
        (data[:-40], "cut short by 40 bytes"),
        (data[:200] + bytes([data[200] ^ 1]) + data[201:], "checksum"),
        (b"nothing", "not a FIT file"),
        (b"", "no heart rates"),
        (fit([255] * 100, [0] * 100), "no heart rates"),
    ):
        with pytest.raises(LoadError, match=word):
            read(tmp_path, broken, "a.fit")


@pytest.mark.parametrize(
    "text",
    [
        "time,heart_rate\n" + "".join(f"2026-03-01T08:{k // 60:02d}:{k % 60:02d}Z,{64 + k % 3}\n" for k in range(600)),
        "Time;Heart Rate (bpm)\n" + "".join(f"{k // 60}:{k % 60:02d};{64 + k % 3}\n" for k in range(600)),
        "seconds,HR\n" + "".join(f"{k},{64 + k % 3}\n" for k in range(600)),
    ],
)
def test_tables_of_heart_rates(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, text, "watch.csv")
    assert found.values["heart_rate_bpm"].value == pytest.approx(65, abs=0.01)
    assert {entry.when for entry in found.timeline} == {"2026-03-01T08:00:00" if "2026" in text else ""}


def test_intervals_in_seconds(tmp_path: Path) -> None:
    rr = 0.8 + 0.03 * np.sin(np.arange(400.0))
    for name, text in (
        ("rr.txt", "\n".join(f"{value:.3f}" for value in rr)),
        ("rr.csv", "rr\n" + "\n".join(f"{value:.3f}" for value in rr)),
    ):
        assert read(tmp_path, text, name).values["heart_rate_mean_bpm"].value == pytest.approx(75, abs=0.1)


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("a.txt", "800\n" * 5, "fewer than 10"),
        ("a.txt", "800\n810\nhello\n", "line 3"),
        ("a.txt", "5300\n12\n" * 50, "cannot be RR intervals"),
        ("a.hrm", "[Params]\nInterval=238\n", "HRData"),
        ("a.hrm", "[Params]\nInterval=238\n[HRData]\nx\n", "no number"),
        ("a.csv", "time,hr\nnoon,70\n", "not understood"),
        ("a.csv", "hr\n70\n", "column of times"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, name: str, text: str, word: str) -> None:
    with pytest.raises(LoadError, match=word):
        read(tmp_path, text, name)


def test_a_pulse_wave_is_not_taken_for_intervals(data_dir: Path) -> None:
    """heartpy's raw PPG is a column of numbers of the size of RR intervals."""
    with pytest.raises(LoadError, match="no columns"):
        read_records(data_dir / WEARABLE / "heartpy_ppg_data.csv")
