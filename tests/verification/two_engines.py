"""Two ways to the activation of one heart: the eikonal equation on tetrahedra, reaction and diffusion on cubes."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.verification.pictures import figure, save
from twinviewer.domain import Quantity
from twinviewer.engines import beat, tissue
from twinviewer.engines.tissue.engine import SPACING_MM, WATCHED
from twinviewer.session import demo
from twinviewer.session.case import Case
from twinviewer.session.scenarios import prepare
from twinviewer.session.simulate import collect
from twinviewer.session.steps import build, choose_series, open_series, scan_folder, segment

ORDER = 35
STATES = {"normal": "normal conduction", "lbbb": "left bundle branch block", "rbbb": "right bundle branch block"}
LONG_ENOUGH_MS = 480.0


def model() -> Case:
    """The demo patient's heart, from images to mesh as the program does it."""
    folder = Path(demo.write_demo())
    case = scan_folder(Case(), demo.demo_images(folder))
    return build(segment(open_series(case, choose_series(case))))


def both(case: Case, state: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n,) activation in ms after the first, by the eikonal and by the tissue engine."""
    setup = prepare(case, {"conduction": state}).scenarios[0].setup
    one = collect(beat.ENGINE, setup).fields["activation_ms"].values
    watched = setup.with_parameter(WATCHED, Quantity(LONG_ENOUGH_MS, "ms", "chosen", "until all is excited"))
    other = collect(tissue.ENGINE, watched).fields["activation_ms"].values
    seen = np.isfinite(one) & np.isfinite(other)
    return np.asarray(one[seen], np.float64), np.asarray(other[seen], np.float64)


def section() -> str:
    """Markdown with a table and a picture."""
    case = model()
    assert case.mesh is not None
    shape, axes = figure(len(STATES))
    lines = [
        "## Two engines, one heart",
        f"The demo patient's heart ({len(case.mesh.tets)} tetrahedra, built from its images) is excited by the",
        "conduction system of three states, with the same speeds. Eikonal: `physics/eikonal.py` on the tetrahedra.",
        f"Tissue: Mitchell-Schaeffer cells on {SPACING_MM:g} mm cubes (`engines/tissue`), whose fronts slow down where",
        "they bend, as the eikonal's do not; its Purkinje layer is the eikonal's.",
        "",
        "| state | total, eikonal | total, tissue | difference, mean | standard deviation | correlation |",
        "|---|---|---|---|---|---|",
    ]
    for axis, (state, name) in zip(axes, STATES.items(), strict=True):
        one, other = both(case, state)
        off = other - one
        lines.append(
            f"| {name} | {one.max():.0f} ms | {other.max():.0f} ms | {off.mean():+.1f} ms | {off.std():.1f} ms | "
            f"{np.corrcoef(one, other)[0, 1]:.3f} |"
        )
        axis.plot(one[::9], other[::9], ".", ms=2, alpha=0.3)
        axis.plot([0, one.max()], [0, one.max()], "k", lw=1)
        axis.set_title(name, fontsize=9)
        axis.set_xlabel("eikonal, ms")
        axis.set_ylabel("tissue, ms")
    lines += ["", save(shape, "two_engines", "Activation of every point of the demo heart by both engines")]
    return "\n".join(lines)
