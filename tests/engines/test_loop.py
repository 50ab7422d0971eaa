"""What the live loop rests on: the answer does not depend on what was asked before, and excitation comes first."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from ideal_heart import ideal_heart

from twinviewer.domain import Frame, Metric, Progress, Quantity, Records, Run, Setup, Stimulus, Trace
from twinviewer.engines.beat import ENGINE, electrical, engine, reflex
from twinviewer.organs.heart.setup import setup as baseline_of
from twinviewer.session.partial import Partial
from twinviewer.session.simulate import collect, compute_excitation, setup_uid
from twinviewer.session.trying import sketched


@lru_cache(maxsize=1)
def blocked_setup() -> Setup:
    """The ideal heart with left bundle branch block."""
    measured = {
        "lv_edv_ml": Quantity(100.0, "mL", "measured", "test"),
        "lv_esv_ml": Quantity(60.0, "mL", "measured", "test"),
    }
    records = Records({"qrs_ms": Quantity(160.0, "ms", "measured", "test")}, {"left_bundle_branch_block": "test"})
    return baseline_of(ideal_heart(), measured, records, {})


def paced(base: Setup) -> Setup:
    """A lead on the lateral wall and one at the right apex."""
    fields = base.mesh.point_fields
    lateral = np.flatnonzero((np.asarray(fields["aha_segment"]) == 11) & (np.asarray(fields["transmural"]) > 0.9))
    apex = np.flatnonzero(np.asarray(fields["rv_segment"]) == 3)
    leads = (Stimulus("LV lead", int(lateral[len(lateral) // 2]), 125.0), Stimulus("RV lead", int(apex[0]), 140.0))
    return replace(base, stimuli=(*base.stimuli, *leads))


def forget() -> None:
    """As a process that has just begun."""
    for store in (electrical._grids, electrical._sites, electrical._atria, electrical._leads):
        store._items.clear()
    engine._prepared.cache_clear()
    engine._mover.cache_clear()
    engine._kept.clear()
    reflex._kept.clear()


def numbers(setup: Setup) -> dict[str, float]:
    """Metrics of the whole beat, without frames."""
    found = {}
    for payload in ENGINE.run(setup):
        if isinstance(payload, Metric):
            found[payload.name] = float(payload.quantity.value)
        if isinstance(payload, Progress) and payload.only_frames:
            break
    return found


def test_one_answer_whatever_was_asked_before() -> None:
    base = blocked_setup()
    treated = replace(paced(base), untreated=base)
    forget()
    cold = numbers(treated)
    numbers(base)
    moved = replace(treated, stimuli=(*treated.stimuli[:-2], replace(treated.stimuli[-2], time_ms=90.0)))
    assert numbers(moved) != cold
    assert numbers(treated) == cold  # to the last bit
    assert numbers(replace(base, untreated=base)) == numbers(base)


def test_excitation_is_told_first_then_all_numbers_then_frames() -> None:
    kinds = []
    for payload in ENGINE.run(blocked_setup()):
        if isinstance(payload, Frame):
            break
        if isinstance(payload, Trace) and not payload.name.startswith("ecg_"):
            kinds.append("circulation")
        elif isinstance(payload, Trace):
            kinds.append("ecg")
        elif isinstance(payload, Progress) and payload.only_frames:
            kinds.append("only frames")
    order = list(dict.fromkeys(kinds))
    assert order == ["ecg", "circulation", "only frames"] and kinds[-1] == "only frames"


@pytest.mark.slow
def test_what_is_shown_on_the_way_is_what_the_run_says() -> None:
    setup = paced(blocked_setup())
    shown: list[Partial] = []
    run = collect(ENGINE, setup, live=lambda one: shown.append(one) if isinstance(one, Partial) else None)
    first, second = shown
    assert first.uid == second.uid == run.uid == setup_uid(ENGINE, setup)
    assert "qrs_ms" in first.metrics and "lv_ef_percent" not in first.metrics
    assert {n: q.value for n, q in second.metrics.items()} == {n: run.metrics[n].value for n in second.metrics}
    assert set(run.traces) == set(second.traces)
    tried = compute_excitation("beat", setup)
    for known in (first, tried):
        assert set(known.fields) == {"activation_ms", "recovery_ms"}
        for name, field in known.fields.items():
            np.testing.assert_array_equal(field.values, run.fields[name].values)
        np.testing.assert_array_equal(known.traces["ecg_II"].values, run.traces["ecg_II"].values)
    sketch = sketched(first, ideal_heart(), run)
    assert isinstance(sketch, Run) and sketch.period_s == run.period_s and not sketch.moving_fields
    assert sketched(first, ideal_heart(), None).points_at(0.3).shape == ideal_heart().points_mm.shape


@pytest.mark.slow
def test_frames_between_two_that_were_evened_out_are_as_good_as_these(monkeypatch: pytest.MonkeyPatch) -> None:
    from twinviewer.engines.beat import motion

    setup = paced(blocked_setup())
    quick = collect(ENGINE, setup).points_mm
    monkeypatch.setattr(motion, "STRIDE", 1)
    monkeypatch.setattr(motion, "how_many", lambda points: 1)
    every = collect(ENGINE, setup).points_mm
    wall = ideal_heart().wall_points
    off = np.linalg.norm(quick[:, :wall] - every[:, :wall], axis=2)
    # the mesh's own edges are 2 mm and more
    assert off.mean() < 0.05 and np.percentile(off, 99.9) < 0.4
