"""How the Case is looked at: structures, colours, cut or whole, which scenarios. Not part of the Case."""

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from twinviewer.domain import StructureStyle
from twinviewer.scene.palette import ANATOMY
from twinviewer.scene.state import Section
from twinviewer.session.case import BASELINE, Case

TRANSLUCENT = {"la": 0.35, "ra": 0.35, "aorta": 0.45, "pulmonary_artery": 0.45}
HIDDEN_SURFACES = frozenset({"lv_cavity", "rv_cavity", "epicardium", "lv_endocardium", "rv_endocardium"})

CHAMBERS = frozenset({"lv", "rv", "la", "ra"})


def plain_style(name: str, *, surface: bool) -> StructureStyle:
    """The style of a structure that no organ describes."""
    colour = ANATOMY.get(name, "#B9C2CC")
    opacity = TRANSLUCENT.get(name, 1.0) if surface else 1.0
    visible = name not in HIDDEN_SURFACES if surface else True
    words = name.replace("_", " ").split()
    label = " ".join(word.upper() if word in CHAMBERS else word for word in words)
    return StructureStyle(label[:1].upper() + label[1:], colour, opacity, visible)


class ViewChoices(QObject):
    """``changed`` asks all views to draw again."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.surfaces: dict[str, StructureStyle] = {}
        self.labels: dict[str, StructureStyle] = {}
        self.colour_by = ""
        self.safe_colours = False
        self.section = False
        self.cut: Section | None = None  # None: along the four-chamber plane
        self.outlines = "both"
        self.comparing = False
        self.scenario = BASELINE
        self.other = ""
        self.probe = -1
        self.exaggerated = False

    def follow(self, case: Case, styles: Mapping[str, StructureStyle]) -> None:
        """Take up structures and scenarios that the case has; choices already made stay."""
        if case.mesh is not None:
            self.surfaces = {
                name: self.surfaces.get(name) or styles.get(name) or plain_style(name, surface=True)
                for name in case.mesh.surfaces
            }
        if case.labels is not None:
            self.labels = {
                name: self.labels.get(name) or styles.get(name) or plain_style(name, surface=False)
                for name in case.labels.names.values()
            }
        names = [s.name for s in case.scenarios]
        if self.scenario not in names:
            self.scenario = BASELINE
        treated = [s.name for s in case.treated]
        if self.other not in treated:
            self.other = treated[0] if treated else ""
        self.changed.emit()

    def restyle(
        self,
        kind: str,
        name: str,
        *,
        visible: bool | None = None,
        colour: str | None = None,
        opacity: float | None = None,
    ) -> None:
        """Change one structure; kind is "surface" or "label"."""
        table = self.surfaces if kind == "surface" else self.labels
        old = table[name]
        table[name] = replace(
            old,
            visible=old.visible if visible is None else visible,
            colour=colour or old.colour,
            opacity=old.opacity if opacity is None else opacity,
        )
        self.changed.emit()

    def set(self, **choices: object) -> None:
        """Change some choices at once; unknown names are a mistake of the program."""
        for name, value in choices.items():
            if not hasattr(self, name):
                raise AttributeError(name)
            setattr(self, name, value)
        self.changed.emit()

    @property
    def label_colours(self) -> dict[str, str]:
        """Structure -> colour of the labels that are shown over the images."""
        return {name: style.colour for name, style in self.labels.items() if style.visible}
