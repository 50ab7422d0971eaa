"""Every tool of the list acts, is undone to the same bytes, and is declared so that forms and shells can ask for it."""

import numpy as np
import pytest

from twinviewer.domain import Grid, LabelEdit, LabelMap, SegmentationError, Volume
from twinviewer.organs.heart.demo.anatomy import demo_labels
from twinviewer.session.case import Case
from twinviewer.session.codec import decode, encode
from twinviewer.session.history import History
from twinviewer.session.label_edits import apply_edit
from twinviewer.session.label_jobs import compute_tool, edit_case, run_tool, tool_job
from twinviewer.session.label_tools import TOOLS, checked, parameters_of
from twinviewer.session.label_work import spoken
from twinviewer.session.worker import function_name

MIDDLE = np.array([40.0, 30.0, 24.0])
OTHER = np.array([40.0, 46.0, 24.0])


def a_case() -> Case:
    """Two balls of blood that touch, in a shell of muscle, at two phases (1 x 1 x 1.5 mm); the second smaller."""
    shape = (40, 80, 80)
    grid = Grid(shape, np.array([[1.0, 0, 0, 0], [0, 1.0, 0, -5.0], [0, 0, 1.5, -6.0], [0, 0, 0, 1.0]]))
    k, j, i = np.indices(shape)
    places = grid.to_mm(np.stack([i, j, k], axis=-1).reshape(-1, 3)).reshape(*shape, 3)
    labels, image = np.zeros((2, *shape), np.uint8), np.zeros((2, *shape), np.int16)
    for phase, shrink in enumerate((0.0, 2.0)):
        one = np.linalg.norm(places - MIDDLE, axis=-1)
        two = np.linalg.norm(places - OTHER, axis=-1)
        blood = (one < 10.0 - shrink) | (two < 8.0 - shrink)
        wall = ((one < 13.0 - shrink) | (two < 11.0 - shrink)) & ~blood
        labels[phase][wall], labels[phase][blood] = 1, 2
        image[phase] = np.where(blood, 350, np.where(wall, 110, 20))
        image[phase] += np.random.default_rng(phase).normal(0, 8, shape).astype(np.int16)
    for array in (labels, image):
        array.setflags(write=False)
    percent = np.array([0.0, 40.0])
    volume = Volume(image, grid, "CT", percent, 0.8, "volume")
    names = {1: "lv_myocardium", 2: "lv_blood"}
    return Case(image=volume, labels=LabelMap(labels, grid, names, percent, "phantom", "volume"))


BLOOD = {"structure": "lv_blood"}
ASKED: dict[str, list[tuple[dict[str, object], dict[str, object]]]] = {
    "threshold": [(BLOOD | {"low": 100.0, "over": "anything"}, {}),
                  (BLOOD | {"low": 60.0, "least_ml": 1.0, "over": "lv_myocardium"}, {})],
    "grow": [({"structure": "lv_myocardium", "over": "anything"}, {"points_mm": [MIDDLE]}),
             (BLOOD | {"range": "typed", "low": 60.0, "over": "lv_myocardium"}, {"points_mm": [MIDDLE, OTHER]})],
    "compete": [({}, {}), ({"limited": True, "low": 0.0, "margin_mm": 4.0}, {})],
    "trace": [({"structure": "lv_myocardium", "over": "anything"},
               {"points_mm": [MIDDLE + [9.6, 0, 0]], "normal": [0, 0, 1]}),
              (BLOOD | {"operation": "erase"}, {"points_mm": [MIDDLE + [0, -9.4, 0]], "normal": [0.5, 0, 0.8]})],
    "smooth": [(BLOOD | {"over": "anything"}, {}), ({"structure": "*", "all_phases": True}, {}),
               (BLOOD | {"kind": "median", "size_mm": 4.0, "over": "lv_myocardium"}, {})],
    "fill": [({"structure": "lv_myocardium", "over": "lv_blood"}, {}),
             ({"structure": "lv_myocardium", "over": "anything", "where": "coronal", "all_phases": True}, {})],
    "close": [(BLOOD | {"radius_mm": 4.0, "over": "anything"}, {})],
    "open": [(BLOOD | {"radius_mm": 7.0, "all_phases": True}, {})],
    "resize": [(BLOOD | {"margin_mm": 2.0, "over": "lv_myocardium"}, {}), (BLOOD | {"margin_mm": -3.0}, {})],
    "hollow": [(BLOOD, {}), (BLOOD | {"side": "outside", "lumen": "lv_myocardium", "over": "anything"}, {})],
    "islands": [],
    "cut": [(BLOOD | {"name": "LA blood"}, {"points_mm": [(MIDDLE + OTHER) / 2], "normal": [0, 1, 0]})],
    "part": [(BLOOD, {})],
    "interpolate": [(BLOOD | {"mend_mm": 3.0, "over": "anything"}, {"points_mm": [MIDDLE + [30.0, 0, 0]]})],
    "copy": [({"structure": "*"}, {}), (BLOOD | {"to": "all", "how": "carried", "over": "anything"}, {})],
    "combine": [(BLOOD | {"other": "lv_myocardium", "operation": op, "margin_mm": 2.0}, {})
                for op in ("add", "subtract", "intersect")],
    "merge": [(BLOOD | {"other": "lv_myocardium"}, {})],
    "rename": [(BLOOD | {"name": "blood pool"}, {})],
    "add": [({"name": "Thrombus"}, {})],
    "clear": [(BLOOD | {"all_phases": True}, {})],
    "remove": [(BLOOD, {})],
}  # fmt: skip


