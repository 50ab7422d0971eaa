"""The beating model coloured by a map, as the window shows it: every point of the wall has the colour of its value.

The colours are those of the first moment: glTF has no way to let them change, so maps that move are refused.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import RenderError, Reporter, silent
from twinviewer.scene.compose import FIELDS, colouring
from twinviewer.scene.palette import lookup_table
from twinviewer.session.beat_export import beat_of, write_beat
from twinviewer.session.case import Case


def still_maps(case: Case, scenario: str = "") -> tuple[str, ...]:
    """Names of the maps that a GLB may be coloured by. StoreError where nothing beats."""
    beat = beat_of(case, scenario)
    assert case.mesh is not None
    own = set(case.mesh.point_fields) | (set(beat.run.fields) if beat.run is not None else set())
    return tuple(name for name in FIELDS if name in own)


def write_painted_beat(
    case: Case, path: Path, scenario: str = "", colour_by: str = "", report: Reporter = silent
) -> list[Path]:
    """As :func:`write_beat`; a GLB coloured by a map where one is named. RenderError for one that is not there."""
    if not colour_by or path.suffix.lower() != ".glb":
        return write_beat(case, path, scenario, report)
    known = still_maps(case, scenario)
    if colour_by not in known:
        raise RenderError(f"The beating model cannot be coloured by {colour_by}", remedy=f"Known: {', '.join(known)}")
    return write_beat(case, path, scenario, report, painted=colours(case, scenario, colour_by))


def colours(case: Case, scenario: str, name: str) -> tuple[str, NDArray[np.uint8], NDArray[np.bool_]]:
    """What the colours mean, in one line; (n, 3) 0..255 of the mesh's points; and which of them have a value."""
    beat, mesh = beat_of(case, scenario), case.mesh
    assert mesh is not None
    runs = [one.run for one in case.scenarios if one.run is not None]  # one range for all, as side by side
    values = beat.run.fields[name].values if beat.run is not None and name in beat.run.fields else None
    if values is None:
        values = np.asarray(mesh.point_fields[name])
    how = colouring(name, runs, mesh)
    table = lookup_table(how.map)  # isochrones would be dashes: a colour a point cannot draw lines
    share = (np.asarray(values, np.float64) - how.low) / max(how.high - how.low, 1e-9)
    told = np.isfinite(share) & (np.arange(len(share)) < mesh.wall_points)
    at = np.clip(np.nan_to_num(share) * (len(table) - 1), 0, len(table) - 1).astype(int)
    unit = f" {how.unit}" if how.unit else ""
    return f"{how.title}, {how.low:g} to {how.high:g}{unit}", table[at], told
