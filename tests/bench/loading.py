"""How fast images come in: a CT of 300 slices of 512 x 512 in four codings, against SimpleITK's series reader.

Usage: python -m tests.bench.loading [--write] [--repeat 5] [--only uncompressed] [--slices 300]
Ours is the whole of what a window waits for: a job sent to a warm worker process, headers, decoding, rescale, the
fingerprint, and the volume in the window's process. The peer decodes in its own process, as its users do. Both in
turn, at the same priority; medians of wall time and of CPU seconds, since other work may run on the machine. Memory
is the peak of all processes concerned, above what they had, over the int16 volume's own size.
The slices are a real chest CT (LIDC, in TWINVIEWER_DATA), there and back until there are enough; without it, noise on
an ellipse.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parent))
from sections import write_section  # noqa: E402

CODINGS = {
    "uncompressed": ("1.2.840.10008.1.2.1", 1.5),
    "RLE": ("1.2.840.10008.1.2.5", 10.0),
    "JPEG 2000": ("1.2.840.10008.1.2.4.90", 1.7),
    "JPEG-LS": ("1.2.840.10008.1.2.4.80", 1.0),
}
"""Name -> (transfer syntax, how many times faster than the peer is asked for)."""
MEMORY_GOAL, PREVIEW_GOAL_S, SCAN_GOAL = 1.3, 1.0, 1500.0


@dataclass
class Timing:
    """Of one coding, in seconds; memory in bytes above what was used before."""

    ours_s: list[float] = field(default_factory=list)
    ours_cpu_s: list[float] = field(default_factory=list)
    first_s: list[float] = field(default_factory=list)
    peer_s: list[float] = field(default_factory=list)
    peer_cpu_s: list[float] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)
    peer_peak: list[float] = field(default_factory=list)


def slices_hu(count: int) -> np.ndarray:
    """(count, 512, 512) int16."""
    from twinviewer import dicom
    from twinviewer.domain import Volume

    root = Path(os.environ.get("TWINVIEWER_DATA", Path(__file__).parents[3] / "shared" / "data"))
    folder = root / "chest_ct_lidc0314" / "dicom"
    if folder.is_dir():
        volume = dicom.read(max(dicom.scan(folder), key=lambda one: one.slices))
        assert isinstance(volume, Volume) and volume.data.shape[2:] == (512, 512)
        data = volume.data[0]
        there_and_back = np.concatenate([data, data[-2:0:-1]])
        return there_and_back[np.arange(count) % len(there_and_back)]
    random, (y, x) = np.random.default_rng(1), np.mgrid[-1:1:512j, -1:1:512j]
    body = (x / 0.8) ** 2 + (y / 0.6) ** 2 < 1
    noise = random.normal(0, 15, (count, 512, 512)) * np.where(body, 1.0, 0.3)
    return (np.where(body, 40, -1000) + noise).round().astype(np.int16)


def write_study(folder: Path, count: int) -> None:
    """The same slices in every coding, each in a folder of its name."""
    import pydicom

    from twinviewer import dicom
    from twinviewer.domain import Grid, Patient, Volume

    plain = folder / "uncompressed"
    if not plain.is_dir():
        data = slices_hu(count)[None]
        volume = Volume(data, Grid(data.shape[1:], np.diag([0.7, 0.7, 1.0, 1.0])), "CT", np.zeros(1), None, "x")
        dicom.write_ct(
            plain, volume, Patient("BENCH"), study_description="bench", series_description="bench", synthetic=True
        )
    for name, (syntax, _) in CODINGS.items():
        if name == "uncompressed" or (folder / name).is_dir():
            continue
        partial = folder / f"{name}.part"
        partial.mkdir(exist_ok=True)
        for path in sorted(plain.iterdir()):
            one = pydicom.dcmread(path)
            one.compress(syntax, generate_instance_uid=False)
            one.save_as(partial / path.name)
        partial.rename(folder / name)


class Memory:
    """The most memory that processes had more than at the start, by a thread that looks every 10 ms: what is their own,
    and the files without a name that they share, each once. stop() ends the measurement."""

    def __init__(self, processes: list[psutil.Process]) -> None:
        self._pids = [one.pid for one in processes]
        self._stop = threading.Event()
        self._start = self._most = self._now()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _now(self) -> int:
        own, shared = 0, {}
        for pid in self._pids:
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
                kib = {line.split(":")[0]: int(line.split()[1]) for line in lines}
                own += 1024 * (kib["Pss"] - kib.get("Pss_Shmem", 0))
                for link in Path(f"/proc/{pid}/fd").iterdir():
                    if str(link.readlink()).startswith("/memfd:twinviewer"):
                        about = link.stat()
                        shared[about.st_ino] = about.st_blocks * 512
            except OSError:
                continue
        return own + sum(shared.values())

    def _look(self) -> None:
        while not self._stop.wait(0.01):
            self._most = max(self._most, self._now())

    def stop(self) -> float:
        """Bytes at the peak."""
        self._most = max(self._most, self._now())
        self._stop.set()
        self._thread.join()
        return float(self._most - self._start)


def cpu_s(processes: list[psutil.Process]) -> float:
    """CPU seconds of processes so far."""
    return sum(sum(one.cpu_times()[:2]) for one in processes)


def ours(runner: Any, series: Any, timing: Timing | None, memory: bool = False) -> None:
    """One load through the worker, to the moment when the whole image is in this process; timing None: unmeasured.

    The series is called one of no organ, so that the worker does not go on looking for a heart in it.
    """
    from twinviewer.session import steps

    watched = [psutil.Process(), *psutil.Process().children(recursive=True)]
    meter = Memory(watched) if memory else None
    before, start = cpu_s(watched), time.perf_counter()
    came: dict[str, tuple[float, float]] = {}
    ended: list[Any] = []

    def live(image: Any) -> None:
        voxel = image.data[0, image.data.shape[1] // 2, -1, -1]  # it is really here
        name = "first" if steps.is_coming(image) else "whole"
        came.setdefault(name, (time.perf_counter() - start, cpu_s(watched) - before))
        if meter is not None and name == "whole" and timing is not None and voxel is not None:
            timing.peak.append(meter.stop())

    job = runner.submit(steps.compute_image, replace(series, modality="bench"), done=ended.append, live=live)
    while not ended:
        runner.poll(0.02)
        if job.error is not None:
            raise job.error
    if timing is not None and meter is None:
        timing.ours_s.append(came["whole"][0])
        timing.ours_cpu_s.append(came["whole"][1])
        timing.first_s.append(came.get("first", came["whole"])[0])


def peer(files: list[str], timing: Timing | None, memory: bool = False) -> None:
    """The same files by SimpleITK."""
    import SimpleITK as sitk

    meter = Memory([psutil.Process()]) if memory else None
    before, start = cpu_s([psutil.Process()]), time.perf_counter()
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(files)
    image = reader.Execute()
    assert sitk.GetArrayViewFromImage(image)[-1, -1, -1] is not None
    if timing is not None and meter is not None:
        timing.peer_peak.append(meter.stop())
    elif timing is not None:
        timing.peer_s.append(time.perf_counter() - start)
        timing.peer_cpu_s.append(cpu_s([psutil.Process()]) - before)


def load_times(folder: Path, repeat: int, only: str | None) -> dict[str, Timing]:
    """Every coding, ours and the peer's in turn."""
    from twinviewer import dicom
    from twinviewer.session.jobs import JobRunner

    found: dict[str, Timing] = {}
    with JobRunner(1, prewarm="") as runner:  # what it would prepare for later would be in the peer's way
        for name in [only] if only else CODINGS:
            (series,) = dicom.scan(folder / name)
            timing = found[name] = Timing()
            files = sorted(series.files)
            ours(runner, series, None)  # warm: modules imported, files in the page cache
            if len(found) == 1:
                # workers give way to who draws (nice); the peer has to give way to others as much
                worker = max(one.nice() for one in psutil.Process().children())
                psutil.Process().nice(max(worker, psutil.Process().nice()))
            for _ in range(repeat):
                ours(runner, series, timing)
                peer(files, timing)
            ours(runner, series, timing, memory=True)
            peer(files, timing, memory=True)
            print(
                name, round(statistics.median(timing.ours_s), 2), round(statistics.median(timing.peer_s), 2), flush=True
            )
    return found


