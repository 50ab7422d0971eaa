"""TotalSegmentator, where the user has installed it: run as a program of its own, its result taken as masks by name.

Nothing here depends on it, imports it or installs it. It is offered where its command is on the PATH, after its terms
were shown and accepted. Facts as in its README and paper (Wasserthal et al., Radiology: Artificial Intelligence 5(5),
2023): the code is under Apache-2.0; the task ``total`` is open for any use; ``heartchambers_highres`` needs a licence
number of its own, free for non-commercial use. It fetches its models from the network at first use and sends anonymous
usage statistics unless told not to.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from twinviewer.domain import Image, LabelMap, Patient, Reporter, SegmentationError, Suitability, Volume, silent
from twinviewer.session.mask_import import Imported, compute_import

NAME = "totalsegmentator"
COMMAND = "TotalSegmentator"
INSTALL = "pip install TotalSegmentator"
DEADLINE_S = 7200.0
_SENT_EVERY_S = 0.2
_LINES = 20


@dataclass(frozen=True, slots=True)
class Task:
    """One of its models. licence: what its use asks for. gives: what comes of it here."""

    name: str
    gives: str
    licence: str
    roi: tuple[str, ...] = ()


TASKS: Mapping[str, Task] = {
    "heartchambers_highres": Task(
        "heartchambers_highres",
        "Muscle, both ventricles and atria, aorta and pulmonary artery: enough for a beating model",
        "This model needs a licence number of its own, free for non-commercial use, for which its authors are asked "
        "(backend.totalsegmentator.com/license-academic) and which is set with totalseg_set_license. For commercial "
        "use a licence is bought from them.",
    ),
    "total": Task(
        "total",
        "The aorta, laid over the structures that this program finds; the heart only as a whole, which makes no model",
        "This model is open for any use.",
        ("heart", "aorta"),
    ),
}


def terms(task: str) -> str:
    """What is to be accepted before it is run."""
    return (
        "TotalSegmentator is a program of others (University Hospital Basel), run beside this one and not part of it. "
        f"Its code is under the Apache licence 2.0. {TASKS[task].licence} It is no medical device. At first use it "
        "fetches its models from the network, and it sends anonymous usage statistics unless send_usage_stats is set "
        "to false in ~/.totalsegmentator/config.json. The images are handed to it as a file on this computer without "
        "name, identity or header."
    )


def available(image: Image | None = None) -> Suitability:
    """Whether it can be offered, and if not why and how to get it."""
    if shutil.which(COMMAND) is None:
        return Suitability(False, f"TotalSegmentator is not installed ({INSTALL}, in an environment of its own)")
    if image is not None and (not isinstance(image, Volume) or image.modality != "CT"):
        return Suitability(False, "It takes CT volumes")
    return Suitability(True)


def compute_outside(
    organ: str,
    image: Image,
    patient: Patient,
    task: str = "heartchambers_highres",
    accepted: bool = False,
    phase: int | None = None,
    report: Reporter = silent,
) -> Imported:
    """Run it on one phase (default: nearest the R wave) and take what it finds. SegmentationError, saying what it said,
    where it is absent, its terms were not accepted, or it fails. Ends it where the report raises Cancelled."""
    if task not in TASKS:
        raise SegmentationError(f"TotalSegmentator's {task} is not known here", remedy=f"Known: {', '.join(TASKS)}")
    verdict = available(image)
    if not verdict.ok:
        raise SegmentationError(verdict.reason, remedy="Find the structures here, or import a mask")
    if not accepted:
        raise SegmentationError("The terms of TotalSegmentator were not accepted", remedy=terms(task))
    assert isinstance(image, Volume)
    chosen = int(np.argmin(np.minimum(image.phase_percent, 100.0 - image.phase_percent))) if phase is None else phase
    if not 0 <= chosen < image.phases:
        raise SegmentationError(f"There is no phase {chosen + 1}: the images have {image.phases}")
    with tempfile.TemporaryDirectory(prefix="twinviewer-") as folder:
        given, found = Path(folder) / "ct.nii.gz", Path(folder) / "segmentations"
        report(0.01, "Handing the images over")
        _write_image(given, image, chosen)
        roi = TASKS[task].roi
        command = [COMMAND, "-i", str(given), "-o", str(found), "--task", task]
        run(command + (["--roi_subset", *roi] if roi else []), report)
        report(0.9, "Taking its result")
        if not found.is_dir() or not any(found.iterdir()):
            raise SegmentationError("TotalSegmentator ended without a result", remedy="Run it by hand to see why")
        files = sorted(path for path in found.iterdir() if path.name.endswith(".nii.gz"))
        wanted = [path for path in files if roi == () or path.name != "heart.nii.gz"]
        imported = compute_import(organ, [str(p) for p in wanted], image, patient, None, chosen)
    labels, tissue = imported
    if isinstance(labels, LabelMap):
        notes = (f"Found by TotalSegmentator ({task}), not by this program", *labels.notes[1:])
        made_by = f"TotalSegmentator {task}"
        labels = LabelMap(
            labels.data, labels.grid, labels.names, labels.phase_percent, made_by, labels.image_uid, notes
        )
    return labels, tissue


def run(command: list[str], report: Reporter) -> None:
    """Run a program to its end, passing its progress on; ends it with all that it started where the report raises.
    SegmentationError where it fails, with its last lines."""
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True, preexec_fn=_before_it_starts(), env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
    except OSError as error:
        raise SegmentationError(f"TotalSegmentator cannot be started: {error.strerror}") from error
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    said: deque[str] = deque(maxlen=_LINES)
    share = 0.02
    try:
        while process.poll() is None:
            share = _listen(process.stdout, said, share)
            report(share, f"TotalSegmentator: {said[-1][:60]}" if said else "TotalSegmentator is at work")
            time.sleep(_SENT_EVERY_S)
        _listen(process.stdout, said, share)
    finally:
        if process.poll() is None:
            _end(process)
        process.stdout.close()
    if process.returncode != 0:
        last = " ".join(said)[-400:] or f"exit code {process.returncode}"
        raise SegmentationError(
            f"TotalSegmentator failed: {last}",
            remedy="Set its licence number with totalseg_set_license" if "licen" in last.lower() else "",
        )


def _listen(stream: IO[bytes], said: deque[str], share: float) -> float:
    data = stream.read() or b""
    for line in re.split(r"[\r\n]+", data.decode("utf-8", "replace")):
        if line.strip():
            said.append(line.strip())
            if percent := re.match(r"\s*(\d{1,3})%", line):
                share = max(share, 0.05 + 0.008 * min(int(percent[1]), 100))
    return share


def _end(process: "subprocess.Popen[bytes]") -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(5.0)


def _before_it_starts() -> Callable[[], None] | None:
    """On Linux: what makes the program end when the worker that runs it is killed, and frees it of the worker's memory
    limit, since it has networks to load."""
    if sys.platform != "linux":
        return None
    import ctypes
    import resource

    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(1, signal.SIGKILL)
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))

    return ask


def _write_image(path: Path, volume: Volume, phase: int) -> None:
    import SimpleITK as sitk

    grid = volume.grid
    image = sitk.GetImageFromArray(np.ascontiguousarray(volume.data[phase]))
    image.SetSpacing(grid.spacing_mm)
    image.SetOrigin(grid.affine[:3, 3].tolist())
    image.SetDirection((grid.affine[:3, :3] / np.array(grid.spacing_mm)).ravel().tolist())
    sitk.WriteImage(image, str(path))
