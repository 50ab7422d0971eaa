"""Edits of labels by hand: what is undone is back byte for byte, and costs what changed, not what there is."""

import gc
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinviewer.domain import Grid, LabelBox, LabelEdit, LabelMap, SegmentationError, StoreError, Volume
from twinviewer.segmentation.edit.brush import Brush
from twinviewer.segmentation.edit.rule import Rule
from twinviewer.session import history as history_module
from twinviewer.session import label_edits, store
from twinviewer.session.case import Case
from twinviewer.session.history import History
from twinviewer.session.label_draft import LabelDraft, in_hand, settled
from twinviewer.session.label_edits import BY_HAND, FORGOTTEN, MOST_EDITS, apply_edit, new_labels
from twinviewer.session.label_jobs import run_tool
from twinviewer.session.label_line import MISFIT


def a_case(size: int = 24, phases: int = 1) -> Case:
    """An open volume of zeros with an empty label map of two structures."""
    grid = Grid((size, size, size), np.diag([1.0, 1.0, 1.0, 1.0]))
    data = np.zeros((phases, size, size, size), np.int16)
    data.setflags(write=False)
    volume = Volume(data, grid, "CT", np.linspace(0.0, 90.0, phases), None, "volume")
    return new_labels(Case(image=volume), ["blood", "muscle"])


def painted(history: History, draft: LabelDraft, value: int, at: tuple[float, float, float], radius: float) -> Case:
    """One stroke, as the window makes it."""
    case = history.current
    draft.begin(value)
    draft.dab(Brush(radius), np.array(at))
    edit = draft.finish(f"Paint {value} at {at}")
    return case if edit is None else history.push(draft.accept(case, edit))


def cleared(history: History, value: int) -> Case:
    """A tool that acts in place; what it cannot do leaves the Case as it is."""
    case = history.current
    assert case.labels is not None
    try:
        edit = run_tool(settled(case).labels, None, "clear", {"structure": "muscle" if value == 2 else "blood"})  # type: ignore[arg-type]
        return history.push(apply_edit(case, edit, in_place=True))
    except SegmentationError:
        return case


def bytes_of(case: Case) -> bytes:
    assert case.labels is not None
    return case.labels.data.tobytes()


def test_a_stroke_is_named_and_drops_what_rested_on_the_labels() -> None:
    case = a_case()
    assert case.labels is not None and not case.labels.data.any()
    history = History(case)
    draft = LabelDraft(case.labels)
    after = painted(history, draft, 1, (12.0, 12.0, 12.0), 5.0)
    assert after.labels is not None and history.undo_text == "Paint 1 at (12.0, 12.0, 12.0)"
    assert after.labels.made_by.endswith(BY_HAND)
    assert 1000 * after.labels.volume_ml("blood") == pytest.approx(4 / 3 * np.pi * 5.0**3, rel=0.03)
    back = history.undo()
    assert back.labels is not None and not back.labels.data.any() and back.label_edits == ()
    assert not back.labels.made_by.endswith(BY_HAND) and history.redo_text == "Paint 1 at (12.0, 12.0, 12.0)"
    assert draft.follows(back.labels)


