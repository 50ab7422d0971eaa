"""The numbers of page one where nothing was simulated: what the images say, beside what is usual."""

from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Table, TableStyle

from twinviewer.report.measures import by_discs
from twinviewer.report.pages.fonts import BOLD, REGULAR
from twinviewer.report.pages.styles import INK, RULE
from twinviewer.report.pages.words import interval, value_of
from twinviewer.session.by_choice import is_by_choice
from twinviewer.session.case import Case
from twinviewer.session.metric_names import label_of, order_of
from twinviewer.session.norms import norms_of

FIRST = (
    "lv_edv_ml", "lv_edv_index_ml_m2", "lv_esv_ml", "lv_ef_percent", "lv_mass_g", "lv_mass_index_g_m2", "rv_edv_ml",
    "rv_ef_percent", "la_max_index_ml_m2", "lv_gls_percent", "cardiac_output_l_min", "heart_rate_bpm",
)  # fmt: skip
MOST = 8


def measured_numbers(case: Case) -> list[Any]:
    """At most eight rows; of another organ the first ones it has."""
    values = by_discs(case.measurements) if not any(n in case.measurements for n in FIRST) else case.measurements
    names = [name for name in FIRST if name in values]
    if is_by_choice(case):  # the largest structures
        volumes = [name for name in values if name.endswith("_volume_ml")]
        names = sorted(volumes, key=lambda name: -values[name].value) or names
    names = list(dict.fromkeys([*names, *sorted(values, key=order_of)]))
    if not names:
        return []
    norms = norms_of(case)
    rows: list[list[Any]] = [["Typed in, not measured" if case.typed else "Measured in the images", "", "Unit",
                              "90 % interval", "Usual", ""]]  # fmt: skip
    for name in names[:MOST]:
        found, norm = values[name], norms.get(name)
        unit = "" if found.unit == "1" else found.unit
        usual, verdict = ("", "") if norm is None else (norm.said, norm.verdict(found.value))
        rows.append([label_of(name), value_of(name, found), unit, interval(found), usual, verdict.upper()])
    made = Table(rows, colWidths=[w * mm for w in (72, 20, 18, 30, 24, 16)])
    made.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, 0), REGULAR, 6.6), ("FONT", (0, 1), (-1, -1), REGULAR, 8.2),
                ("FONT", (1, 1), (1, -1), BOLD, 8.6), ("FONT", (5, 1), (5, -1), BOLD, 7.2),
                ("ALIGN", (1, 0), (1, -1), "RIGHT"), ("TEXTCOLOR", (0, 0), (-1, -1), INK),
                ("LINEBELOW", (0, 0), (-1, 0), 0.7, INK), ("LINEBELOW", (0, 1), (-1, -1), 0.25, RULE),
                ("LEFTPADDING", (0, 0), (-1, -1), 2), ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.6),
            ]
        )
    )  # fmt: skip
    return [made]
