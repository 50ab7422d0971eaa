"""Which points are computed beside which: those that share what an engine keeps of a heart go to one worker."""

from collections import deque
from collections.abc import Sequence

from twinviewer.session.studies.study import Point


def group_of(point: Point) -> tuple[object, ...]:
    """Of points that differ in numbers alone: a choice (where a lead lies, which drug) and a clicked node make another
    problem of the wall, a delay or dose does not. Another speed of conduction makes another wall, whose untreated and
    treated points have its fronts in common."""
    speeds = tuple(sorted((n, v) for n, v in point.parameters.items() if n.startswith("conduction_")))
    if speeds:
        return speeds
    return tuple(
        (use.therapy, tuple(sorted((n, v) for n, v in use.values.items() if isinstance(v, str | bool) or "node" in n)))
        for use in point.therapies
    )


class Queue:
    """Points that wait, handed to workers group by group. Who has finished a group and finds none that nobody has
    begun takes the last half of the longest that is left."""

    def __init__(self, points: Sequence[Point]) -> None:
        groups: dict[tuple[object, ...], list[Point]] = {}
        for point in points:
            groups.setdefault(group_of(point), []).append(point)
        self._waiting = deque(groups.values())
        self._of: dict[str, list[Point]] = {}

    def take(self, worker: str) -> Point | None:
        """The next point for this worker, None where nothing is left."""
        own = self._of.get(worker)
        if not own:
            if self._waiting:
                own = self._waiting.popleft()
            else:
                longest = max(self._of.values(), key=len, default=[])
                cut = len(longest) // 2
                own, longest[cut:] = longest[cut:], []
            self._of[worker] = own
        return own.pop(0) if own else None

    def lost(self, worker: str) -> None:
        """This worker is gone; its group is anybody's."""
        if own := self._of.pop(worker, []):
            self._waiting.appendleft(own)

    def __bool__(self) -> bool:
        return bool(self._waiting) or any(self._of.values())
