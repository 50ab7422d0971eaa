"""The grid of slices and phases for scripts and for a terminal: ``inspect`` shows it before anything is loaded."""

from typing import Any

from twinviewer.domain import GridRow, SliceGrid

THERE, LACKING, MORE = "■", "·", "2"
WIDEST = 100
"""Columns that a terminal shows; more phases are told in words only."""


def grid_document(grid: SliceGrid | None) -> dict[str, Any] | None:
    """The grid as JSON values: every slice with the number of its images in each phase."""
    if grid is None:
        return None
    return {
        "complete": grid.complete,
        "lacking": grid.lacking,
        "missing_slices": grid.missing_slices,
        "duplicates": grid.duplicates,
        "odd": grid.odd,
        "phase_percent": [round(value, 2) for value in grid.phase_percent],
        "rows": [
            {
                "label": row.label,
                "depth_mm": None if row.depth_mm is None else round(row.depth_mm, 3),
                "rr_s": row.rr_s,
                "images": list(row.images),
                "missing": row.lacks_all,
                "odd": row.odd or None,
            }
            for row in grid.rows
        ],
    }


def grid_lines(grid: SliceGrid | None) -> list[str]:
    """The grid as lines of text; nothing for a stack of one phase of which nothing is odd, where there is no news."""
    if grid is None or not grid.rows or (grid.complete and len(grid.phase_percent) < 2):
        return []
    shown = grid.rows if len(grid.phase_percent) > 1 else tuple(row for row in grid.rows if not _plain(row))
    rows = _folded(shown)
    width = max((len(row.label) for row in rows), default=0)
    return [summary(grid), *(_line(row, width) for row in rows)]


def summary(grid: SliceGrid) -> str:
    """What there is, and what is wrong with it, in one line."""
    phases = len(grid.phase_percent)
    text = _count(sum(not row.lacks_all for row in grid.rows), "slice")
    text += f" × {phases} phases" if phases > 1 else ""
    if grid.complete:
        return f"{text}, complete"
    found = (
        (grid.missing_slices, f"{_count(grid.missing_slices, 'slice')} missing"),
        (grid.lacking, f"{_count(grid.lacking, 'image')} lacking"),
        (grid.duplicates, f"{_count(grid.duplicates, 'image')} more than once"),
        (grid.odd, f"{_count(grid.odd, 'slice')} unusual"),
    )
    return ", ".join([text, *(words for count, words in found if count)])


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _folded(rows: tuple[GridRow, ...]) -> list[GridRow]:
    """Runs of more than twelve slices alike as one line."""
    out: list[GridRow] = []
    start = 0
    for n in range(1, len(rows) + 1):
        if n < len(rows) and (rows[n].images, rows[n].odd, rows[n].lacks_all, rows[n].label[:3]) == (
            rows[start].images, rows[start].odd, rows[start].lacks_all, rows[start].label[:3],
        ):  # fmt: skip
            continue
        run = rows[start:n]
        if len(run) <= 12:
            out += run
        else:
            first, last = run[0], run[-1]
            label = f"{first.label} to {last.label.rsplit(' ', 1)[-1]}"
            out.append(GridRow(label, first.images, first.depth_mm, first.rr_s, first.lacks_all, first.odd))
        start = n
    return out


def _plain(row: GridRow) -> bool:
    return not row.odd and not row.lacks_all and set(row.images) == {1}


def _line(row: GridRow, width: int) -> str:
    marks = "".join(LACKING if n == 0 else THERE if n == 1 else MORE if n == 2 else "+" for n in row.images[:WIDEST])
    depth = "" if row.depth_mm is None else f"{row.depth_mm:.1f} mm"
    beat = "" if row.rr_s is None else f"R-R {1000 * row.rr_s:.0f} ms"
    return "  ".join(part for part in (row.label.ljust(width), marks, depth, beat, row.odd) if part)
