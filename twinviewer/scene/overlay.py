"""What is drawn over the hearts: pane titles, legend, footer, and the cube that says where the patient's left is."""

import vtk

from twinviewer.scene.actors import vtk_table
from twinviewer.scene.palette import lookup_table, rgb
from twinviewer.scene.state import Colouring

_FACES = (("SetXPlusFaceText", "L"), ("SetXMinusFaceText", "R"), ("SetYPlusFaceText", "P"), ("SetYMinusFaceText", "A"),
          ("SetZPlusFaceText", "H"), ("SetZMinusFaceText", "F"))  # fmt: skip


def text_actor(size: int, colour: str, *, bold: bool = False) -> vtk.vtkTextActor:
    """A line of text in normalised viewport coordinates."""
    actor = vtk.vtkTextActor()
    style = actor.GetTextProperty()
    style.SetFontFamilyToArial()
    style.SetFontSize(size)
    style.SetColor(*rgb(colour))
    style.SetBold(bold)
    actor.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
    return actor


def legend_actors(colouring: Colouring, text: str, scale: float) -> tuple[vtk.vtkProp, ...]:
    """A slim legend at the left edge, bar and title with unit: five ticks, never over the heart. A field of kinds has a
    swatch and a name for each."""
    if colouring.names:
        return _swatches(colouring, text, scale)
    bar = vtk.vtkScalarBarActor()
    table = vtk_table(colouring)
    if not colouring.band:
        table.SetNumberOfTableValues(256)
        for index, colour in enumerate(lookup_table(colouring.map, 256)):
            table.SetTableValue(index, *(colour / 255.0), 1.0)
    bar.SetLookupTable(table)
    bar.SetNumberOfLabels(5)
    # The bar would centre its own title and clip it in a narrow pane.
    title = text_actor(int(12 * scale), text)
    title.SetInput(f"{colouring.title}, {colouring.unit}" if colouring.unit else colouring.title)
    title.SetPosition(0.02, 0.735)
    bar.SetTitle("")
    bar.SetLabelFormat("{:.0f}" if abs(colouring.high - colouring.low) >= 8 else "{:.1f}")
    bar.UnconstrainedFontSizeOn()
    bar.SetMaximumNumberOfColors(1024)
    bar.SetBarRatio(0.16)
    bar.SetTextPad(4)
    style = bar.GetLabelTextProperty()
    style.SetFontFamilyToArial()
    style.SetFontSize(int(11 * scale))
    style.SetColor(*rgb(text))
    style.ItalicOff()
    style.BoldOff()
    style.ShadowOff()
    bar.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
    bar.SetPosition(0.015, 0.30)
    bar.SetWidth(0.13)
    bar.SetHeight(0.42)
    return bar, title


def _swatches(colouring: Colouring, text: str, scale: float) -> tuple[vtk.vtkProp, ...]:
    """The highest kind on top, as in a bar."""
    table = lookup_table(colouring.map, 2 * len(colouring.names) - 1)[::2]
    parts: list[vtk.vtkProp] = []
    for row, (name, colour) in enumerate(zip(colouring.names[::-1], table[::-1], strict=True)):
        place = (0.02, 0.86 - 0.05 * row)  # a corner: half-way up, words would reach the heart
        square = text_actor(int(10 * scale), text)  # blanks on a ground of the kind's colour
        square.SetInput("     ")
        style = square.GetTextProperty()
        style.SetBackgroundColor(*(colour / 255.0))
        style.SetBackgroundOpacity(1.0)
        style.SetVerticalJustificationToCentered()
        square.SetPosition(*place)
        word = text_actor(int(12 * scale), text)
        word.SetInput(f"       {name}")
        word.GetTextProperty().SetVerticalJustificationToCentered()
        word.SetPosition(*place)
        parts += [square, word]
    title = text_actor(int(12 * scale), text)
    title.SetInput(colouring.title)
    title.SetPosition(0.02, 0.89)
    return (*parts, title)


class OrientationCube:
    """A lettered cube in its own small renderer whose camera follows the main one's direction."""

    def __init__(self, window: vtk.vtkRenderWindow) -> None:
        self.renderer = vtk.vtkRenderer()
        self.renderer.SetLayer(1)
        self.renderer.InteractiveOff()
        window.SetNumberOfLayers(max(2, window.GetNumberOfLayers()))
        window.AddRenderer(self.renderer)
        cube = vtk.vtkAnnotatedCubeActor()
        for setter, letter in _FACES:
            getattr(cube, setter)(letter)
        cube.SetXFaceTextRotation(0)
        cube.SetYFaceTextRotation(0)
        cube.SetZFaceTextRotation(90)
        cube.GetCubeProperty().SetColor(0.30, 0.34, 0.40)
        cube.GetTextEdgesProperty().SetColor(0.85, 0.88, 0.92)
        cube.GetTextEdgesProperty().SetLineWidth(1)
        cube.SetFaceTextScale(0.6)
        for name in ("XPlus", "XMinus", "YPlus", "YMinus", "ZPlus", "ZMinus"):
            getattr(cube, f"Get{name}FaceProperty")().SetColor(0.85, 0.88, 0.92)
        self.renderer.AddActor(cube)
        self.place(1, 1)

    def place(self, width: int, height: int, below: int = 0) -> None:
        """Keep the cube square in the lower right corner, 64 px or a tenth of the window. below: what stands under it,
        in px."""
        size = max(56.0, 0.09 * min(width, height))
        left, floor = max(0.0, 1 - size / max(width, size)), below / max(height, 1)
        self.renderer.SetViewport(left, floor, 1.0, min(1.0, floor + size / max(height, size)))

    def follow(self, camera: vtk.vtkCamera) -> None:
        """Look at the cube from the main camera's direction."""
        own = self.renderer.GetActiveCamera()
        direction, up = camera.GetDirectionOfProjection(), camera.GetViewUp()
        own.SetFocalPoint(0, 0, 0)
        own.SetPosition(*(-4.2 * component for component in direction))
        own.SetViewUp(*up)
        self.renderer.ResetCameraClippingRange()
