"""Any organ as geometry: phantoms of known size are outlined, filled and measured; a real tumour and real bone too."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from twinviewer.domain import (
    EngineError,
    Grid,
    LabelMap,
    Mask,
    MeshError,
    Patient,
    SegmentationError,
    Series,
    Volume,
    silent,
)
from twinviewer.geometry.intersections import crosses_itself
from twinviewer.geometry.quality import is_closed_manifold, scaled_jacobian, tet_quality
from twinviewer.organs.generic import ORGAN
from twinviewer.session import by_choice, catalog, steps, store
from twinviewer.session.case import NO_SIMULATION, Case, step_states
from twinviewer.session.mask_import import import_mask
from twinviewer.session.pipeline import run_pipeline

SPACING_MM = 1.0
Z, Y, X = (np.mgrid[0:64, 0:80, 0:96] - np.array([32, 40, 48])[:, None, None, None]).astype(float)
GRID = Grid((64, 80, 96), np.array([[1.0, 0, 0, -48], [0, 1, 0, -40], [0, 0, 1, -32], [0, 0, 0, 1]]))


def chest() -> Volume:
    """A body of 40 HU with two lungs of -850 HU, a ball of bone of radius 8, a rib of 700 HU, and a table outside."""
    hu = np.full(Z.shape, -1000, dtype=np.int16)
    hu[(X / 44) ** 2 + (Y / 30) ** 2 < 1] = 40
    hu[((X + 20) / 14) ** 2 + (Y / 18) ** 2 + (Z / 26) ** 2 < 1] = -850
    hu[((X - 20) / 16) ** 2 + (Y / 20) ** 2 + (Z / 28) ** 2 < 1] = -850
    hu[X**2 + (Y - 20) ** 2 + Z**2 < 64] = 500
    hu[(Y > 36) & (np.abs(Z) < 30)] = 300  # the table
    return Volume(hu[None], GRID, "CT", np.zeros(1), None, "phantom")


def labelled(**balls: tuple[float, float, float, float]) -> LabelMap:
    """Balls at (x, y, z) of a radius, in mm."""
    data = np.zeros(Z.shape, dtype=np.uint8)
    names = {}
    for value, (name, (x, y, z, radius)) in enumerate(balls.items(), start=1):
        data[(X - x) ** 2 + (Y - y) ** 2 + (Z - z) ** 2 < radius**2] = value
        names[value] = name
    return LabelMap(data[None], GRID, names, np.zeros(1), "test", "phantom")


def series(**more: object) -> Series:
    usual = Series(
        "1", "2", Patient("P"), "ct_volume", "CT", "phantom", "", 64, 1, (80, 96), (1.0, 1.0, 1.0), ("a",)
    )  # fmt: skip
    return replace(usual, **more)  # type: ignore[arg-type]


def test_bone_is_found_and_the_table_is_not() -> None:
    labels = ORGAN.outline(chest(), {}, silent)
    assert list(labels.names.values()) == ["bone"]
    assert labels.volume_ml("bone") == pytest.approx(4 / 3 * np.pi * 8**3 / 1000, rel=0.02)
    assert "200 HU" in labels.notes[0]


def test_lungs_are_two_the_right_one_on_the_patients_right() -> None:
    labels = ORGAN.outline(chest(), {"preset": "lungs"}, silent)
    right, left = 4 / 3 * np.pi * 14 * 18 * 26 / 1000, 4 / 3 * np.pi * 16 * 20 * 28 / 1000
    assert labels.volume_ml("lung_right") == pytest.approx(right, rel=0.03)
    assert labels.volume_ml("lung_left") == pytest.approx(left, rel=0.03)


def test_between_two_values_and_what_cannot_be() -> None:
    labels = ORGAN.outline(chest(), {"preset": "between", "low": 450.0, "high": 550.0, "largest": True}, silent)
    assert labels.volume_ml("structure") == pytest.approx(4 / 3 * np.pi * 8**3 / 1000, rel=0.02)
    with pytest.raises(SegmentationError, match="Exchange"):
        ORGAN.outline(chest(), {"preset": "between", "low": 5.0, "high": 4.0}, silent)
    with pytest.raises(SegmentationError, match="Nothing of the images"):
        ORGAN.outline(chest(), {"preset": "between", "low": 5000.0, "high": 6000.0}, silent)
    with pytest.raises(SegmentationError, match="no scale"):
        ORGAN.segment(replace(chest(), modality="MR"), silent)
    assert [choice.key for choice in ORGAN.outlines("MR")[0].choices] == ["between"]


def test_every_structure_becomes_a_sound_mesh_of_its_volume() -> None:
    labels = labelled(liver=(-10, 0, 0, 22), kidney_left=(25, 10, 5, 12), lesion=(-10, 25, 0, 3))
    mesh = ORGAN.build(labels, chest(), silent)
    assert mesh.organ == "generic" and set(mesh.surfaces) == {"liver", "kidney_left", "lesion"}
    assert (mesh.cell_fields["structure"] > 0).all() and mesh.wall_points == len(mesh.points_mm)
    quality = tet_quality(mesh.points_mm, mesh.tets)
    assert quality.inverted == 0 and quality.min_dihedral_deg > 8
    assert np.quantile(scaled_jacobian(mesh.points_mm, mesh.tets), 0.01) > 0.2
    for name, surface in mesh.surfaces.items():
        assert is_closed_manifold(surface) and not crosses_itself(mesh.points_mm, surface)
        assert mesh.enclosed_ml(name) == pytest.approx(labels.volume_ml(name), rel=0.01)
    assert np.allclose(mesh.landmarks["kidney_left_centre"], [25, 10, 5], atol=0.1)
    finer = ORGAN.build_with_edge(labels, chest(), silent, 2.0)
    assert len(finer.tets) > 2 * len(mesh.tets)
    assert len(finer.tets) == pytest.approx(ORGAN.expected_tets(labels, 2.0), rel=0.3)


def test_balls_measure_as_balls_do() -> None:
    labels = labelled(liver=(-10, 0, 0, 20), lesion=(25, 10, 5, 10))
    volume = chest()
    mesh = ORGAN.build(labels, volume, silent)
    found = ORGAN.measure(labels, mesh, volume, Patient(""))
    for name, radius in (("liver", 20.0), ("lesion", 10.0)):
        volume_q = found[f"{name}_volume_ml"]
        assert volume_q.value == pytest.approx(4 / 3 * np.pi * radius**3 / 1000, rel=0.015)
        assert volume_q.low is not None and volume_q.high is not None and volume_q.low < volume_q.value < volume_q.high
        assert found[f"{name}_area_cm2"].value == pytest.approx(4 * np.pi * radius**2 / 100, rel=0.02)
        assert found[f"{name}_sphericity"].value == pytest.approx(1.0, abs=0.02)
        for row in ("longest_mm", "longest_in_slice_mm", "width_in_slice_mm"):
            assert found[f"{name}_{row}"].value == pytest.approx(2 * radius, abs=1.0), row
        assert found[f"{name}_pieces"].value == 1
    assert found["distance_liver_to_lesion_mm"].value == pytest.approx(np.linalg.norm([35, 10, 5]), abs=0.1)
    inside = volume.data[0][labels.mask("lesion")]
    assert found["lesion_mean"].value == pytest.approx(inside.mean()) and found["lesion_mean"].unit == "HU"
    assert all(quantity.source and quantity.origin == "measured" for quantity in found.values())


def test_the_longest_diameter_in_a_slice_stays_in_one_piece_and_one_slice() -> None:
    """RECIST: two lesions side by side are not one; a long one along the body has a short diameter in its slices."""
    labels = labelled(lesion=(-20, 0, 0, 6))
    data = labels.data.copy()
    data[0][(np.abs(X - 20) < 4) & (np.abs(Y) < 2.5) & (np.abs(Z) < 20)] = 1
    found = ORGAN.measure(replace(labels, data=data), None, chest(), Patient(""))
    assert found["lesion_longest_in_slice_mm"].value == pytest.approx(12.0, abs=1.0)
    assert found["lesion_longest_mm"].value > 44
    assert found["lesion_pieces"].value == 2


def test_it_never_wins_over_the_heart_and_is_there_where_asked_for() -> None:
    assert "generic" in catalog.organs_by_choice() and isinstance(ORGAN.suits(series()).reason, str)
    assert ORGAN.suits(series()).ok and not ORGAN.suits(series(kind="mr_cine")).ok
    organ, verdict = steps.suitable_organ(series(slices=20))
    assert organ == "" and not verdict.ok and "whole heart" in verdict.reason
    case = Case(series=(series(),), active_series_uid="1", image=chest(), messages={"Segment": "No contrast"})
    assert list(by_choice.choosable(case)) == ["generic"]
    case = by_choice.outline(case, "generic", {})
    assert case.organ == "generic" and "Segment" not in case.messages and case.labels is not None
    more = by_choice.outline(case, "generic", {"preset": "lungs"}, add=True)
    assert more.labels is not None and set(more.labels.names.values()) == {"bone", "lung_left", "lung_right"}
    assert more.labels.volume_ml("bone") == case.labels.volume_ml("bone")
    named = by_choice.accept_outline(
        case, "generic", by_choice.compute_outline("generic", chest(), {"preset": "between", "low": 450.0}),
        name="My tumour",
    )  # fmt: skip
    assert named.labels is not None and list(named.labels.names.values()) == ["My_tumour"]


def test_no_simulation_is_said_and_never_faked() -> None:
    case = Case(series=(series(),), active_series_uid="1", image=chest())
    case = steps.build(by_choice.outline(case, "generic", {}))
    assert case.mesh is not None and not catalog.simulated(case.mesh)
    assert step_states(case)["Simulate"].why == NO_SIMULATION == step_states(case)["Compare"].why
    with pytest.raises(EngineError, match="No simulation exists"):
        ORGAN.setup(case.mesh, {}, case.records, {})


def test_the_edge_is_kept_with_the_case_and_checked(tmp_path: Path) -> None:
    case = Case(series=(series(),), active_series_uid="1", image=chest())
    case = by_choice.outline(case, "generic", {})
    assert by_choice.expected_tets(case, 1.5) > 4 * by_choice.expected_tets(case, 3.0) > 0
    with pytest.raises(SegmentationError, match="below its minimum"):
        by_choice.set_edge(case, 0.1)
    coarse = steps.build(case)
    fine = steps.build(by_choice.set_edge(case, 1.5))
    assert coarse.mesh is not None and fine.mesh is not None and len(fine.mesh.tets) > 4 * len(coarse.mesh.tets)
    kept = store.load(store.save(fine, tmp_path / "a.twin"))
    assert kept.edge_mm == 1.5 and kept.mesh is not None and kept.mesh.uid == fine.mesh.uid
    assert kept.measurements == fine.measurements


def test_names_have_styles_of_their_own() -> None:
    styles = ORGAN.styles
    assert styles["bone"].colour == "#E6DDC8" and styles["lung_tumour"].colour == "#E5B454"
    assert styles["lung"].colour == "#8FB8C9" and styles["lung"].opacity < 1
    assert styles["kidney_left"].colour != styles["kidney_right"].colour
    colours = {styles[f"thing {letter}"].colour for letter in "abcdefghij"}
    assert len(colours) == 10 and styles["thing a"].colour == styles["thing a"].colour
    assert styles["vertebra_T12"].label == "Vertebra T12" and "anything" in styles


def test_masks_are_named_by_their_file_or_by_a_known_numbering() -> None:
    def mask(values: list[int], names: dict[int, str]) -> Mask:
        return Mask(np.array(values, np.uint8).reshape(1, 1, 1, -1), Grid((1, 1, len(values)), np.eye(4)), names, "x")

    assert ORGAN.name_mask(mask([1, 2], {1: "GTV 1"}))[0] == {1: "GTV_1", 2: "structure_2"}
    total = [1, 5, 6, 7, 8, 20, 32, 33, 52, 63, 64, 79, 117]
    names, why = ORGAN.name_mask(mask(total, {}))
    assert names[5] == "liver" and names[32] == "vertebra_T12" and names[117] == "costal_cartilages" and "Check" in why
    assert ORGAN.name_mask(mask([3], {}))[0] == {3: "structure"}


def test_a_structure_that_cannot_be_meshed_is_named() -> None:
    with pytest.raises(MeshError, match="empty"):
        ORGAN.build(labelled(), chest(), silent)
    with pytest.raises(MeshError, match="million"):
        ORGAN.build_with_edge(labelled(liver=(0, 0, 0, 25)), chest(), silent, 0.6)


# Real images ---------------------------------------------------------------------------------------------------


def test_a_brain_tumour_from_nrrd_to_a_saved_case(data_dir: Path, tmp_path: Path) -> None:
    """Image and expert label of pyradiomics' first brain case; its volume is the label's voxels, read by ITK."""
    folder = data_dir / "brain_tumour_pyradiomics"
    reference = sitk.ReadImage(str(folder / "brain1_label.nrrd"))
    voxels = sitk.GetArrayFromImage(reference)
    expected = float((voxels == 1).sum() * np.prod(reference.GetSpacing()) / 1000.0)
    case = steps.scan_folder(Case(), folder / "brain1_image.nrrd")
    case = steps.open_series(case, case.series[0])
    assert case.organ == "" and isinstance(case.image, Volume) and case.image.modality == "OT"
    case = import_mask(case, [folder / "brain1_label.nrrd"], {1: "tumour"})
    assert case.organ == "generic" and case.labels is not None
    case = steps.build(case)
    assert case.mesh is not None
    assert case.measurements["tumour_volume_ml"].value == pytest.approx(expected)
    assert case.mesh.enclosed_ml("tumour") == pytest.approx(expected, rel=0.01)
    middle = np.array([reference.TransformContinuousIndexToPhysicalPoint(index) for index in
                       np.argwhere(voxels == 1)[:, ::-1].astype(float).tolist()]).mean(axis=0)  # fmt: skip
    assert np.allclose(case.mesh.landmarks["tumour_centre"], middle, atol=0.01)
    again = store.load(store.save(case, tmp_path / "tumour.twin"))
    assert again.organ == "generic" and again.mesh is not None and again.labels is not None
    assert again.measurements == case.measurements and again.labels.names == case.labels.names


@pytest.mark.slow
def test_bone_of_a_real_chest_that_is_refused_as_a_heart(data_dir: Path) -> None:
    case = run_pipeline(
        data_dir / "chest_ct_lidc0314" / "dicom", organ="generic", outline={"preset": "bone"}, edge_mm=4.0
    )
    assert case.mesh is not None and case.labels is not None and not case.scenarios
    assert 150 < case.measurements["bone_volume_ml"].value < 400
    quality = tet_quality(case.mesh.points_mm, case.mesh.tets)
    assert quality.inverted == 0 and quality.min_dihedral_deg > 8 and quality.boundary_manifold
    assert case.mesh.enclosed_ml("bone") == pytest.approx(case.labels.volume_ml("bone"), rel=0.01)
