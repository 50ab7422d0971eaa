"""The three doors of the house: Organ, Engine, Therapy. A plug-in exports ORGAN, ENGINE or THERAPY."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from twinviewer.domain.contours import CineContour, CineContours, CinePoint
from twinviewer.domain.image import CineStack, Image, LabelMap, Patient, Series, Volume
from twinviewer.domain.mask import Mask
from twinviewer.domain.mesh import OrganMesh
from twinviewer.domain.progress import Reporter
from twinviewer.domain.quantity import Parameter, ParameterValue, Quantity
from twinviewer.domain.records import Records
from twinviewer.domain.simulation import EngineOutput, Setup


@dataclass(frozen=True, slots=True)
class Suitability:
    """Whether a series can become this organ. ok=False carries the reason; note says what is limited when ok."""

    ok: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StructureStyle:
    """How a structure or surface is shown. colour "#RRGGBB", opacity 0..1, group for the tree, visible by default."""

    label: str
    colour: str
    opacity: float = 1.0
    visible: bool = True


Found = LabelMap | CineContours
"""What segmenting gives: labels of a volume, or contours of a cine study."""


@runtime_checkable
class Organ(Protocol):
    """The recipe of one organ. Called in the order suits, segment (or delineate), build, measure, setup; each in a
    worker process."""

    name: str
    label: str
    styles: Mapping[str, StructureStyle]
    setup_parameters: Sequence[Parameter]

    def suits(self, series: Series, volume: Volume | None = None) -> Suitability:
        """Cheap check by header; with a volume, also by its voxels (is blood opacified?)."""
        ...

    def segment(self, volume: Volume, report: Reporter) -> LabelMap:
        """Label every phase. Raises SegmentationError with the reason when the images cannot give the organ."""
        ...

    def delineate(self, stack: CineStack, report: Reporter) -> tuple[CineContours, Mapping[str, Quantity]]:
        """Contours of every frame of a cine study, and what they measure (names of docs/metrics.md). Raises
        SegmentationError with the reason where the planes cannot give the organ."""
        ...

    def build(self, found: Found, image: Image, report: Reporter) -> OrganMesh:
        """Mesh the organ at its reference phase (heart: end-diastole), with fields and landmarks; from contours also
        with the motion that they show."""
        ...

    def correct(
        self, contours: CineContours, stack: CineStack, mesh: OrganMesh | None, edit: CineContour | CinePoint
    ) -> tuple[CineContours, OrganMesh | None]:
        """One contour or point put right by hand: the contours with it, and the model (if there is one) moved after it
        in the phases it bears on. Quick: a user drags. Raises MeshError where the model cannot follow."""
        ...

    def measure(self, found: Found, mesh: OrganMesh | None, image: Image, patient: Patient) -> Mapping[str, Quantity]:
        """What the images say: volumes, EF, mass. Names as in docs/metrics.md; origin "measured". mesh: None only for
        contours from which no model has been made."""
        ...

    def setup(
        self,
        mesh: OrganMesh,
        measurements: Mapping[str, Quantity],
        records: Records,
        values: Mapping[str, ParameterValue],
    ) -> Setup:
        """The baseline simulation of this patient; values are the user's settings of ``setup_parameters``."""
        ...

    def write_demo(self, folder: Path, report: Reporter) -> None:
        """Write the synthetic demo patient: folder/dicom (images), folder/records, folder/truth.json."""
        ...


@runtime_checkable
class FromNumbers(Protocol):
    """What an organ may offer besides: a model of no image at all, scaled to numbers that a user types in."""

    numbers: Sequence[Parameter]

    def check_numbers(self, values: Mapping[str, ParameterValue]) -> str:
        """One sentence on what follows from these numbers, at once. Raises MeshError as ``from_numbers`` would."""
        ...

    def from_numbers(
        self, values: Mapping[str, ParameterValue], report: Reporter
    ) -> tuple[OrganMesh, Mapping[str, Quantity]]:
        """The model and the numbers that it was scaled to, none of origin "measured". values: what was typed, by name
        of ``numbers``. Raises MeshError for values out of bounds or that do not go together."""
        ...


@runtime_checkable
class FromMask(Protocol):
    """What an organ may offer besides: to take a mask made elsewhere in place of finding its structures."""

    mask_structures: Mapping[int, str]
    """Number -> structure, as this organ numbers its own labels."""

    def name_mask(self, mask: Mask) -> tuple[Mapping[int, str], str]:
        """A guess at which structure each number of a mask means, "" for none, and one sentence on why."""
        ...

    def contours_of_mask(
        self, mask: Mask, meaning: Mapping[int, str], stack: CineStack, phase: int | None
    ) -> CineContours:
        """Contours where the planes of a cine study cut the mask. phase: which frame a mask of one phase shows.
        Raises SegmentationError where it gives none."""
        ...


