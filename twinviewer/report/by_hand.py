"""Measurements by hand as a report says them: kind, where, and the numbers."""

from twinviewer.domain import CineStack, Quantity
from twinviewer.session.case import Case
from twinviewer.session.rulers import LABELS, NAMES

Said = tuple[str, str, list[tuple[str, Quantity]]]
"""Kind, what it lies on, and its numbers by name."""


def by_hand(case: Case) -> list[Said]:
    """In the order in which they were made; numbers of voxels and extremes are left to the file of all numbers."""
    found: list[Said] = []
    for number, ruler in enumerate(case.rulers, start=1):
        where = "model" if ruler.nodes is not None else "image"
        if isinstance(case.image, CineStack) and 0 <= ruler.plane < len(case.image.planes):
            where = f"{case.image.planes[ruler.plane].label}, frame {ruler.frame + 1}"
        elif ruler.nodes is None and case.image is not None and case.image.phases > 1:
            where = f"image, {100.0 * ruler.fraction:.0f} % R-R"
        kept = [(LABELS[name], value) for name, value in ruler.values.items() if name in _TOLD]
        found.append((f"{number} {NAMES[ruler.kind]}", where, kept))
    return found


_TOLD = frozenset({"length", "angle", "area", "perimeter", "mean", "sd"})
