"""What was measured of each structure of an organ whose structures have any names: sorted for tables."""

from collections.abc import Mapping

from twinviewer.domain import Quantity

ROWS = (
    ("volume_ml", "Volume"),
    ("longest_in_slice_mm", "Longest in a slice"),
    ("width_in_slice_mm", "Width across that"),
    ("longest_mm", "Longest in space"),
    ("area_cm2", "Surface"),
    ("sphericity", "Sphericity"),
    ("mean", "Mean intensity"),
    ("sd", "Its spread (SD)"),
    ("pieces", "Pieces"),
)
WHOLE = frozenset({"pieces"})
DISTANCE, TO = "distance_", "_to_"


def by_structure(
    values: Mapping[str, Quantity], structures: tuple[str, ...]
) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Structure -> row -> name of the measure; and "a – b" -> name of the distance between their centres."""
    found = {
        one: {row: f"{one}_{row}" for row, _ in ROWS if f"{one}_{row}" in values}
        for one in structures
    }  # fmt: skip
    apart = {}
    for name in values:
        if name.startswith(DISTANCE) and TO in name:
            for one in structures:
                rest = name[len(DISTANCE) :].removesuffix("_mm")
                if rest.startswith(one + TO) and rest[len(one + TO) :] in structures:
                    apart[f"{plain(one)} – {plain(rest[len(one + TO) :])}"] = name
    return {one: rows for one, rows in found.items() if rows}, apart


def plain(name: str) -> str:
    """A name with spaces."""
    return name.replace("_", " ")