@runtime_checkable
class ByChoice(Protocol):
    """What an organ may be besides: one that almost any volume can become, where a user asks for it. It is never chosen
    by itself, and it takes masks whose structures have any names (``mask_structures`` then merely suggests)."""

    def outlines(self, modality: str) -> Sequence[Parameter]:
        """What may be set to find structures in volumes of a modality (DICOM's codes); defaults are a sound start."""
        ...

    def outline(self, volume: Volume, values: Mapping[str, ParameterValue], report: Reporter) -> LabelMap:
        """Structures as those values say, defaults filled in. Raises SegmentationError where there are none."""
        ...


@runtime_checkable
class WithEdge(Protocol):
    """What an organ may offer besides: a mesh of labels as fine as a user wants it."""

    edge: Parameter
    """The longest edge in mm, its bounds, and as default where to begin; a wish of 0 leaves it to the organ."""

    def expected_tets(self, found: Found, edge_mm: float) -> int:
        """About how many tetrahedra edges of that length make, 0 where that is not known. Quick."""
        ...

    def build_with_edge(self, found: Found, image: Image, report: Reporter, edge_mm: float) -> OrganMesh:
        """As :meth:`Organ.build`. Raises MeshError where that would be too fine, too."""
        ...


@runtime_checkable
class FromTissueMask(Protocol):
    """What an organ that takes masks may offer besides: kinds of tissue in its structures, such as scar in muscle."""

    tissue_structures: Mapping[str, str]
    """Kind of tissue, which is one of ``mask_structures`` too -> the structure that it is part of."""

    def with_tissue(self, mesh: OrganMesh, tissue: LabelMap) -> OrganMesh:
        """The mesh marked where the label map has tissue; its uid stays, its notes say how much. Raises MeshError
        where none of it lies in the model."""
        ...


@runtime_checkable
class Engine(Protocol):
    """A simulation. ``run`` is a generator; the runner checks for cancellation between yields, so yield often."""

    name: str
    label: str
    version: str
    requires: frozenset[str]
    understands: frozenset[str]

    def run(self, setup: Setup) -> EngineOutput:
        """Yield Progress, Field, Frame, Trace and Metric until one steady beat is complete."""
        ...


@runtime_checkable
class Therapy(Protocol):
    """A change of the Setup, declared by its parameters. Never sees an engine, never fakes a result. group: the words
    under which it is listed with others of its kind ("Pacing")."""

    name: str
    label: str
    group: str
    summary: str
    edits: frozenset[str]
    parameters: Sequence[Parameter]

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """A new Setup. Raises TherapyError for values out of bounds or sites that this mesh does not have."""
        ...


@dataclass(frozen=True, slots=True)
class Conflict:
    """What must be said where therapies of one scenario meet.

    kind: "impossible" is refused; "overrides": the later takes the place of the earlier; "opposes": they pull the same
    number opposite ways; "order": swapped, the result is another; "together": all of it acts, which is worth saying.
    text: one sentence without its full stop. uses: places in the scenario's list.
    """

    kind: Literal["impossible", "overrides", "opposes", "order", "together"]
    text: str
    uses: tuple[int, ...] = ()


@runtime_checkable
class Repeatable(Protocol):
    """What a therapy may offer besides: to be used more than once in a scenario (a second drug)."""

    most_uses: int


@runtime_checkable
class NamedByChoice(Protocol):
    """What a therapy may declare besides: the choice that it is called by in a scenario ("Dofetilide")."""

    named_by: str
    """Name of the parameter."""


@runtime_checkable
class Explaining(Protocol):
    """What a therapy may offer besides: what the values of all its uses in a scenario mean together."""

    def explain(self, setup: Setup, uses: Sequence[Mapping[str, ParameterValue]]) -> str:
        """One or two sentences without the last full stop, "" for nothing. setup: untreated. It may take seconds.
        Raises TherapyError for values out of bounds."""
        ...


@runtime_checkable
class Objecting(Protocol):
    """What a therapy may declare besides. Whether therapies override, oppose or depend on their order is found by
    applying them; here stands only what that cannot show (a pump through a mechanical valve)."""

    def objections(
        self, values: Mapping[str, ParameterValue], others: Sequence[tuple[str, Mapping[str, ParameterValue]]]
    ) -> Sequence[Conflict]:
        """What is to be said with these values beside the others (name, values); ``uses`` stays empty."""
        ...