strokes = st.lists(
    st.tuples(
        st.sampled_from(["paint", "paint", "undo", "redo", "model", "tool", "unfinished"]),
        st.integers(0, 2),
        st.tuples(*[st.floats(-2.0, 26.0)] * 3),
        st.floats(0.5, 7.0),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(strokes)
def test_any_sequence_undoes_to_the_same_bytes(
    script: list[tuple[str, int, tuple[float, float, float], float]],
) -> None:
    case = a_case()
    assert case.labels is not None
    history, draft = History(case), LabelDraft(case.labels)
    seen, at = [bytes_of(case)], 0  # by place in the history, each in full
    for what, value, point, radius in script:
        if what == "undo":
            history.undo()
            at = max(0, at - 1)
        elif what == "redo":
            history.redo()
            at = min(len(seen) - 1, at + 1)
        else:
            now = history.current
            if what == "paint":
                pushed = painted(history, draft, value, point, radius)
            elif what == "unfinished":  # until the next stroke or undo takes it back
                draft.begin(value)
                draft.dab(Brush(radius), np.array(point))
                pushed = now
            elif what == "tool":
                pushed = cleared(history, value)
            else:
                pushed = history.push(now.changed("Records", title=now.title + "."))
            if pushed is not now:
                del seen[at + 1 :]
                seen.append(bytes_of(settled(pushed)))
                at += 1
        assert bytes_of(settled(history.current)) == seen[at]
    draft.cancel()
    while history.can_undo:
        at -= 1
        assert bytes_of(history.undo()) == seen[at]
    while history.can_redo:
        at += 1
        assert bytes_of(history.redo()) == seen[at]


def test_fifty_strokes_on_256_cubed_cost_their_boxes_and_no_more() -> None:
    case = a_case(256)
    assert case.labels is not None
    history, draft = History(case, length=60), LabelDraft(case.labels)
    whole = case.labels.data.nbytes
    del case
    rng = np.random.default_rng(1)
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(50):
            x, y, z = rng.uniform(30.0, 220.0, 3)
            painted(history, draft, 1, (x, y, z), 10.0)
        gc.collect()
        taken, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(history) == 51
    assert history.bytes_of_edits < 50 * 2 * 22**3
    assert taken < 1.3 * history.bytes_of_edits < 0.1 * whole
    assert peak < 0.15 * whole  # no full copy on the way either
    while history.can_undo:
        history.undo()
    assert history.current.labels is not None and not history.current.labels.data.any()


def test_an_edit_is_applied_to_a_copy_unless_the_labels_are_in_hand() -> None:
    case = settled(a_case())
    assert case.labels is not None and in_hand(case.labels) is None
    box = LabelBox(0, (2, 3, 4), np.zeros((1, 1, 2), np.uint8), np.ones((1, 1, 2), np.uint8))
    edit = LabelEdit("Two voxels", (box,))
    after = apply_edit(case, edit)
    assert after.labels is not None and after.labels.data.sum() == 2 and not case.labels.data.any()
    with pytest.raises(SegmentationError, match="does not fit"):
        apply_edit(after, edit)
    again = apply_edit(case, edit, in_place=True)
    assert again.labels is not None and again.labels.data.sum() == 2 and not case.labels.data.any()
    assert in_hand(again.labels) is not None


def test_rules_protect_and_thresholds_hold() -> None:
    case = a_case()
    assert case.labels is not None and isinstance(case.image, Volume)
    ramp = np.broadcast_to(np.arange(24, dtype=np.int16), (1, 24, 24, 24))
    draft = LabelDraft(case.labels, replace(case.image, data=ramp))
    draft.begin(2)
    draft.dab(Brush(3.0), np.array([6.0, 12.0, 12.0]))
    draft.finish("muscle")
    muscle = draft.labels.data == 2
    draft.begin(1, rule=Rule(frozenset({0}), low=5.0, high=15.0))
    draft.dab(Brush(8.0), np.array([8.0, 12.0, 12.0]))
    draft.finish("blood")
    assert np.array_equal(draft.labels.data == 2, muscle)
    columns = np.flatnonzero((draft.labels.data == 1).any(axis=(0, 1, 2)))
    assert columns[0] == 5 and columns[-1] == 15


def test_a_stroke_can_be_taken_back_before_it_ends() -> None:
    case = a_case()
    assert case.labels is not None
    draft = LabelDraft(case.labels)
    draft.begin(1)
    touched = draft.dab(Brush(3.0), np.array([6.0, 12.0, 12.0]))
    assert touched is not None and draft.labels.data[0][touched].any() and draft.drawing
    assert draft.cancel() == touched and not draft.labels.data.any() and not draft.drawing


def test_a_draft_of_other_labels_is_not_taken() -> None:
    case, other = a_case(), a_case()
    assert case.labels is not None
    draft = LabelDraft(case.labels)
    draft.begin(1)
    draft.dab(Brush(3.0), np.array([6.0, 12.0, 12.0]))
    edit = draft.finish("Paint")
    assert edit is not None and not draft.follows(other.labels)
    with pytest.raises(SegmentationError, match="have changed"):
        draft.accept(other, edit)


def test_a_tool_that_ends_during_a_stroke_is_no_part_of_the_stroke() -> None:
    case = a_case()
    assert case.labels is not None
    history, draft = History(case), LabelDraft(case.labels)
    draft.begin(1)
    draft.dab(Brush(3.0), np.array([6.0, 12.0, 12.0]))
    box = LabelBox(0, (12, 12, 12), np.zeros((3, 3, 3), np.uint8), np.full((3, 3, 3), 2, np.uint8))  # the same block
    tool = history.push(apply_edit(case, LabelEdit("Tool", (box,)), in_place=True))
    after_tool = 27
    draft.dab(Brush(3.0), np.array([7.0, 12.0, 12.0]))
    edit = draft.finish("Paint")
    assert edit is not None
    painted_too = history.push(draft.accept(tool, edit))
    assert painted_too.labels is not None
    before_undo = bytes_of(painted_too)
    back = history.undo()
    assert back.labels is not None and np.count_nonzero(back.labels.data == 2) == after_tool
    assert not (back.labels.data == 1).any()
    empty = history.undo()
    assert empty.labels is not None and not empty.labels.data.any()
    history.redo()
    assert bytes_of(history.redo()) == before_undo


def test_undo_in_the_midst_of_a_stroke_takes_the_stroke_back() -> None:
    case = a_case()
    assert case.labels is not None
    history, draft = History(case), LabelDraft(case.labels)
    first = bytes_of(painted(history, draft, 1, (12.0, 12.0, 12.0), 4.0))
    draft.begin(2)
    draft.dab(Brush(3.0), np.array([13.0, 12.0, 12.0]))
    undone = history.undo()
    assert undone.labels is not None and not undone.labels.data.any() and not draft.drawing
    assert bytes_of(history.redo()) == first


def test_what_is_saved_in_the_midst_of_a_stroke_is_without_it() -> None:
    case = a_case()
    assert case.labels is not None
    history, draft = History(case), LabelDraft(case.labels)
    first = bytes_of(painted(history, draft, 1, (12.0, 12.0, 12.0), 4.0))
    draft.begin(2)
    draft.dab(Brush(3.0), np.array([13.0, 12.0, 12.0]))
    assert bytes_of(history.current) != first == bytes_of(settled(history.current))
    assert draft.finish("Paint") is not None


def test_a_case_that_is_kept_does_not_change_under_a_later_stroke(tmp_path: Path) -> None:
    case = a_case()
    assert case.labels is not None
    history, draft = History(case), LabelDraft(case.labels)
    first = settled(painted(history, draft, 1, (12.0, 12.0, 12.0), 4.0))
    before = bytes_of(first)
    painted(history, draft, 2, (12.0, 12.0, 12.0), 6.0)
    assert bytes_of(first) == before
    assert store.load(store.save(first, tmp_path / "a.twin")).label_edits


def test_edits_survive_the_file_and_are_undone_by_name(tmp_path: Path) -> None:
    case = a_case(64)
    assert case.labels is not None
    history, draft = History(case), LabelDraft(case.labels)
    seen = [bytes_of(case)]
    for n in range(4):
        seen.append(bytes_of(painted(history, draft, 1 + n % 2, (20.0 + 6 * n, 30.0, 30.0), 8.0)))
    saved = store.save(history.current, tmp_path / "case.twin")
    loaded = store.load(saved)
    assert [edit.action for edit in loaded.label_edits] == [e.action for e in history.current.label_edits]
    later = History()
    later.push(loaded, "Open case.twin")
    assert bytes_of(later.current) == seen[-1]
    names = []
    for expected in seen[-2::-1]:
        names.append(later.undo_text)
        assert bytes_of(later.undo()) == expected
    assert names == [edit.action for edit in loaded.label_edits][::-1]
    assert later.undo_text == "Open case.twin" and later.current.label_edits == ()
    while later.can_redo:
        later.redo()
    assert bytes_of(later.current) == seen[-1]
    first = History(store.load(saved))
    assert first.can_undo and first.undo_text == names[0]


def test_labels_made_anew_forget_the_edits() -> None:
    case = a_case()
    assert case.labels is not None
    history, draft = History(case), LabelDraft(case.labels)
    edited = settled(painted(history, draft, 1, (12.0, 12.0, 12.0), 4.0))
    fresh = edited.changed("Segment", labels=replace(case.labels, data=case.labels.data.copy()))
    assert edited.label_edits and fresh.label_edits == ()
    assert edited.changed("Open", image=None).label_edits == ()


def test_the_oldest_edits_are_forgotten_and_it_is_said() -> None:
    case = a_case()
    assert case.labels is not None
    history, draft = History(case, length=MOST_EDITS + 20), LabelDraft(case.labels)
    for n in range(MOST_EDITS + 3):
        painted(history, draft, 1 + n % 2, (12.0, 12.0, 12.0), 2.0)
    assert len(history.current.label_edits) == MOST_EDITS
    assert history.current.labels is not None and history.current.labels.made_by.endswith(FORGOTTEN)
    assert len(history) == MOST_EDITS + 4
    while history.can_undo:
        history.undo()
    assert history.current.labels is not None and not history.current.labels.data.any()


def test_large_edits_are_bounded_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case(64)
    assert case.labels is not None
    monkeypatch.setattr(history_module, "MOST_BYTES", 1_000_000)
    monkeypatch.setattr(label_edits, "MOST_BYTES", 500_000)
    history, draft = History(case), LabelDraft(case.labels)
    for n in range(12):
        painted(history, draft, 1 + n % 2, (32.0, 32.0, 32.0), 25.0)
        assert history.bytes_of_edits <= 1_000_000
    assert 2 < len(history) < 8
    states = []
    while history.can_undo:
        states.append(bytes_of(history.undo()))
    for state in [*states[-2::-1], None]:
        redone = bytes_of(history.redo())
        assert state is None or redone == state


def damaged(case: Case, **changes: object) -> Case:
    edit = case.label_edits[0]
    box = replace(edit.boxes[0], **changes)  # type: ignore[arg-type]
    return replace(case, label_edits=(replace(edit, boxes=(box,)),))


def test_a_file_with_edits_out_of_place_is_refused(tmp_path: Path) -> None:
    case = a_case()
    assert case.labels is not None
    history, draft = History(case), LabelDraft(case.labels)
    edited = painted(history, draft, 1, (12.0, 12.0, 12.0), 4.0)
    shape = edited.label_edits[0].boxes[0].before.shape
    twice = replace(edited.label_edits[0], boxes=edited.label_edits[0].boxes * 2)
    for wrong in (
        damaged(edited, start=(22, 0, 0)),
        damaged(edited, start=(-1, 0, 0)),
        damaged(edited, phase=1),
        damaged(edited, before=np.zeros(shape, np.int16)),
        damaged(edited, before=np.zeros((1, 1, 1), np.uint8)),
        replace(edited, label_edits=(twice,)),
    ):
        with pytest.raises(StoreError, match="not sound"):
            store.load(store.save(wrong, tmp_path / "wrong.twin"))


def test_edits_that_do_not_lead_to_the_labels_are_forgotten_with_a_word(tmp_path: Path) -> None:
    case = a_case()
    assert case.labels is not None
    history, draft = History(case), LabelDraft(case.labels)
    painted(history, draft, 1, (12.0, 12.0, 12.0), 4.0)
    edited = painted(history, draft, 2, (14.0, 12.0, 12.0), 4.0)
    other = replace(edited, label_edits=(edited.label_edits[1], edited.label_edits[0]))
    loaded = store.load(store.save(other, tmp_path / "other.twin"))
    assert loaded.label_edits == () and loaded.messages["Segment"] == MISFIT
    assert bytes_of(loaded) == bytes_of(edited)
    assert loaded.labels is not None and not loaded.labels.data.flags.writeable


def test_a_renamed_structure_has_its_name_back_after_undo() -> None:
    case = a_case()
    assert case.labels is not None
    history = History(case)
    edit = LabelEdit("Rename blood", (), {1: "blood", 2: "muscle"}, {1: "lv_blood", 2: "muscle"})
    renamed = history.push(apply_edit(case, edit, in_place=True))
    assert renamed.labels is not None and renamed.labels.names[1] == "lv_blood"
    assert history.undo().labels.names[1] == "blood"  # type: ignore[union-attr]
    assert history.redo().labels.names[1] == "lv_blood"  # type: ignore[union-attr]


def test_without_a_volume_there_is_nothing_to_draw_on() -> None:
    with pytest.raises(SegmentationError, match="No volume"):
        new_labels(Case(), ["blood"])
    assert isinstance(new_labels(a_case(), ["bone"]).labels, LabelMap)
