"""What a tool is given, what it answers, and how structures are named and numbered."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import LabelMap, ParameterValue, Reporter, SegmentationError
from twinviewer.segmentation.edit.patch import Labels, Patch

ALL = "*"
ANYTHING = "anything"
BACKGROUND = "background"


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """What a tool is given. phase: the one that is open, among those in labels. phases: those to act on. image: (t, k,
    j, i) on the labels' grid, None where there is none. points_mm: (n, 3) LPS. normal: (3,) LPS or None."""

    labels: LabelMap
    image: NDArray[np.generic] | None
    values: Mapping[str, ParameterValue]
    phase: int
    phases: tuple[int, ...]
    points_mm: NDArray[np.float64]
    normal: NDArray[np.float64] | None
    report: Reporter

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Along k, j, i in mm."""
        i, j, k = self.labels.grid.spacing_mm
        return k, j, i

    def number(self, name: str) -> float:
        """A value in its parameter's unit."""
        return float(self.values[name])

    def label(self, name: str = "structure") -> int:
        """The label value of a structure that was chosen; 0 for the background."""
        chosen = str(self.values[name])
        return 0 if chosen == BACKGROUND else self.labels.value(chosen)

    @property
    def all_labels(self) -> list[int]:
        """The label values of the structure that was chosen, or of all together."""
        return sorted(self.labels.names) if self.values["structure"] == ALL else [self.label()]

    @property
    def over(self) -> frozenset[int] | None:
        """What may be replaced."""
        chosen = str(self.values["over"])
        return None if chosen == ANYTHING else frozenset({0 if chosen == BACKGROUND else self.labels.value(chosen)})

    def grey(self, phase: int) -> NDArray[np.generic]:
        """The image at a phase."""
        if self.image is None:
            raise SegmentationError("This tool looks at the images, which are not open on the grid of the labels")
        return np.asarray(self.image[min(phase, len(self.image) - 1)])

    def each(self, act: Callable[[Labels, int], Patch | None]) -> "Outcome":
        """The same in all chosen phases."""
        found = []
        for n, phase in enumerate(self.phases):
            self.report(n / len(self.phases), f"Phase {phase + 1}" if len(self.phases) > 1 else "Working")
            patch = act(self.labels.data[phase], phase)
            if patch is not None:
                found.append((phase, patch))
        return Outcome(tuple(found))


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """patches: by phase, apart from each other. names: of all labels where they have changed, else None."""

    patches: tuple[tuple[int, Patch], ...]
    names: Mapping[int, str] | None = None


def spoken(name: str) -> str:
    """A structure's name for people: "lv_blood" is "LV blood"."""
    words = name.split("_")
    return " ".join([words[0].upper() if words[0] in ("lv", "rv", "la", "ra") else words[0].capitalize(), *words[1:]])


def sound_name(name: str, labels: LabelMap) -> str:
    """A new structure's name in snake case. ValueError where it is empty, long or taken."""
    tidy = "_".join(name.strip().lower().replace("-", " ").replace("_", " ").split())
    if not tidy or len(tidy) > 60 or not tidy.replace("_", "").isalnum():
        raise ValueError(f"{name!r} is no name for a structure: letters, digits and spaces, 60 at most")
    if tidy in labels.names.values():
        raise ValueError(f"There is a structure {spoken(tidy)} already")
    return tidy


def free_labels(labels: LabelMap) -> list[int]:
    """Label values without a structure. SegmentationError where there is none left."""
    free = [value for value in range(1, 256) if value not in labels.names]
    if not free:
        raise SegmentationError("A label map cannot have more than 255 structures")
    return free


def with_numbered(work: Work, new: list[int]) -> dict[int, str]:
    """Names with new ones after the structure's own: aorta_2, aorta_3 …"""
    names = dict(work.labels.names)
    stem = names[work.label()]
    numbers: Iterator[int] = iter(range(2, 600))
    for value in new:
        names[value] = next(name for name in (f"{stem}_{n}" for n in numbers) if name not in names.values())
    return names


def voxels_of(work: Work) -> NDArray[np.int64]:
    """(n, 3) k, j, i of the places clicked that lie within the labels."""
    at = np.rint(work.labels.grid.to_ijk(work.points_mm.reshape(-1, 3))).astype(np.int64)[:, ::-1]
    at = at[((at >= 0) & (at < work.labels.grid.shape)).all(axis=1)]
    if not len(at):
        raise SegmentationError("The place clicked lies outside the labels")
    return at
