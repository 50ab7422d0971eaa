"""Which images of a series are there: slices x phases, before any pixel is read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GridRow:
    """One slice. images: for each phase how many images there are: 0 lacking, 1, or more that lie on one another.

    label: what to call it. depth_mm: distance from the first slice along the stack, None where it is in no stack.
    rr_s: its own beat. lacks_all: the slice is known of only by the gap that it leaves. odd: what is unusual, or "".
    """

    label: str
    images: tuple[int, ...]
    depth_mm: float | None = None
    rr_s: float | None = None
    lacks_all: bool = False
    odd: str = ""


@dataclass(frozen=True, slots=True)
class SliceGrid:
    """rows: slices, in the order of the stack. phase_percent: position of each column in the R-R interval."""

    rows: tuple[GridRow, ...]
    phase_percent: tuple[float, ...]

    @property
    def lacking(self) -> int:
        """Images that are not there, those of slices that lack as a whole included."""
        return sum(count == 0 for row in self.rows for count in row.images)

    @property
    def missing_slices(self) -> int:
        """Slices of which there is no image."""
        return sum(row.lacks_all for row in self.rows)

    @property
    def duplicates(self) -> int:
        """Images whose place and phase another one has."""
        return sum(count - 1 for row in self.rows for count in row.images if count > 1)

    @property
    def odd(self) -> int:
        """Slices that are unusual in another way."""
        return sum(bool(row.odd) for row in self.rows)

    @property
    def complete(self) -> bool:
        """Whether every image is there once and nothing is unusual."""
        return not (self.lacking or self.duplicates or self.odd)
