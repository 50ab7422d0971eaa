"""The real organ and engine: one answer, whether computed here, in a worker, or from a case that was reopened."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ideal_heart import ideal_labels

from twinviewer.domain import Run, Volume
from twinviewer.session import scenarios, steps, store
from twinviewer.session.case import BASELINE, Case
from twinviewer.session.comparison import compare
from twinviewer.session.jobs import JobRunner
from twinviewer.session.simulate import compute_run


def same(first: Run | None, second: Run | None) -> bool:
    assert first is not None and second is not None
    return (
        first.uid == second.uid
        and np.array_equal(first.points_mm, second.points_mm)
        and all(np.array_equal(first.traces[n].values, second.traces[n].values) for n in first.traces)
        and {n: q.value for n, q in first.metrics.items()} == {n: q.value for n, q in second.metrics.items()}
    )


@pytest.mark.slow
def test_the_same_numbers_everywhere_and_none_without_therapy(tmp_path: Path) -> None:
    labels = ideal_labels(1.5)
    voxels = np.where(labels.data > 0, 300, -50).astype(np.int16)
    volume = Volume(voxels, labels.grid, "CT", labels.phase_percent, 0.9, labels.image_uid)
    case = scenarios.prepare(steps.build(Case(image=volume, labels=labels, organ="heart")))
    case = steps.simulate(case, BASELINE)
    here = case.scenario(BASELINE)
    with JobRunner(1, prewarm="") as runner:
        assert same(runner.run(compute_run, case.engine, here.setup), here.run)

    reopened = store.load(store.save(case, tmp_path / "heart.twin"))
    assert same(reopened.scenario(BASELINE).run, here.run)
    control = steps.simulate_all(scenarios.add_scenario(reopened, []))
    assert same(control.scenario("control").run, here.run)
    comparison = compare(control.scenario(BASELINE), replace(control.scenario("control")))
    assert comparison.deltas and all(delta.change == 0.0 for delta in comparison.deltas)
    assert all(np.nanmax(np.abs(values)) == 0.0 for values in comparison.difference_fields.values())
