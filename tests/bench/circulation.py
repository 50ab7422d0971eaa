"""How long a beat takes, beside the package `circulation`, and how soon a patched heart is steady.

Usage: python -m tests.bench.circulation [--write] [--repeat 9]
CPU seconds of one thread, median and in brackets the least. The peer is run beside where TWINVIEWER_PEER_PYTHON names
an interpreter that has it (`pip install circulation==0.4`); both integrate Regazzoni's published calibration.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np

from tests.bench.sections import write_section
from tests.support.patched_heart import VALUE, heart
from twinviewer.physics import circulation as loop
from twinviewer.physics.heart_model import loop_of
from twinviewer.physics.heartbeat import beats, one_beat, rest_state

PEER = """
import json, logging, time
logging.disable(logging.CRITICAL)
from circulation.regazzoni2020 import Regazzoni2020
found = []
for step in (1e-3, 5e-4):
    times = []
    for _ in range(3):
        model = Regazzoni2020()
        begun = time.process_time()
        model.solve(num_beats=4, dt=step)
        times.append((time.process_time() - begun) / 4)
    found.append(times)
print(json.dumps(found))
"""


def cpu_s(call: Callable[[], object], repeat: int) -> list[float]:
    """CPU seconds of calls after one that does not count."""
    call()
    found = []
    for _ in range(repeat):
        begun = time.process_time()
        call()
        found.append(time.process_time() - begun)
    return found


def peer() -> list[list[float]] | None:
    """CPU seconds a beat of the package at steps of 1 and 0.5 ms; None where it is not here."""
    python = os.environ.get("TWINVIEWER_PEER_PYTHON")
    if not python:
        return None
    with tempfile.TemporaryDirectory() as folder:  # it writes where it runs
        done = subprocess.run(
            [python, "-c", PEER], capture_output=True, text=True, timeout=600, check=False, cwd=folder
        )
    return json.loads(done.stdout.strip().splitlines()[-1]) if done.returncode == 0 else None


def elastance_s(steps: int, repeat: int) -> list[float]:
    """CPU seconds of one beat of the same model here."""
    state, record = loop.REGAZZONI_START.copy(), np.zeros((steps, 12))
    return cpu_s(
        lambda: loop.elastance_beat(state, loop.REGAZZONI_LOOP, loop.REGAZZONI_LV, loop.REGAZZONI_RV, steps, record),
        repeat,
    )


def patched(repeat: int) -> tuple[list[float], list[float], int, float]:
    """A beat of twenty patches; the way from rest to a steady beat; its beats and its last change."""
    walls, circuit = heart(0.08), loop_of(VALUE)
    start = rest_state(walls, circuit, 140.0, 150.0, VALUE["stressed_volume_ml"])
    septum, area = walls.septum.copy(), walls.relaxed_cm2.copy()
    single = cpu_s(lambda: one_beat(walls, circuit, start, septum, area), repeat)
    *_, last = beats(walls, circuit, start, 3e-4)
    return single, cpu_s(lambda: list(beats(walls, circuit, start, 3e-4)), repeat), last.beats, last.change


def ms(times: list[float]) -> str:
    """Median and least in milliseconds."""
    return f"{1000 * statistics.median(times):.3g} ({1000 * min(times):.3g})"


def page(repeat: int) -> str:
    """The section in Markdown."""
    theirs = peer()
    lines = [
        "## Circulation and walls",
        "",
        "`TWINVIEWER_PEER_PYTHON=… python -m tests.bench.circulation --write` measures and rewrites this section: CPU",
        "milliseconds of one thread, median (least). Package: `circulation` 0.4, forward Euler, as it comes; here",
        "Runge-Kutta 4, four evaluations a step, the same model and calibration.",
        "",
        "| a beat of Regazzoni's circulation | here | `circulation` | times |",
        "|---|---|---|---|",
    ]
    for k, (text, steps) in enumerate((("steps of 1 ms", 800), ("steps of 0.5 ms", 1600))):
        own = elastance_s(steps, repeat)
        if theirs is None:
            lines.append(f"| {text} | {ms(own)} | not here | |")
        else:
            ratio = statistics.median(theirs[k]) / statistics.median(own)
            lines.append(f"| {text} | {ms(own)} | {ms(theirs[k])} | {ratio:.0f} |")
    single, steady, count, change = patched(repeat)
    lines += [
        "",
        "Twenty patches in the same loop, with inertial valves and a pericardium: a beat in steps of 0.5 ms",
        f"{ms(single)} ms; from rest to steady {ms(steady)} ms in {count} beats, the last {100 * change:.3f} % from",
        "the one before (limits: 1 s, 0.1 %).",
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure; print the section; write it if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--repeat", type=int, default=9)
    asked = parser.parse_args()
    text = page(asked.repeat)
    print(text)
    if asked.write:
        write_section("circulation", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