@pytest.mark.parametrize("name", list(TOOLS))
def test_each_tool_acts_and_is_undone_and_redone_byte_for_byte(name: str) -> None:
    case = a_case()
    assert case.labels is not None and isinstance(case.image, Volume)
    for values, places in ASKED[name]:
        said: list[float] = []
        report = lambda share, _, said=said: said.append(share)  # noqa: E731
        edit = run_tool(case.labels, case.image, name, values, report, **places)  # type: ignore[arg-type]
        assert isinstance(edit, LabelEdit) and edit.action.startswith(TOOLS[name].label) and said[-1] == 1.0
        history = History(case)
        after = history.push(apply_edit(case, edit))
        assert after.labels is not None
        changed = after.labels.data.tobytes()
        assert (changed != case.labels.data.tobytes()) or after.labels.names != case.labels.names
        assert set(np.unique(after.labels.data)) <= {0, *after.labels.names}
        back = history.undo()
        assert back.labels is not None and back.labels.data.tobytes() == case.labels.data.tobytes()
        assert back.labels.names == case.labels.names and history.redo_text == edit.action
        again = history.redo()
        assert again.labels is not None and again.labels.data.tobytes() == changed


def test_a_job_crosses_the_pipe_with_little_and_comes_back_as_the_same_edit() -> None:
    case = a_case()
    assert case.labels is not None and isinstance(case.image, Volume)
    assert function_name(compute_tool) == "twinviewer.session.label_jobs:compute_tool"
    for name in ("smooth", "grow", "copy", "cut"):
        values, places = ASKED[name][-1]
        job = tool_job(case.labels, case.image, name, values, **places)  # type: ignore[arg-type]
        tree, arrays = encode(job)
        assert sum(array.nbytes for array in arrays) < 0.6 * (case.labels.data.nbytes + case.image.data.nbytes)
        tree, arrays = encode(compute_tool(*decode(tree, lambda n, arrays=arrays: arrays[n])))
        sent = apply_edit(case, decode(tree, lambda n, arrays=arrays: arrays[n]))
        here = edit_case(case, name, values, **places)  # type: ignore[arg-type]
        assert sent.labels is not None and here.labels is not None
        assert np.array_equal(sent.labels.data, here.labels.data) and sent.labels.names == here.labels.names


def test_islands_of_two_phases() -> None:
    case = a_case()
    labels = case.labels
    assert labels is not None
    parted = edit_case(case, "part", BLOOD)
    split = edit_case(parted, "combine", BLOOD | {"other": "lv_blood_2", "margin_mm": 2.0})
    joined = edit_case(split, "merge", BLOOD | {"other": "lv_blood_2"})
    assert joined.labels is not None and set(joined.labels.names.values()) == {"lv_myocardium", "lv_blood"}
    two = joined.labels.volume_ml("lv_blood")
    for what, share in (("largest", 0.55), ("small", 0.55), ("clicked", 0.3)):
        kept = edit_case(joined, "islands", BLOOD | {"what": what, "least_ml": 2.5}, points_mm=[OTHER])
        assert kept.labels is not None and kept.labels.volume_ml("lv_blood") / two == pytest.approx(share, abs=0.16)
    apart = edit_case(joined, "islands", BLOOD | {"what": "split"})
    assert apart.labels is not None and "lv_blood_2" in apart.labels.names.values()
    assert apart.action == "Islands LV blood"


def test_an_edit_drops_the_model_and_measures_and_says_which_step(a_name: str = "smooth") -> None:
    case = a_case().changed("x", typed={})
    after = edit_case(case, a_name, BLOOD | {"over": "anything"})
    assert after.mesh is None and after.measurements == {} and after.action == "Smooth LV blood"
    assert after.labels is not None and after.labels.made_by == "phantom, edited by hand"


def test_a_carried_copy_follows_the_images() -> None:
    case = a_case()
    assert case.labels is not None
    wiped = edit_case(edit_case(case, "clear", BLOOD, phase=1), "clear", {"structure": "lv_myocardium"}, phase=1)
    for how, least in (("plain", 0.0), ("carried", 0.93)):
        after = edit_case(wiped, "copy", {"structure": "*", "how": how})
        assert after.labels is not None
        for name in ("lv_blood", "lv_myocardium"):
            one, two = after.labels.mask(name, 1), case.labels.mask(name, 1)
            score = 2 * np.count_nonzero(one & two) / (np.count_nonzero(one) + np.count_nonzero(two))
            assert score > least - 0.08 * (name == "lv_myocardium")
            assert how == "carried" or score < 0.9


