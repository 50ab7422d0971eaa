"""The words over a pane: a chip in the scenario's colour, the title, and a small second line; cut off where the pane
ends. The words are in the text's colour: a scenario's own would be too pale to read on white."""

import vtk

from twinviewer.scene.overlay import text_actor
from twinviewer.scene.palette import rgb

TITLE_PX, NOTE_PX = 15, 12
VEIL = 0.7
_LEFT, _TOP, _LINE, _CHIP, _GAP = 8, 7, 20, 4, 6


class PaneTitle:
    """Two text actors in the upper left corner."""

    def __init__(self, renderer: vtk.vtkRenderer) -> None:
        self.renderer = renderer
        self.title, self.note = text_actor(TITLE_PX, "#E6EAF0", bold=True), text_actor(NOTE_PX, "#94A0AF")
        for actor in (self.title, self.note):
            actor.GetTextProperty().SetVerticalJustificationToTop()
            actor.GetPositionCoordinate().SetCoordinateSystemToViewport()
            renderer.AddViewProp(actor)
        self.chip = _chip()
        renderer.AddViewProp(self.chip)
        self._said: tuple[str, str, float] = ("", "", 1.0)
        self._placed: tuple[object, ...] = ()

    def say(self, title: str, note: str, colour: str, text: str, quiet: str, behind: str, scale: float) -> None:
        """Another title and second line. colour: the chip's, "" for none. behind: the pane's, where a heart reaches
        under the words. scale: of the picture's text."""
        self._said = (title, note, scale)
        self.chip.SetVisibility(bool(title and colour))
        self.chip.GetProperty().SetColor(*rgb(colour or text))
        self.title.GetTextProperty().SetColor(*rgb(text))
        self.note.GetTextProperty().SetColor(*rgb(quiet))
        for actor in (self.title, self.note):
            actor.GetTextProperty().SetBackgroundColor(*rgb(behind))
            actor.GetTextProperty().SetBackgroundOpacity(VEIL)
        self.title.GetTextProperty().SetFontSize(int(TITLE_PX * scale))
        self.note.GetTextProperty().SetFontSize(int(NOTE_PX * scale))

    def place(self) -> None:
        """Follow the pane's size: called before each picture, does something only when something has changed."""
        width, height = self.renderer.GetSize()
        key = (width, height, *self._said)
        if key == self._placed:
            return
        self._placed = key
        title, note, scale = self._said
        left = _LEFT + (_CHIP + _GAP if self.chip.GetVisibility() else 0)
        room = width - (left + _LEFT) * scale
        tall = TITLE_PX + 1 + (_LINE - 1 if note else 0)
        self.chip.SetPosition(_LEFT * scale, height - (_TOP + tall) * scale)
        self.chip.GetMapper().GetInputAlgorithm().SetXLength(_CHIP * scale)
        self.chip.GetMapper().GetInputAlgorithm().SetYLength(tall * scale)
        self.chip.GetMapper().GetInputAlgorithm().SetCenter(_CHIP * scale / 2, tall * scale / 2, 0.0)
        for actor, text, down in ((self.title, title, _TOP), (self.note, note, _TOP + _LINE)):
            actor.SetPosition(left * scale, height - down * scale)
            self._fit(actor, text, room)

    def _fit(self, actor: vtk.vtkTextActor, text: str, room: float) -> None:
        actor.SetInput(text)
        size = [0.0, 0.0]
        kept = text
        while text:
            actor.GetSize(self.renderer, size)
            if size[0] <= room or len(kept) < 4:
                return
            kept = kept[: max(int(len(kept) * room / size[0]), 3) - 1].rstrip() if size[0] > 1.3 * room else kept[:-1]
            actor.SetInput(f"{kept.rstrip()}…")


def _chip() -> vtk.vtkActor2D:
    """A small upright bar, in the viewport's pixels."""
    shape = vtk.vtkCubeSource()
    shape.SetZLength(0.0)
    mapper = vtk.vtkPolyDataMapper2D()
    mapper.SetInputConnection(shape.GetOutputPort())
    actor = vtk.vtkActor2D()
    actor.SetMapper(mapper)
    actor.GetPositionCoordinate().SetCoordinateSystemToViewport()
    actor.SetVisibility(False)
    return actor