def scan_rate(folder: Path, repeat: int) -> tuple[float, float]:
    """Headers a second, warm: by wall time and by CPU time."""
    from twinviewer import dicom

    total = sum(1 for path in folder.rglob("*.dcm"))
    dicom.scan(folder)
    wall, cpu = [], []
    for _ in range(repeat):
        start, before = time.perf_counter(), time.process_time()
        dicom.scan(folder)
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - before)
    return total / statistics.median(wall), total / statistics.median(cpu)


def text(found: dict[str, Timing], rates: tuple[float, float], count: int, loads: tuple[float, float]) -> str:
    """The section for docs/benchmarks.md."""
    middle: Callable[[list[float]], float] = statistics.median
    volume = count * 512 * 512 * 2
    about = (
        "`python -m tests.bench.loading --write` measures and rewrites this section: a CT of "
        f"{count} slices of 512 × 512 ({volume / 2**20:.0f} MiB as int16), sent as a job to a warm worker process, to "
        "the moment when the whole image is in the window's, against SimpleITK's ImageSeriesReader in its own process, "
        "in turn in one run and at the same priority. Seconds, median (least); CPU seconds are of all processes, two "
        f"threads decode. {platform.machine()}, {os.cpu_count()} cores, load {loads[0]:.1f} at the start and "
        f"{loads[1]:.1f} at the end: where that is above {os.cpu_count()}, other work had a part of the cores, wall "
        "times are too long and two threads gain nothing."
    )
    lines = [
        "## Images: loading and scanning",
        "",
        textwrap.fill(about, 118),
        "",
        "| coding | ours | CPU | SimpleITK | CPU | times faster | asked | by CPU | first image | memory / volume "
        "| SimpleITK's |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, one in found.items():
        ours_s, peer_s = middle(one.ours_s), middle(one.peer_s)
        lines.append(
            f"| {name} | {ours_s:.2f} ({min(one.ours_s):.2f}) | {middle(one.ours_cpu_s):.2f} | {peer_s:.2f} "
            f"({min(one.peer_s):.2f}) | {middle(one.peer_cpu_s):.2f} | {peer_s / ours_s:.1f} | {CODINGS[name][1]:g} | "
            f"{middle(one.peer_cpu_s) / middle(one.ours_cpu_s):.1f} | {middle(one.first_s):.2f} | "
            f"{max(one.peak) / volume:.2f} | {max(one.peer_peak) / volume:.2f} |"
        )
    lines += [
        "",
        f"Asked besides: first image within {PREVIEW_GOAL_S:g} s, memory at most {MEMORY_GOAL:g} × the volume. Headers "
        f"scanned a second, warm: {rates[0]:.0f} (asked: {SCAN_GOAL:.0f}; by CPU time {rates[1]:.0f}).",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write if asked."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--write", action="store_true")
    arguments.add_argument("--repeat", type=int, default=5)
    arguments.add_argument("--slices", type=int, default=300)
    arguments.add_argument("--only", choices=list(CODINGS), help="of the codings")
    chosen = arguments.parse_args()
    folder = Path(tempfile.gettempdir()) / f"twinviewer_bench_ct_{chosen.slices}"
    folder.mkdir(exist_ok=True)
    write_study(folder, chosen.slices)
    start = psutil.getloadavg()[0]
    found = load_times(folder, chosen.repeat, chosen.only)
    rates = scan_rate(folder, chosen.repeat)
    section = text(found, rates, chosen.slices, (start, psutil.getloadavg()[0]))
    print(section)
    if chosen.write:
        write_section("loading", section)


if __name__ == "__main__":
    main()
