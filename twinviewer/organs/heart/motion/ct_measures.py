"""What a multi-phase CT says about a heart: volumes counted in its labels, and what its moving mesh says besides.

Volumes, ejection fraction, mass and thickness at end-diastole are those of organs/heart/measure.py. Strain, thickening,
rates and the travel of rings come from the mesh (measures.py), output from the counted volumes.
"""

from collections.abc import Mapping
from dataclasses import replace

from twinviewer.domain import Image, LabelMap, OrganMesh, Quantity, Volume
from twinviewer.organs.heart.measure import measure
from twinviewer.organs.heart.motion.measures import FACE_MM, measure_motion, output
from twinviewer.organs.heart.motion.phases import WIDE_GAP, gap_of

FOLLOWED = "wall followed through the phases of the CT by registration"
COUNTED = ("edv_ml", "esv_ml", "ef_percent", "stroke_volume_ml", "mass_g")
"""Endings of what is counted in the labels, never taken from the mesh."""


def measure_ct(labels: LabelMap, mesh: OrganMesh, image: Image) -> Mapping[str, Quantity]:
    """Quantities named as in docs/metrics.md. Of a mesh that stands still those of the labels alone; rates, times and
    output only where the header gives the beat's length and the images fill the beat."""
    counted = dict(measure(labels, mesh))
    if mesh.motion_mm is None or mesh.motion_fraction is None:
        return counted
    filled = gap_of(mesh.motion_fraction) <= WIDE_GAP
    rr_s = image.rr_s if isinstance(image, Volume) and filled else None
    moving = measure_motion(mesh, rr_s, face_mm=FACE_MM)
    out = dict(counted)
    for name, quantity in moving.items():
        if name not in out and not name.endswith(COUNTED):
            out[name] = replace(quantity, source=f"{quantity.source}; {FOLLOWED}")
    if rr_s is not None and rr_s > 0.0 and "lv_stroke_volume_ml" in counted:
        beat = output(counted["lv_stroke_volume_ml"], rr_s)
        out.update({name: beat[name] for name in beat if name not in counted})
    return out
