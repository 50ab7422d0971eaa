"""Parallel planes of one series that are several stacks are rows of their own; nothing is made up between them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.support.mr_images import Study, uid
from twinviewer import dicom
from twinviewer.domain import CineStack, Series, Volume


def rows(folder: Path, *stacks: Sequence[float], **tags: object) -> list[Series]:
    """A series of slices at these places in mm; each slice holds its number from 1 on."""
    study = Study(folder)
    for place in (z for stack in stacks for z in stack):
        study.image("a", float(place), **tags)
    found = list(dicom.scan(folder))
    assert len({one.uid for one in found}) == len(found)
    return found


def read(series: Series) -> Volume:
    image = dicom.read(series)
    assert isinstance(image, Volume)
    return image


def codes(series: Series) -> list[str]:
    return [one.code for one in series.warnings]


SLABS = {
    "a wide gap": (3.0 * np.arange(10), 57 + 3.0 * np.arange(10)),
    "other steps and a wide gap": (2.0 * np.arange(10), 38 + 5.0 * np.arange(8)),
    "other steps and a gap that lost slices would leave": (2.0 * np.arange(10), 26 + 3.0 * np.arange(8)),
    "steps too wide to fill": (8.0 * np.arange(6), 80 + 8.0 * np.arange(7)),
    "one touching the other, too wide to fill": (3.0 * np.arange(8), 33 + 12.0 * np.arange(5)),
    "a fine one within a coarse one": (5.0 * np.arange(11), 20.5 + 2.0 * np.arange(10)),
    "three": (3.0 * np.arange(6), 60 + 3.0 * np.arange(7), 120 + 2.0 * np.arange(8)),
}


@pytest.mark.parametrize("name", SLABS)
def test_each_slab_is_a_row_with_its_own_slices_alone(tmp_path: Path, name: str) -> None:
    stacks = SLABS[name]
    found = rows(tmp_path, *stacks)
    assert [one.extra["part"] for one in found] == [f"stack {n + 1} of {len(stacks)}" for n in range(len(stacks))]
    first = 1
    for series, places in zip(found, stacks, strict=True):
        assert codes(series) == ["several_stacks"] and f"{len(stacks)} stacks" in series.warnings[0].text
        volume = read(series)
        step = places[1] - places[0]
        assert series.slices == len(places) and series.spacing_mm[2] == pytest.approx(step)
        assert volume.data[0, :, 0, 0].tolist() == list(range(first, first + len(places)))
        assert volume.grid.to_mm(np.array([[0, 0, 0], [0, 0, 1]]))[:, 2].tolist() == pytest.approx(places[:2].tolist())
        first += len(places)


def test_the_gap_between_is_said_in_mm(tmp_path: Path) -> None:
    first, _ = rows(tmp_path, 2.0 * np.arange(10), 38 + 5.0 * np.arange(8))
    assert first.warnings[0].text == (
        "The series holds 2 stacks of parallel slices, kept apart: "
        "10 slices 2 mm apart; 8 slices 5 mm apart, with 20 mm between them"
    )


@pytest.mark.parametrize(
    "places, code",
    [
        ([0, 3, 6, 9, 15, 18, 21, 24], "missing_slices"),  # one slice lost: filled, and said
        ([*range(0, 20, 2), *range(21, 40, 3)], "uneven_spacing"),  # the step grows, without a gap
        ([0, 5, 10, 20], "missing_slices"),  # one slice beyond a gap is no slab
        ([*range(0, 36, 3)], ""),
    ],
)
def test_what_is_one_stack_stays_one(tmp_path: Path, places: list[float], code: str) -> None:
    (series,) = rows(tmp_path, places)
    assert (
        series.slices == len(places) and [one for one in codes(series) if one != "few_slices"] == [code][: bool(code)]
    )


def test_a_slice_beyond_two_slabs_is_a_row_beside_them(tmp_path: Path) -> None:
    found = rows(tmp_path, 3.0 * np.arange(10), 60 + 3.0 * np.arange(10), [200.0])
    assert [one.slices for one in found] == [10, 10, 1]


def test_slabs_of_a_beat_keep_their_phases(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for phase in range(4):
        for z in (*range(0, 12, 3), *range(60, 75, 3)):
            study.image(
                "a", float(z), Modality="CT", SOPClassUID="1.2.840.10008.5.1.4.1.1.2",
                NominalPercentageOfCardiacPhase=25.0 * phase,
            )  # fmt: skip
    found = dicom.scan(tmp_path)
    assert [(one.kind, one.slices, one.phases) for one in found] == [("ct_multiphase", 4, 4), ("ct_multiphase", 5, 4)]
    assert [read(one).data.shape[:2] for one in found] == [(4, 4), (4, 5)]


# --- frames of reference -----------------------------------------------------------------------------------------


def test_places_in_two_frames_of_reference_are_never_one_stack(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for k in range(12):  # as places go, one even stack
        study.image("a", 3.0 * k, FrameOfReferenceUID=uid("frame", k // 7))
    first, second = dicom.scan(tmp_path)
    assert [one.extra["part"] for one in (first, second)] == [f"frame of reference {n} of 2" for n in (1, 2)]
    assert read(first).data[0, :, 0, 0].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert read(second).data[0, :, 0, 0].tolist() == [8, 9, 10, 11, 12]
    assert {one.extra["frame_of_reference"] for one in (first, second)} == {uid("frame", 0), uid("frame", 1)}


def test_slices_of_two_frames_that_lie_between_each_other(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for k in range(12):
        study.image("a", 3.0 * k, FrameOfReferenceUID=uid("frame", k % 2))
    found = dicom.scan(tmp_path)
    assert [read(one).grid.spacing_mm[2] for one in found] == pytest.approx([6.0, 6.0])


def test_a_frame_for_every_image_is_an_anonymisers_and_says_nothing(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for k in range(8):
        study.image("a", 3.0 * k, FrameOfReferenceUID=uid("frame", k))
    (series,) = dicom.scan(tmp_path)
    assert series.slices == 8 and codes(series) == []


def test_a_heart_whose_planes_are_in_two_frames_opens_and_says_so(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for n in range(4):
        study.cine(f"s{n}", 8.0 * n, FrameOfReferenceUID=uid("frame", n // 3))
    (series,) = dicom.scan(tmp_path)
    assert isinstance(dicom.read(series), CineStack)
    assert codes(series) == ["mixed_frames"]
