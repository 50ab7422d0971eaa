"""How the Case is looked at: structures, colours, cut or whole, which scenarios. Not part of the Case."""

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from twinviewer.domain import StructureStyle
from twinviewer.scene.palette import ANATOMY
from twinviewer.scene.state import Section
from twinviewer.session.case import BASELINE, Case
from twinviewer.ui.alignment import BY_SHARE
from twinviewer.ui.studies.overlay import Overlay

TRANSLUCENT = {"la": 0.35, "ra": 0.35, "aorta": 0.45, "pulmonary_artery": 0.45}
HIDDEN_SURFACES = frozenset({"lv_cavity", "rv_cavity", "epicardium", "lv_endocardium", "rv_endocardium"})

MOST_COMPARED = 3
"""Scenarios side by side, the reference among them."""
FOLLOW_COLOUR = ""
"""A difference of what the wall is coloured by."""

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
        self.reference = BASELINE
        self.others: tuple[str, ...] = ()
        self.difference = True
        self.difference_by = FOLLOW_COLOUR
        self.pair = ("", "")  # which one minus which; of others than those compared: the last minus the reference
        self.aligned = BY_SHARE
        self.probe = -1
        self.exaggerated = False
        self.fibres = False
        self.overlay: Overlay | None = None  # a study's map in place of the wall's own colours

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
        if self.reference not in names:
            self.reference = BASELINE
        self.others = tuple(name for name in self.others if name in names and name != self.reference)
        if not self.others:
            left = [s for s in case.scenarios if s.name != self.reference]
            first = next((s for s in left if s.run is not None), left[0] if left else None)
            self.others = (first.name,) if first is not None else ()
        self.changed.emit()

    # Which scenarios stand side by side ------------------------------------------------------------------------

    @property
    def compared(self) -> tuple[str, ...]:
        """The reference first, then those that are held against it."""
        return (self.reference, *self.others)

    @property
    def other(self) -> str:
        """The scenario that was last held against the reference, "" where there is none."""
        return self.others[-1] if self.others else ""

    @other.setter
    def other(self, name: str) -> None:
        self.others = self._with(name)

    def _with(self, name: str) -> tuple[str, ...]:
        """One more, as the last; where there is no room, in place of the one that was chosen longest ago."""
        if not name or name == self.reference:
            return self.others
        kept = tuple(one for one in self.others if one != name)
        return (*kept[-(MOST_COMPARED - 2) :], name)

    def tick(self, name: str, on: bool) -> None:
        """Hold a scenario against the reference, or no longer; one always stays."""
        if on:
            self.others = self.others if name in self.others else self._with(name)
        elif len(self.others) > 1:
            self.others = tuple(one for one in self.others if one != name)
        self.changed.emit()

    def refer_to(self, name: str) -> None:
        """Another reference; the former one takes its place among the others."""
        if name != self.reference:
            self.others = tuple(self.reference if one == name else one for one in self.others) or (self.reference,)
            self.reference = name
            self.changed.emit()

    @property
    def difference_of(self) -> tuple[str, str]:
        """(this one, minus that one) in the difference pane."""
        first, second = self.pair
        known = first in self.compared and second in self.compared and first != second
        return (first, second) if known else (self.other, self.reference)

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
