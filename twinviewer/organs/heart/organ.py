"""The heart's recipe: each step is one module here; imports wait until a step is used, so that starting is quick."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from twinviewer.domain import (
    CineContour,
    CineContours,
    CinePoint,
    CineStack,
    Found,
    Image,
    LabelMap,
    MeshError,
    OrganMesh,
    Parameter,
    ParameterValue,
    Patient,
    Quantity,
    Records,
    Reporter,
    Series,
    Setup,
    StructureStyle,
    Suitability,
    Volume,
)
from twinviewer.organs.heart.styles import STYLES


class _SetupParameters(Sequence[Parameter]):
    """What a user may set before the baseline simulation, read at first use: checking that the heart is an Organ
    touches every attribute, and must not load the physics."""

    @cached_property
    def _known(self) -> Sequence[Parameter]:
        from twinviewer.organs.heart.setup import SETUP_PARAMETERS

        return tuple(SETUP_PARAMETERS)

    def __getitem__(self, index: Any) -> Any:
        return self._known[index]

    def __len__(self) -> int:
        return len(self._known)


class Heart:
    """Both ventricles with their wall, the atria and the great vessels. See :class:`twinviewer.domain.Organ`."""

    name = "heart"
    label = "Heart"
    styles: Mapping[str, StructureStyle] = STYLES
    setup_parameters: Sequence[Parameter] = _SetupParameters()

    def suits(self, series: Series, volume: Volume | None = None) -> Suitability:
        """Whether this series can become a heart, and why not."""
        from twinviewer.organs.heart.recognise import suits

        return suits(series, volume)

    def segment(self, volume: Volume, report: Reporter) -> LabelMap:
        """Blood pools and muscle of every phase. Raises SegmentationError."""
        from twinviewer.organs.heart.segment import segment

        return segment(volume, report)

    def delineate(self, stack: CineStack, report: Reporter) -> tuple[CineContours, Mapping[str, Quantity]]:
        """Contours of both ventricles in the short axes of cine MR, and volumes by discs. Raises SegmentationError."""
        from twinviewer.organs.heart.cine import delineated

        return delineated(stack, report)

    def build(self, found: Found, image: Image, report: Reporter) -> OrganMesh:
        """The mesh at end-diastole; from contours of cine MR the fitted template with its motion. Raises MeshError, and
        SegmentationError where contours are too few for a model."""
        if isinstance(found, CineContours) and isinstance(image, CineStack):
            from twinviewer.organs.heart.template.model import build_cine

            return build_cine(found, image, report)
        if isinstance(found, LabelMap):
            from twinviewer.organs.heart.build import build

            return build(found, report=report)
        raise MeshError("Contours and images do not belong together", remedy="Segment this series again")

    def correct(
        self, contours: CineContours, stack: CineStack, mesh: OrganMesh | None, edit: CineContour | CinePoint
    ) -> tuple[CineContours, OrganMesh | None]:
        """A contour or ring point put right by hand; the model follows. Raises MeshError where it cannot."""
        from twinviewer.organs.heart.template.correct import correct, with_edit

        return with_edit(contours, edit), None if mesh is None else correct(mesh, contours, stack, edit)

    def measure(self, found: Found, mesh: OrganMesh | None, image: Image, patient: Patient) -> Mapping[str, Quantity]:
        """Volumes, ejection fraction, mass and thickness; of a measured motion also strain, rates and travel; of
        contours without a model what discs say."""
        if isinstance(found, CineContours) and isinstance(image, CineStack):
            from twinviewer.organs.heart.cine import measure_cine, measure_model

            return measure_cine(found, image) if mesh is None else measure_model(found, image, mesh, patient)
        from twinviewer.organs.heart.measure import measure

        assert isinstance(found, LabelMap) and mesh is not None
        return measure(found, mesh)

    def setup(
        self,
        mesh: OrganMesh,
        measurements: Mapping[str, Quantity],
        records: Records,
        values: Mapping[str, ParameterValue],
    ) -> Setup:
        """The baseline simulation of this patient."""
        from twinviewer.organs.heart.setup import setup

        return setup(mesh, measurements, records, values)

    def write_demo(self, folder: Path, report: Reporter) -> None:
        """Write the synthetic demo patient."""
        from twinviewer.organs.heart.demo import write_demo

        write_demo(folder, report)


ORGAN = Heart()