def dice_of(labels: LabelMap, truth: LabelMap, where: tuple[slice, ...] = (slice(None),)) -> dict[str, float]:
    """Dice of each structure in a part of the first phase."""
    found = {}
    for name in truth.names.values():
        one, two = labels.mask(name)[where], truth.mask(name)[where]
        if two.any():
            found[name] = 2 * np.count_nonzero(one & two) / (np.count_nonzero(one) + np.count_nonzero(two))
    return found


def test_a_bad_slice_of_the_demo_heart_is_mended_in_one_step() -> None:
    truth = demo_labels(0.0, spacing_mm=1.5)
    k, j, i = (int(n) for n in np.mean(np.nonzero(truth.mask("lv_blood")), axis=1))
    k -= 6  # below the left atrium: where a structure ends no neighbour can say
    bad = truth.data.copy()
    slices = slice(k - 1, k + 2)
    bad[0, slices] = np.roll(bad[0, slices], (9, -7), axis=(1, 2))  # moved, as when a patient breathes
    bad[0, k, j - 10 : j + 10] = 0
    bad.setflags(write=False)
    case = Case(labels=LabelMap(bad, truth.grid, truth.names, truth.phase_percent, "demo", ""))
    assert case.labels is not None and min(dice_of(case.labels, truth, (slices,)).values()) < 0.5
    point = truth.grid.to_mm(np.array([[i, j, k]], float))
    values = {"structure": "*", "mend_mm": 3.0, "over": "anything"}
    mended = edit_case(case, "interpolate", values, points_mm=point)
    assert mended.labels is not None and mended.action == "Interpolate slices all structures"
    scores = dice_of(mended.labels, truth, (slices,))
    assert min(scores[name] for name in ("lv_blood", "rv_blood", "lv_myocardium")) > 0.95
    assert min(scores.values()) > 0.85  # the thin wall of the right ventricle
    assert min(dice_of(mended.labels, truth).values()) > 0.97
    outside = np.delete(mended.labels.data[0], np.arange(k - 1, k + 2), 0)
    assert np.array_equal(outside, np.delete(truth.data[0], np.arange(k - 1, k + 2), 0))


def test_smoothing_the_demo_heart_keeps_every_volume() -> None:
    truth = demo_labels(0.0, spacing_mm=1.5)
    smooth = edit_case(Case(labels=truth), "smooth", {"structure": "*", "size_mm": 1.5})
    assert smooth.labels is not None
    for name in truth.names.values():
        assert smooth.labels.volume_ml(name) == pytest.approx(truth.volume_ml(name), rel=0.01), name


def test_what_does_not_fit_is_refused_with_the_reason() -> None:
    case = a_case()
    labels, volume = case.labels, case.image
    assert labels is not None and isinstance(volume, Volume)
    for name, values, places, why in (
        ("nothing", {}, {}, "no tool"),
        ("smooth", {"structure": "spleen"}, {}, "spleen"),
        ("smooth", {"size_mm": 900.0}, {}, "above its maximum"),
        ("smooth", {"sighs": 1.0}, {}, "has no sighs"),
        ("smooth", {}, {"phase": 4}, "no phase 5"),
        ("grow", {}, {}, "needs a place"),
        ("grow", {}, {"points_mm": [[500.0, 0.0, 0.0]]}, "outside"),
        ("trace", {}, {"points_mm": [MIDDLE]}, "view"),
        ("rename", {"name": "LV blood", "structure": "lv_myocardium"}, {}, "already"),
        ("add", {"name": "a/b"}, {}, "no name"),
        ("merge", {"structure": "lv_blood", "other": "lv_blood"}, {}, "itself"),
        ("fill", BLOOD, {}, "changes nothing"),
        ("cut", BLOOD | {"name": "x"}, {"points_mm": [[0.0, 500.0, 0.0]], "normal": [0, 1, 0]}, "changes nothing"),
    ):
        with pytest.raises(SegmentationError, match=why):
            run_tool(labels, volume, name, values, **places)  # type: ignore[arg-type]
    with pytest.raises(SegmentationError, match="not open"):
        run_tool(labels, None, "threshold", {})
    with pytest.raises(SegmentationError, match="no labels"):
        edit_case(Case(), "smooth", {})


def test_parameters_offer_the_structures_that_there_are() -> None:
    labels = a_case().labels
    assert labels is not None
    for tool in TOOLS.values():
        assert tool.label and tool.summary.endswith(".")
        for parameter in parameters_of(tool, labels, "lv_blood"):
            if parameter.pick != "name":
                assert parameter.check(parameter.default) == parameter.default
            if parameter.pick in ("structure", "structures"):
                assert parameter.default == "lv_blood"
            if parameter.kind == "number":
                assert parameter.minimum is not None and parameter.maximum is not None and parameter.step
    assert checked(TOOLS["hollow"], labels, {})["lumen"] == "background"
    assert spoken("rv_blood") == "RV blood" and spoken("pulmonary_artery") == "Pulmonary artery"
