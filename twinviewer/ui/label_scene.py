"""What 3D shows while a hand mends labels: their surfaces, the painted one solid, the others seen through."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from twinviewer.domain import OrganMesh
from twinviewer.scene.state import PaneState, SceneState
from twinviewer.ui.theme import Tokens

if TYPE_CHECKING:
    from twinviewer.ui.label_hand import LabelHand


def label_scene(hand: LabelHand, usual: SceneState | None, tokens: Tokens) -> SceneState | None:
    """The picture. usual: what would be shown without the hand."""
    labels, case, styles = hand.labels, hand.w.presenter.case, hand.styles()
    if labels is None:
        return usual
    shown = {
        value: styles[name].colour
        for value, name in labels.names.items()
        if value and (styles[name].visible or value == hand.panel.value)
    }
    mesh = case.mesh if case.mesh is not None else _nothing(labels.image_uid)
    hidden = () if usual is None or not usual.panes else usual.panes[0].structures
    structures = tuple(replace(one, visible=False) for one in hidden)
    title = "Labels"
    if labels.phases > 1:
        title += f", {labels.phase_percent[hand.phase]:.0f} % R-R"
    pane = PaneState(title, mesh, structures=structures, accent=tokens.quiet, labels=hand.shapes.shapes(shown))
    footer = f"{case.patient.pseudonym} · research only, not for clinical use".lstrip(" ·")
    return SceneState(
        (pane,), background=tokens.panel, text=tokens.text, quiet=tokens.quiet, footer=footer, legend=False
    )


@lru_cache(1)
def _nothing(uid: str) -> OrganMesh:
    """A mesh of nothing: a pane needs one."""
    return OrganMesh(
        organ="", points_mm=np.zeros((1, 3)), tets=np.zeros((0, 4), np.int32), surfaces={}, point_fields={},
        cell_fields={}, landmarks={}, wall_points=0, uid=f"labels of {uid}", label_uid="",
    )  # fmt: skip
