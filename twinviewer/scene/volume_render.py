"""A volume drawn whole, together with the heart: by the graphics card, or where OpenGL is software by the processor.

Measured on two cores without a card (600 x 450 pixels, 1.4 million voxels): the processor's own ray caster takes
0.06 s still and 0.02 s while turning, 0.45 s when it sees new voxels first; the mapper made for cards takes half a
minute there.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk

from twinviewer.scene.volume_data import VolumeData, VolumeLook

SOFTWARE = ("llvmpipe", "softpipe", "swrast", "SwiftShader", "OSMesa", "Software Rasterizer")
STILL_PX, MOVING_PX = 1.0, 3.0
"""One ray for so many pixels across, at rest and while something moves, where the processor casts them."""


@dataclass(frozen=True, slots=True)
class Preset:
    """points: (value, red, green, blue, opacity a mm), values in HU, or for MR in percentiles of the voxels."""

    label: str
    points: tuple[tuple[float, float, float, float, float], ...]
    percentiles: bool = False
    brightest: bool = False


PRESETS: dict[str, Preset] = {
    "heart": Preset(
        "Heart, CT angiography",
        ((90, 0.30, 0.07, 0.05, 0.0), (180, 0.62, 0.18, 0.14, 0.03), (300, 0.88, 0.48, 0.40, 0.22),
         (450, 0.97, 0.76, 0.66, 0.40), (800, 0.98, 0.94, 0.86, 0.60)),
    ),
    "bone": Preset(
        "Bone",
        ((150, 0.55, 0.42, 0.32, 0.0), (280, 0.80, 0.68, 0.54, 0.12), (600, 0.92, 0.86, 0.76, 0.50),
         (1500, 1.0, 0.98, 0.94, 0.70)),
    ),
    "lung": Preset(
        "Lung",
        ((-950, 0.20, 0.30, 0.36, 0.0), (-850, 0.40, 0.56, 0.64, 0.012), (-650, 0.62, 0.78, 0.86, 0.05),
         (-450, 0.80, 0.88, 0.92, 0.02), (-250, 0.86, 0.62, 0.56, 0.0)),
    ),
    "soft": Preset(
        "Soft tissue",
        ((-120, 0.70, 0.55, 0.40, 0.0), (-40, 0.86, 0.70, 0.50, 0.04), (30, 0.80, 0.42, 0.36, 0.16),
         (90, 0.86, 0.54, 0.46, 0.30), (300, 0.96, 0.88, 0.80, 0.55)),
    ),
    "mip": Preset("Brightest on the way (MIP)", ((0, 0, 0, 0, 0.0), (150, 0.1, 0.1, 0.1, 0.02), (700, 1, 1, 1, 1.0)),
                  brightest=True),
    "mr": Preset(
        "MR",
        ((45, 0.10, 0.10, 0.12, 0.0), (75, 0.45, 0.42, 0.42, 0.03), (92, 0.78, 0.70, 0.66, 0.16),
         (100, 1.0, 0.98, 0.95, 0.45)),
        percentiles=True,
    ),
}  # fmt: skip
"""By name; the first is the one for contrast CT of the heart."""


def is_software(window: vtk.vtkRenderWindow) -> bool:
    """Whether OpenGL is drawn by the processor here. The window must have rendered once."""
    said = str(window.ReportCapabilities())
    renderer = next((line for line in said.splitlines() if "renderer string" in line.lower()), said[:400])
    return any(name.lower() in renderer.lower() for name in SOFTWARE)


class VolumeActor:
    """The volume in one renderer. Made when first shown; arrays are given over, not copied."""

    def __init__(self, renderer: vtk.vtkRenderer) -> None:
        self._renderer = renderer
        self._volume: vtk.vtkVolume | None = None
        self._mapper: Any = None
        self._image = vtk.vtkImageData()
        self._look: VolumeLook | None = None
        self._kept: object = None
        self.software = True

    def show(self, look: VolumeLook | None, plane: vtk.vtkPlane | None = None) -> None:
        """Draw it; None takes it away. plane: what lies beyond it is cut off, as from the heart."""
        if look is None:
            if self._volume is not None:
                self._renderer.RemoveViewProp(self._volume)
                self._look = self._kept = None
                self._volume = None
            return
        if self._volume is None:
            self._make()
        assert self._volume is not None
        if self._look is None or self._look.data is not look.data:
            self._take(look.data)
        if look.differs(self._look):
            self._colour(look)
        self._mapper.RemoveAllClippingPlanes()
        if plane is not None:
            self._mapper.AddClippingPlane(plane)
        if self.software:
            self._mapper.SetImageSampleDistance(MOVING_PX if look.moving else STILL_PX)
        self._look = look

    @property
    def corners_mm(self) -> NDArray[np.float64]:
        """(8, 3) LPS of what is drawn; empty where nothing is."""
        return np.zeros((0, 3)) if self._look is None else self._look.data.corners_mm

    def _make(self) -> None:
        window = self._renderer.GetRenderWindow()
        self.software = is_software(window)
        if self.software:
            self._mapper = vtk.vtkFixedPointVolumeRayCastMapper()
            self._mapper.SetAutoAdjustSampleDistances(False)
            self._mapper.LockSampleDistanceToInputSpacingOff()
            self._mapper.IntermixIntersectingGeometryOn()
        else:
            self._mapper = vtk.vtkGPUVolumeRayCastMapper()
            self._mapper.SetAutoAdjustSampleDistances(True)
            self._mapper.UseJitteringOn()
        self._mapper.SetInputData(self._image)
        self._volume = vtk.vtkVolume()
        self._volume.SetMapper(self._mapper)
        self._volume.PickableOff()
        self._renderer.AddViewProp(self._volume)

    def _take(self, data: VolumeData) -> None:
        k, j, i = data.values.shape
        spacing = np.linalg.norm(data.affine[:3, :3], axis=0)
        self._kept = data.values
        self._image.SetDimensions(i, j, k)
        self._image.SetSpacing(*(float(mm) for mm in spacing))
        self._image.GetPointData().SetScalars(numpy_to_vtk(data.values.ravel()))
        self._image.Modified()
        place = vtk.vtkMatrix4x4()
        turned = np.eye(4)
        turned[:3, :3] = data.affine[:3, :3] / spacing
        turned[:3, 3] = data.affine[:3, 3]
        place.DeepCopy(turned.ravel().tolist())
        assert self._volume is not None
        self._volume.SetUserMatrix(place)
        if self.software:
            step = float(spacing.min())
            self._mapper.SetSampleDistance(0.75 * step)
            self._mapper.SetInteractiveSampleDistance(1.5 * step)

    def _colour(self, look: VolumeLook) -> None:
        preset = PRESETS[look.preset]
        opacity, colour = vtk.vtkPiecewiseFunction(), vtk.vtkColorTransferFunction()
        for value, red, green, blue, amount in preset.points:
            at = value + look.shift
            if preset.percentiles:
                at = float(np.interp(value + look.shift / 10.0, np.arange(101), look.data.percentiles))
            opacity.AddPoint(at, min(amount * look.opacity, 1.0))
            colour.AddRGBPoint(at, red, green, blue)
        style = vtk.vtkVolumeProperty()
        style.SetScalarOpacity(opacity)
        style.SetColor(colour)
        style.SetInterpolationTypeToLinear()
        style.SetScalarOpacityUnitDistance(1.0)
        if preset.brightest:
            self._mapper.SetBlendModeToMaximumIntensity()
            style.ShadeOff()
        else:
            self._mapper.SetBlendModeToComposite()
            style.ShadeOn()
            style.SetAmbient(0.22)
            style.SetDiffuse(0.82)
            style.SetSpecular(0.10)
            style.SetSpecularPower(12.0)
        assert self._volume is not None
        self._volume.SetProperty(style)
