"""A worker does not outlive a window that was killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

SCRIPT = """
import sys, time
sys.path.insert(0, sys.argv[1])
import job_tasks
from twinviewer.session.jobs import JobRunner
if __name__ == "__main__":
    runner = JobRunner(1, prewarm="job_tasks:warm")
    print(runner.run(job_tasks.pid), flush=True)
    runner.submit(job_tasks.spin, 60.0)
    time.sleep(60)
"""


def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    script = tmp_path / "window.py"
    script.write_text(SCRIPT)
    support = Path(__file__).resolve().parents[1] / "support"
    with subprocess.Popen([sys.executable, script, support], stdout=subprocess.PIPE, text=True) as window:
        assert window.stdout is not None
        worker = int(window.stdout.readline())
        time.sleep(0.2)
        os.kill(window.pid, signal.SIGKILL)
    for _ in range(100):
        if not psutil.pid_exists(worker) or psutil.Process(worker).status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.05)
    os.kill(worker, signal.SIGKILL)
    raise AssertionError("the worker lives on")
