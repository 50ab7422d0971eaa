"""The table of the validation, and its place in docs/validation.md."""

from pathlib import Path

import numpy as np

from tests.validation.measured import Line
from tests.validation.published import Array, Published

BEGIN, END = "<!-- cine: made by python -m tests.validation.cine --write -->", "<!-- cine: end -->"
EDV_ESV_WITHIN, EF_WITHIN, RV_WITHIN, MM_WITHIN = 8.0, 4.0, 15.0, 3.0


def _number(value: float, truth: float, within: float) -> str:
    """A volume and its difference in per cent, bold where it is out of target."""
    off = 100.0 * (value / truth - 1.0)
    text = f"{value:.0f} ({round(off) or 0:+d} %)"
    return f"**{text}**" if abs(off) > within else text


def _mm(line: Line, when: str) -> str:
    values = [round(value, 1) for value in line.mm[when].values()]
    parts = [f"{value:.1f}" if value <= MM_WITHIN else f"**{value:.1f}**" for value in values]
    return " / ".join(parts)


def _at(fraction: list[float], published_ml: Array) -> Array:
    """(t,) published volume at moments of the beat."""
    return np.interp(fraction, np.arange(len(published_ml)) / len(published_ml), published_ml, period=1.0)


def table(lines: list[Line], truth: Published) -> list[str]:
    """Markdown, one row for each line; what is out of target is bold."""
    rows = [
        "| study | LV EDV, mL | LV ESV | LV EF | RV EDV | RV ESV | ED: LV / RV / epi, mm | ES |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lv, rv = (truth.lv_ml[0], truth.lv_ml.min()), (truth.rv_ml[0], truth.rv_ml.min())
    true_ef = 100.0 * (1.0 - lv[1] / lv[0])
    rows.append(f"| *published* | {lv[0]:.1f} | {lv[1]:.1f} | {true_ef:.1f} % | {rv[0]:.1f} | {rv[1]:.1f} | | |")
    for line in lines:
        if line.refused or line.crashed:
            said = f"refused: {line.refused}" if line.refused else f"**crashed: {line.crashed}**"
            rows.append(f"| {line.name} | {said} | | | | | | |")
            continue
        left, right = np.array(line.lv_ml), np.array(line.rv_ml)
        # of a study with few phases no more can be asked than the smallest volume at one of them
        lv_end, rv_end = (float(_at(line.fraction, known).min()) for known in (truth.lv_ml, truth.rv_ml))
        ef = 100.0 * (1.0 - left.min() / left.max())
        close = abs(ef - 100.0 * (1.0 - lv_end / lv[0])) <= EF_WITHIN
        said_ef = f"{ef:.0f} %" if close else f"**{ef:.0f} %**"
        name = line.name + (f" — **{line.folded} elements folded**" if line.folded else "")
        cells = [
            name,
            _number(left.max(), lv[0], EDV_ESV_WITHIN),
            _number(left.min(), lv_end, EDV_ESV_WITHIN),
            said_ef,
            _number(right.max(), rv[0], RV_WITHIN),
            _number(right.min(), rv_end, RV_WITHIN),
            _mm(line, "ED"),
            _mm(line, "ES"),
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def renew(path: Path, lines: list[Line], by_hand: list[str], other: list[str], truth: Published) -> None:
    """Put the section between its marks."""
    first = lines[0]
    text = path.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    body = [*_about(first, truth), "", *table(lines, truth), "", *_pictures(first), "", *_by_hand(by_hand), *other]
    path.write_text("\n".join([head + BEGIN, *body, END]) + tail, encoding="utf-8")


def _about(first: Line, truth: Published) -> list[str]:
    if not first.mm:
        return ["The study as it is gave no model."]
    lv = np.array(first.lv_ml)
    discs = np.array(first.discs_lv_ml)
    wall = np.array(first.wall_ml)
    same = float(np.corrcoef(lv, truth.lv_ml)[0, 1]) if len(lv) == len(truth.lv_ml) else float("nan")
    return [
        "The study of biv-me patient 1, as it is and changed as other scanners and protocols would have it. Volumes "
        "are the model's; distances are means of its points to the published surface at end diastole and end systole. "
        "**Bold**: out of target (LV 8 %, EF 4 points, RV 15 %, 3 mm), by the moments that a study has. The published "
        "surfaces are closed by fans over each open valve, their patches turned alike; by their source the right "
        "ventricle holds 204 and 77 mL, of which we find the second only.",
        "",
        f"As it is: LV by discs {discs.max():.0f}/{discs.min():.0f} mL beside the model's "
        f"{lv.max():.0f}/{lv.min():.0f}; the LV curve correlates with the published one by {same:.3f}; the muscle "
        f"holds {wall.max():.0f} to {wall.min():.0f} mL over the beat; least dihedral angle "
        f"{first.least_dihedral_deg:.1f}°, {first.folded} folded elements in {len(lv)} frames. Delineating took "
        f"{first.delineate_s:.0f} s and the model {first.build_s:.0f} s on a core of a shared machine.",
    ]


def _by_hand(rows: list[str]) -> list[str]:
    if not rows:
        return []
    return [
        "Corrected by hand: the inner contour of a short axis that lay farthest from the published surface at end "
        "diastole or end systole, drawn where that surface has it, again and again. Asked after ten: 5 %, 2 points, "
        "2 mm.",
        "",
        *rows,
        "",
    ]


def _pictures(first: Line) -> list[str]:
    if not first.mm:
        return []
    return [
        "![Volume over the beat: model, discs and published](pictures/validation_cine_curves.png)",
        "",
        "![The model and the published surfaces in two short and two long axes, end diastole above and end systole "
        "below](pictures/validation_cine_planes.png)",
    ]
