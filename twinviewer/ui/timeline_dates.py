"""Dates of the timeline as places and as words, and what a mark says of itself."""

from datetime import datetime

from twinviewer.session.timeline import Point, Row

YEAR_S = 365.25 * 86400.0


def moment_s(when: str) -> float | None:
    """Seconds of an ISO date, None where there is none."""
    try:
        return datetime.fromisoformat(when).timestamp() if when else None
    except (ValueError, OverflowError, OSError):
        return None


def point_tip(row: Row, point: Point) -> str:
    """All that is known about one mark."""
    unit = f" {row.unit}" if row.unit else ""
    said = f"{row.verdict} ({point.origin})" if point.in_use else f"not used: {point.why_not}"
    lines = [
        f"<b>{row.label}</b> {point.text}{unit}",
        date_text(point.when),
        said,
        f"<i>{point.source}</i>",
        point.file,
    ]
    return "<br>".join(line for line in lines if line)


def date_text(when: str) -> str:
    """An ISO moment for people: the day, and the time where one is known."""
    return "undated" if not when else when.replace("T", " ")[:16]


def ticks(first: float, last: float, most: int) -> list[tuple[str, float]]:
    """At most so many round dates between two moments: years, else months, else days."""
    begin, end = datetime.fromtimestamp(first), datetime.fromtimestamp(last)
    years = (last - first) / YEAR_S
    if years > 2.0:
        step = next((s for s in (1, 2, 5, 10, 20, 50) if years / s <= most), 100)
        return [(str(y), datetime(y, 1, 1).timestamp()) for y in range(begin.year + 1, end.year + 1) if y % step == 0]
    months = [(y, m) for y in range(begin.year, end.year + 1) for m in range(1, 13)]
    inside = [(f"{y}-{m:02d}", at) for y, m in months if first <= (at := datetime(y, m, 1).timestamp()) <= last]
    if len(inside) > 1:
        return inside[:: max(-(-len(inside) // most), 1)]
    step_s = 86400.0 * max(-(-(last - first) // (86400.0 * most)), 1.0)
    day = datetime(begin.year, begin.month, begin.day).timestamp() + 86400.0
    count = int((last - day) / step_s) + 1 if last > day else 0
    return [(datetime.fromtimestamp(day + k * step_s).date().isoformat(), day + k * step_s) for k in range(count)]
