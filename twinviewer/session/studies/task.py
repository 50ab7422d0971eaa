"""What a worker of a study calls. It is found by name on the worker, so that only data travels."""

from twinviewer.domain import Setup
from twinviewer.session.studies.point import answer
from twinviewer.session.studies.study import Answer, Point, Wanted


def compute(engine: str, setup: Setup, point: Point, wanted: Wanted) -> Answer:
    """One answer. The same on any worker: nothing is carried over from one point to the next but what is kept of the
    heart itself (engines keep fields of a pacing site, which is why points of one site go to one worker)."""
    return answer(engine, setup, point, wanted)
