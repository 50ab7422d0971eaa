"""The heart's recipe: each step is one module here; imports wait until a step is used, so that starting is quick."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from twinviewer.domain import (
    LabelMap,
    OrganMesh,
    Parameter,
    ParameterValue,
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


class Heart:
    """Both ventricles with their wall, the atria and the great vessels. See :class:`twinviewer.domain.Organ`."""

    name = "heart"
    label = "Heart"
    styles: Mapping[str, StructureStyle] = STYLES

    @property
    def setup_parameters(self) -> Sequence[Parameter]:
        """What a user may set before the baseline simulation."""
        from twinviewer.organs.heart.setup import SETUP_PARAMETERS

        return SETUP_PARAMETERS

    def suits(self, series: Series, volume: Volume | None = None) -> Suitability:
        """Whether this series can become a heart, and why not."""
        from twinviewer.organs.heart.recognise import suits

        return suits(series, volume)

    def segment(self, volume: Volume, report: Reporter) -> LabelMap:
        """Blood pools and muscle of every phase. Raises SegmentationError."""
        from twinviewer.organs.heart.segment import segment

        return segment(volume, report)

    def build(self, labels: LabelMap, volume: Volume, report: Reporter) -> OrganMesh:
        """The mesh at end-diastole. Raises MeshError."""
        from twinviewer.organs.heart.build import build

        return build(labels, volume, report)

    def measure(self, labels: LabelMap, mesh: OrganMesh) -> Mapping[str, Quantity]:
        """Volumes, ejection fraction, mass and thickness from the labels."""
        from twinviewer.organs.heart.measure import measure

        return measure(labels, mesh)

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
