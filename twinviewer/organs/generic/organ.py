"""The recipe of whatever is no heart: outlined, meshed, measured and shown. Imports wait until a step is used."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from twinviewer.domain import (
    CineContour,
    CineContours,
    CinePoint,
    CineStack,
    EngineError,
    Found,
    Image,
    LabelMap,
    LoadError,
    Mask,
    MeshError,
    OrganMesh,
    Parameter,
    ParameterValue,
    Patient,
    Quantity,
    Records,
    Reporter,
    SegmentationError,
    Series,
    Setup,
    StructureStyle,
    Suitability,
    Volume,
)
from twinviewer.organs.generic.names import SUGGESTED
from twinviewer.organs.generic.styles import AnyStyles

NO_SIMULATION = "No simulation exists for this organ yet"
LEAST_SLICES = 2


class Generic:
    """Any structures of a volume. See :class:`twinviewer.domain.Organ` and :class:`twinviewer.domain.ByChoice`."""

    name = "generic"
    label = "Organ (geometry only)"
    styles: Mapping[str, StructureStyle] = AnyStyles()
    setup_parameters: Sequence[Parameter] = ()
    mask_structures: Mapping[int, str] = dict(enumerate(SUGGESTED, start=1))
    edge = Parameter(
        "edge_mm", "Longest edge", "number", 3.0, "chosen by the size of each structure", "mm", 0.6, 20.0, 0.1,
        help="Tetrahedra, memory and time grow with its third power: half the edge makes eight times as many",
    )  # fmt: skip

    def suits(self, series: Series, volume: Volume | None = None) -> Suitability:
        """Every volume does; nothing with planes of their own."""
        if series.kind not in ("ct_volume", "ct_multiphase", "mr_volume", "volume") or series.slices < LEAST_SLICES:
            return Suitability(False, "Structures are meshed from volumes of slices")
        return Suitability(True, "Geometry only: outlined, measured and shown, not simulated")

    def outlines(self, modality: str) -> Sequence[Parameter]:
        """Presets and levels for a modality."""
        from twinviewer.organs.generic.outline import outlines

        return outlines(modality)

    def outline(self, volume: Volume, values: Mapping[str, ParameterValue], report: Reporter) -> LabelMap:
        """Structures between levels. Raises SegmentationError."""
        from twinviewer.organs.generic.outline import outline

        return outline(volume, values, report)

    def segment(self, volume: Volume, report: Reporter) -> LabelMap:
        """Bone in CT; SegmentationError for other images, whose values have no scale."""
        if volume.modality != "CT":
            raise SegmentationError(
                f"Nothing can be found by itself in {volume.modality or 'these'} images: their values have no scale",
                remedy="Outline by two values or by hand, or import labels",
            )
        return self.outline(volume, {}, report)

    def delineate(self, stack: CineStack, report: Reporter) -> tuple[CineContours, Mapping[str, Quantity]]:
        """Never: SegmentationError."""
        raise SegmentationError("Planes of a cine study make no volume", remedy="Open a volume of slices")

    def build(self, found: Found, image: Image, report: Reporter) -> OrganMesh:
        """A mesh of every structure in the first phase. Raises MeshError."""
        return self.build_with_edge(found, image, report, 0.0)

    def expected_tets(self, found: Found, edge_mm: float) -> int:
        """About how many tetrahedra there will be."""
        from twinviewer.organs.generic.build import expected

        return expected(found, edge_mm) if isinstance(found, LabelMap) else 0

    def build_with_edge(self, found: Found, image: Image, report: Reporter, edge_mm: float) -> OrganMesh:
        """The same with edges up to about ``edge_mm``. Raises MeshError."""
        from twinviewer.organs.generic.build import build

        if not isinstance(found, LabelMap):
            raise MeshError("Contours of separate planes make no volume", remedy="Outline structures in a volume")
        return build(found, report, edge_mm)

    def correct(
        self, contours: CineContours, stack: CineStack, mesh: OrganMesh | None, edit: CineContour | CinePoint
    ) -> tuple[CineContours, OrganMesh | None]:
        """Never: MeshError."""
        raise MeshError("This organ has no contours to correct", remedy="Edit its labels")

    def measure(self, found: Found, mesh: OrganMesh | None, image: Image, patient: Patient) -> Mapping[str, Quantity]:
        """Volume, area, diameters, form and intensity of each structure."""
        from twinviewer.organs.generic.measure import measure

        assert isinstance(found, LabelMap) and isinstance(image, Volume)
        return measure(found, mesh, image)

    def setup(
        self,
        mesh: OrganMesh,
        measurements: Mapping[str, Quantity],
        records: Records,
        values: Mapping[str, ParameterValue],
    ) -> Setup:
        """Never: EngineError, since no engine knows this organ."""
        raise EngineError(NO_SIMULATION, remedy="Its geometry can be measured, shown and exported")

    def name_mask(self, mask: Mask) -> tuple[Mapping[int, str], str]:
        """A name for each number of a mask, and where it is from."""
        from twinviewer.organs.generic.names import name_mask

        return name_mask(mask)

    def contours_of_mask(
        self, mask: Mask, meaning: Mapping[int, str], stack: CineStack, phase: int | None
    ) -> CineContours:
        """Never: SegmentationError."""
        raise SegmentationError("Planes of a cine study make no volume", remedy="Open a volume of slices")

    def write_demo(self, folder: Path, report: Reporter) -> None:
        """Never: LoadError."""
        raise LoadError("There is no demo patient for this organ", remedy="Open the heart's, or images of your own")


ORGAN = Generic()
"""Any organ as geometry."""
