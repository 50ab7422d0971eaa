"""A sweep: one or more therapies over ranges of their declared parameters, every combination simulated."""

import itertools
from dataclasses import replace

from twinviewer.domain import Setup
from twinviewer.session.studies.study import Point, Wanted
from twinviewer.session.studies.sweep.places import places
from twinviewer.session.studies.sweep.plan import Plan, point_name

BASELINE_POINT = "baseline"
WANTED = Wanted(
    metrics=frozenset(
        {
            "qrs_ms", "qtc_ms", "lv_activation_ms", "total_activation_ms", "septal_lateral_delay_ms", "heart_rate_bpm",
            "lv_ef_percent", "lv_edv_ml", "lv_esv_ml", "lv_stroke_volume_ml", "lv_dpdt_max_mmhg_s",
            "lv_end_diastolic_mmhg", "mean_left_atrial_mmhg", "systolic_aortic_mmhg", "diastolic_aortic_mmhg",
            "mean_arterial_mmhg", "cardiac_output_l_min", "net_output_l_min", "cardiac_power_w", "stroke_work_mmhg_ml",
            "pva_mmhg_ml", "septal_work_kpa", "lateral_work_kpa", "mitral_regurgitant_ml",
        }
    ),
    segments=frozenset({"work_kpa", "activation_ms"}),
)  # fmt: skip
"""What a sweep keeps by default: enough to rank by anything that a therapy aims at, small at any number of points."""

ELECTRICAL = Wanted(
    metrics=frozenset({"qrs_ms", "qtc_ms", "lv_activation_ms", "total_activation_ms", "septal_lateral_delay_ms"}),
    segments=frozenset({"activation_ms"}),
)
"""What needs no contraction: a tenth of the time."""


def points(setup: Setup, swept: Plan) -> tuple[Point, ...]:
    """The untreated heart, then every combination but those at places that cannot be simulated."""
    hidden = {value for value, one in places(setup, swept).items() if one.masked and not one.masked.simulated}
    made = [Point(BASELINE_POINT)]
    for values in itertools.product(*(axis.values for axis in swept.axes)):
        chosen = dict(zip(swept.axes, values, strict=True))
        if swept.site is not None and chosen[swept.site] in hidden:
            continue
        uses = list(swept.uses)
        for axis, value in chosen.items():
            uses[axis.therapy] = replace(
                uses[axis.therapy], values={**uses[axis.therapy].values, axis.parameter.name: value}
            )
        made.append(Point(point_name(swept, values), tuple(uses)))
    return tuple(made)
