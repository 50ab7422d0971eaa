"""Numbers of the scenarios in view as rows of one table, and the line below a sheet."""

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QLabel

from twinviewer.session.metric_names import METRICS, number_of
from twinviewer.ui.curves import Curves
from twinviewer.ui.theme import Look

CLAIM = "Simulated scenario, research only, not for clinical use"


def read_out(curves: Sequence[Curves], names: Sequence[str], look: Look) -> str:
    """A row of rich text for each scenario, in its colour; a dash for what its run does not say."""
    rows = []
    for curve in curves:
        cells = [f"<td style='color:{curve.colour}; padding-right:18px'><b>{curve.label}</b></td>"]
        for name in names:
            quantity = curve.run.metrics.get(name)
            said = "–" if quantity is None else f"{number_of(name, quantity.value)} {quantity.unit}"
            short = METRICS[name].short if name in METRICS else name
            grey = f"<span style='color:{look.tokens.quiet}'>{short}</span>"
            cells.append(f"<td style='padding-right:14px'>{grey} <b>{said}</b></td>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table>{''.join(rows)}</table>"


def foot_line(*texts: str) -> QHBoxLayout:
    """Small texts spread over the width of a sheet."""
    foot = QHBoxLayout()
    for k, text in enumerate(texts):
        if k:
            foot.addStretch(1)
        label = QLabel(text)
        label.setProperty("role", "small")
        foot.addWidget(label)
    return foot
