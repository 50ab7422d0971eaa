"""The heart's recipe: each step is one module here; imports wait until a step is used, so that starting is quick."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import (
    CineContour,
    CineContours,
    CinePoint,
    CineStack,
    Drawn,
    Found,
    Image,
    LabelMap,
    Mask,
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
    UncertainInput,
    Volume,
    part,
    silent,
)
from twinviewer.organs.heart.styles import STYLES, TISSUE_STRUCTURES


class _Later(Sequence[Parameter]):
    """Declared parameters of another module, read at first use: checking that the heart is an Organ touches every
    attribute, and must not load the physics."""

    def __init__(self, module: str, name: str) -> None:
        self._module, self._name = module, name

    @cached_property
    def _known(self) -> Sequence[Parameter]:
        return tuple(getattr(import_module(self._module), self._name))

    def __getitem__(self, index: Any) -> Any:
        return self._known[index]

    def __len__(self) -> int:
        return len(self._known)


class Heart:
    """Both ventricles with their wall, the atria and the great vessels. See :class:`twinviewer.domain.Organ`."""

    name = "heart"
    label = "Heart"
    styles: Mapping[str, StructureStyle] = STYLES
    tissue_structures: Mapping[str, str] = TISSUE_STRUCTURES
    setup_parameters: Sequence[Parameter] = _Later("twinviewer.organs.heart.setup", "SETUP_PARAMETERS")
    numbers: Sequence[Parameter] = _Later("twinviewer.organs.heart.template.typed_numbers", "NUMBERS")
    edge = Parameter(
        "edge_mm", "Longest edge", "number", 3.0, "about the right wall's thickness", "mm", 1.8, 6.0, 0.1,
        help="Tetrahedra, memory and time grow with its third power: half the edge makes eight times as many",
    )  # fmt: skip

    @property
    def mask_structures(self) -> Mapping[int, str]:
        """Number -> structure of our own label maps, and of scar and its border zone."""
        from twinviewer.organs.heart.imported import MASK_STRUCTURES

        return MASK_STRUCTURES

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
        """The mesh as fine as usual. Raises MeshError and SegmentationError."""
        return self.build_with_edge(found, image, report, 0.0)

    def expected_tets(self, found: Found, edge_mm: float) -> int:
        """About how many tetrahedra the wall will have."""
        from twinviewer.organs.heart.build import expected_tets

        return expected_tets(found, edge_mm or float(self.edge.default)) if isinstance(found, LabelMap) else 0

    def build_with_edge(self, found: Found, image: Image, report: Reporter, edge_mm: float) -> OrganMesh:
        """The mesh at end-diastole, with its motion where there are several phases; from contours of cine MR the fitted
        template, moving. Raises MeshError, and SegmentationError where contours are too few for a model."""
        from twinviewer.organs.heart.measures.wall_map import with_thickness

        if isinstance(found, CineContours) and isinstance(image, CineStack):
            from twinviewer.organs.heart.imported import covered
            from twinviewer.organs.heart.template.model import build_cine

            mesh = build_cine(*covered(found, image), report)
            still = mesh.motion_mm is not None and len(mesh.motion_mm) < 2
            return with_thickness(replace(mesh, motion_mm=None, motion_fraction=None) if still else mesh)
        if isinstance(found, LabelMap):
            from twinviewer.organs.heart.build import CELL_MM, LONGEST, build, reference_phase
            from twinviewer.organs.heart.chest import with_chest
            from twinviewer.organs.heart.motion.ct import with_motion

            meshing, moving = (part(report, 0.0, 0.3), part(report, 0.3, 1.0)) if found.phases > 1 else (report, silent)
            volume = image if isinstance(image, Volume) else None
            cell_mm = edge_mm / LONGEST if edge_mm else CELL_MM
            mesh = with_thickness(build(found, report=meshing, cell_mm=cell_mm))
            mesh = mesh if volume is None else with_chest(mesh, volume)
            return with_motion(mesh, found, volume, reference_phase(found), moving)
        raise MeshError("Contours and images do not belong together", remedy="Segment this series again")

    def correct(
        self, contours: CineContours, stack: CineStack, mesh: OrganMesh | None, edit: CineContour | CinePoint
    ) -> tuple[CineContours, OrganMesh | None]:
        """A contour or ring point put right by hand; the model follows. Raises MeshError where it cannot."""
        from twinviewer.organs.heart.template.correct import correct, with_edit

        return with_edit(contours, edit), None if mesh is None else correct(mesh, contours, stack, edit)

    def measure(self, found: Found, mesh: OrganMesh | None, image: Image, patient: Patient) -> Mapping[str, Quantity]:
        """Volumes, ejection fraction, mass and thickness; of a measured motion also strain, rates and travel; of
        contours without a model what discs say; the ventricle's shape, valve rings, vessels, fat, all indexed."""
        from twinviewer.organs.heart.measures.complete import completed

        labels = found if isinstance(found, LabelMap) else None
        return completed(self._measured(found, mesh, image, patient), labels, mesh, image, patient)

    def _measured(self, found: Found, mesh: OrganMesh | None, image: Image, patient: Patient) -> Mapping[str, Quantity]:
        if isinstance(found, CineContours) and isinstance(image, CineStack):
            from twinviewer.organs.heart.cine import measure_cine, measure_model, measure_still
            from twinviewer.organs.heart.imported import covered

            found, image = covered(found, image)
            if image.phases == 1:
                return measure_still(found, image)
            if mesh is None or mesh.motion_mm is None:
                return measure_cine(found, image)
            return measure_model(found, image, mesh, patient)
        from twinviewer.organs.heart.motion.ct_measures import measure_ct

        assert isinstance(found, LabelMap) and mesh is not None
        return measure_ct(found, mesh, image)

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

    def uncertain(self, setup: Setup) -> tuple[UncertainInput, ...]:
        """What is not known exactly of this patient's heart."""
        from twinviewer.organs.heart.plausible import uncertain

        return uncertain(setup)

    def measurable(self) -> Mapping[str, float]:
        """What a catheter, echo or another study could tell, with usual errors."""
        from twinviewer.organs.heart.plausible import MEASURABLE

        return MEASURABLE

    def draw(self, setup: Setup, normals: NDArray[np.float64], report: Reporter) -> Sequence[Drawn | None]:
        """Hearts that could be this patient's. Raises EngineError."""
        from twinviewer.organs.heart.plausible import draw_hearts

        return draw_hearts(setup, normals, report)

    def check_numbers(self, values: Mapping[str, ParameterValue]) -> str:
        """What follows from typed numbers, in one sentence. Raises MeshError where they do not go together."""
        from twinviewer.organs.heart.template.typed_numbers import summary, typed_heart

        return summary(typed_heart(values))

    def from_numbers(
        self, values: Mapping[str, ParameterValue], report: Reporter
    ) -> tuple[OrganMesh, Mapping[str, Quantity]]:
        """The template scaled to typed numbers and set moving; no image is used. Raises MeshError."""
        from twinviewer.organs.heart.template.typed import heart_from_numbers

        return heart_from_numbers(values, report)

    def name_mask(self, mask: Mask) -> tuple[Mapping[int, str], str]:
        """Which structure each number of a mask may mean, and why."""
        from twinviewer.organs.heart.imported import name_mask

        return name_mask(mask)

    def contours_of_mask(
        self, mask: Mask, meaning: Mapping[int, str], stack: CineStack, phase: int | None
    ) -> CineContours:
        """Contours where the short axes cut a mask. Raises SegmentationError."""
        from twinviewer.organs.heart.imported import contours_of_mask

        return contours_of_mask(mask, meaning, stack, phase)

    def with_tissue(self, mesh: OrganMesh, tissue: LabelMap) -> OrganMesh:
        """The mesh with the scar of a label map. Raises MeshError."""
        from twinviewer.organs.heart.scar_label import with_tissue

        return with_tissue(mesh, tissue)

    def write_demo(self, folder: Path, report: Reporter) -> None:
        """Write the synthetic demo patient."""
        from twinviewer.organs.heart.demo import write_demo

        write_demo(folder, report)


ORGAN = Heart()
