"""The smallest plug-ins that obey the three protocols: a box of muscle whose beat is written down in closed form."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from twinviewer.domain import (
    CineContour,
    CineContours,
    CinePoint,
    CineStack,
    EngineOutput,
    Field,
    Found,
    Frame,
    Grid,
    Image,
    LabelMap,
    MeshError,
    Metric,
    OrganMesh,
    Parameter,
    ParameterValue,
    Patient,
    Progress,
    Quantity,
    Records,
    Reporter,
    SegmentationError,
    Series,
    Setup,
    Stimulus,
    StructureStyle,
    Suitability,
    Trace,
    Volume,
)

EDGE_MM = 40.0
FRAMES = 8


def series(uid: str = "1.2.3", **changes: object) -> Series:
    """A series of 12 slices in 2 phases."""
    made = Series(
        uid=uid,
        study_uid="1.2",
        patient=Patient("BOX-1"),
        kind="ct_multiphase",
        modality="CT",
        description="box",
        study_date="20260101",
        slices=12,
        phases=2,
        shape=(10, 10),
        spacing_mm=(5.0, 5.0, 5.0),
        files=("a.dcm", "b.dcm"),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def volume(level: int = 300) -> Volume:
    """A bright box on a dark ground, 2 phases; the second is smaller."""
    data = np.full((2, 12, 10, 10), -50, np.int16)
    data[0, 2:10, 1:9, 1:9] = level
    data[1, 3:9, 2:8, 2:8] = level
    data.flags.writeable = False
    uid = hashlib.sha256(data.tobytes()).hexdigest()
    grid = Grid((12, 10, 10), np.diag([5.0, 5.0, 5.0, 1.0]))
    return Volume(data, grid, "CT", np.array([0.0, 50.0]), 0.8, uid, "box", (600.0, 300.0))


def mesh(label_uid: str = "labels") -> OrganMesh:
    """A cube of six tetrahedra, and one lone point that no tetrahedron uses."""
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float) * EDGE_MM
    points = np.vstack([corners, [[100.0, 0.0, 0.0]]])
    tets = [[0, 1, 3, 7], [0, 3, 2, 7], [0, 2, 6, 7], [0, 6, 4, 7], [0, 4, 5, 7], [0, 5, 1, 7]]
    cells = np.array(tets, np.int32)
    edge = points[cells][:, 1:] - points[cells][:, :1]
    cells[np.linalg.det(edge) < 0] = cells[np.linalg.det(edge) < 0][:, [0, 2, 1, 3]]
    transmural = np.append(np.linspace(0.0, 1.0, 8), np.nan)
    return OrganMesh(
        organ="box",
        points_mm=points,
        tets=cells,
        surfaces={"box_cavity": np.array([[0, 1, 3], [0, 3, 2]], np.int32)},
        point_fields={"transmural": transmural},
        cell_fields={"fibre": np.tile([1.0, 0.0, 0.0], (6, 1))},
        landmarks={"middle": np.full(3, EDGE_MM / 2)},
        wall_points=8,
        uid=hashlib.sha256(points.tobytes() + label_uid.encode()).hexdigest(),
        label_uid=label_uid,
    )


@dataclass(frozen=True)
class FakeOrgan:
    """Bright voxels are the box."""

    name: str = "box"
    label: str = "Box"
    styles: Mapping[str, StructureStyle] = field(default_factory=lambda: {"box": StructureStyle("Box", "#C96A5B")})
    setup_parameters: tuple[Parameter, ...] = (
        Parameter("heart_rate_bpm", "Heart rate", "number", 70.0, "a guess", "bpm", 30.0, 200.0),
    )

    def suits(self, series: Series, volume: Volume | None = None) -> Suitability:
        if series.modality != "CT":
            return Suitability(False, "Only CT shows the box")
        if volume is not None and volume.data.max() < 150:
            return Suitability(False, "Box and ground cannot be told apart here")
        return Suitability(True)

    def segment(self, volume: Volume, report: Reporter) -> LabelMap:
        report(0.5, "Thresholding")
        data = (volume.data > 100).astype(np.uint8)
        if not data.any():
            raise SegmentationError("There is no box", where=volume.description)
        return LabelMap(data, volume.grid, {1: "box"}, volume.phase_percent, "threshold 1", volume.uid)

    def delineate(self, stack: CineStack, report: Reporter) -> tuple[CineContours, Mapping[str, Quantity]]:
        raise SegmentationError("Boxes do not beat")

    def build(self, found: Found, image: Image, report: Reporter) -> OrganMesh:
        report(0.5, "Meshing")
        return mesh(found.image_uid)

    def correct(
        self, contours: CineContours, stack: CineStack, mesh: OrganMesh | None, edit: CineContour | CinePoint
    ) -> tuple[CineContours, OrganMesh | None]:
        raise MeshError("Boxes do not beat")

    def measure(self, found: Found, mesh: OrganMesh | None, image: Image, patient: Patient) -> Mapping[str, Quantity]:
        assert isinstance(found, LabelMap)
        return {"box_ml": Quantity(found.volume_ml("box"), "mL", "measured", found.image_uid)}

    def setup(
        self,
        mesh: OrganMesh,
        measurements: Mapping[str, Quantity],
        records: Records,
        values: Mapping[str, ParameterValue],
    ) -> Setup:
        rate = records.values.get("heart_rate_bpm", Quantity(70.0, "bpm", "population", "a guess"))
        if "heart_rate_bpm" in values:
            rate = rate.with_value(float(values["heart_rate_bpm"]), "chosen", "user")
        strength = Quantity(0.1, "1", "assumed", "a guess")
        return Setup(
            mesh,
            {"heart_rate_bpm": rate, "contractility_1": strength},
            (Stimulus("left", 0, 0.0),),
            {"conduction_scale": np.ones(6)},
        )

    def write_demo(self, folder: Path, report: Reporter) -> None:
        (folder / "dicom").mkdir(parents=True, exist_ok=True)
        (folder / "dicom" / "image.dcm").write_bytes(b"not really")
        report(1.0, "Written")


@dataclass(frozen=True)
class FakeEngine:
    """The cube shrinks and swells by contractility; activation is the distance from the first stimulus."""

    name: str = "fake"
    label: str = "Fake engine"
    version: str = "1"
    requires: frozenset[str] = frozenset({"transmural", "fibre", "box_cavity"})
    understands: frozenset[str] = frozenset({"contractility", "stimuli"})

    def run(self, setup: Setup) -> EngineOutput:
        points, wall = setup.mesh.points_mm, setup.mesh.wall_points
        strength, period_s = setup.value("contractility_1"), 60.0 / setup.value("heart_rate_bpm")
        yield Progress(0.1, "Activation")
        distance = np.linalg.norm(points - points[setup.stimuli[0].node], axis=1)
        distance[wall:] = np.nan
        yield Field("activation_ms", "ms", distance / 0.6)
        for i in range(FRAMES):
            shrink = 1.0 - strength * np.sin(np.pi * i / FRAMES) ** 2
            strain = np.full(len(points), shrink - 1.0)
            yield Frame(i * period_s / FRAMES, points * shrink, {"strain_fibre": strain})
            yield Progress(0.2 + 0.7 * i / FRAMES, f"Frame {i}")
        time_s = np.linspace(0.0, period_s, 50)
        size = 64.0 * (1.0 - strength * np.sin(np.pi * time_s / period_s) ** 2) ** 3
        yield Trace("box_volume_ml", "mL", time_s, size)
        for name, unit, value in (
            ("lv_ef_percent", "%", 100.0 * (1 - (1 - strength) ** 3)),
            ("lv_edv_ml", "mL", 64.0),
            ("qrs_ms", "ms", float(np.nanmax(distance) / 0.6)),
        ):
            yield Metric(name, Quantity(value, unit, "simulated", "fake 1"))


@dataclass(frozen=True)
class FakeTherapy:
    """Multiplies contractility by 1 + dose."""

    name: str = "dose"
    label: str = "Dose"
    group: str = "Pacing"
    summary: str = "Makes the box stronger"
    edits: frozenset[str] = frozenset({"contractility"})
    parameters: tuple[Parameter, ...] = (
        Parameter("dose", "Dose", "number", 0.5, "a guess", "1", 0.0, 2.0),
        Parameter("quick", "Quick", "switch", False, "a guess"),
    )
    most_uses: int = 2

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        old = setup.parameters["contractility_1"]
        return setup.with_parameter(
            "contractility_1", old.with_value(old.value * (1.0 + float(values["dose"])), "chosen", "dose")
        )
