"""A scar with an isthmus: premature beats set off a tachycardia that goes round through it; a lesion ends that."""

import numpy as np
import pytest
from scarred_ventricle import at, setup, ventricle

from twinviewer.domain import Run
from twinviewer.engines.tissue import ENGINE
from twinviewer.engines.tissue import engine as tissue
from twinviewer.engines.tissue.rounds import Rounds
from twinviewer.session.simulate import collect
from twinviewer.therapies.ablation import THERAPY as ABLATION
from twinviewer.therapies.programmed_stimulation import THERAPY as STIMULATION


def test_upstrokes_beyond_the_stimuli_are_turns() -> None:
    """Three places; the last goes round every 320 ms after two stimuli at 0 and 300 ms, the first only follows them."""
    rounds = Rounds(3, 2, 300.0)
    fires = {0: (5, 310), 1: (), 2: (20, 330, 650, 970, 1290)}
    for time_ms in range(1400):
        voltage = np.full(3, -80.0)
        for place, times in fires.items():
            voltage[place] = 20.0 if any(0 <= time_ms - t < 200 for t in times) else -80.0
        rounds.follow(float(time_ms), voltage)
    found = rounds.verdict(1380.0)
    assert (found.turns, found.cycle_ms, found.lasted_ms, found.sustained) == (3, 320.0, 990.0, True)
    assert not rounds.verdict(2400.0).sustained  # over for a second
    quiet = Rounds(1, 2, 300.0)
    assert quiet.verdict(900.0).turns == 0 and not quiet.verdict(900.0).sustained


def study(ablated: bool) -> Run:
    given = setup()
    if ablated:
        line = {"site_node": at(-35.0, -7.0), "line_to_node": at(-35.0, 7.0), "radius_mm": 4.0}
        given = ABLATION.apply(given, line)
    beats = {"site_node": at(-5.0), "s1_beats": 1, "s1_ms": 400, "s2_ms": 340, "s3_ms": 260, "watch_ms": 1500}
    return collect(ENGINE, STIMULATION.apply(given, beats))


def fires_s(run: Run, height_mm: float) -> np.ndarray:
    """When the middle of the isthmus fires at a height below the valve's plane."""
    voltage = run.moving_fields["membrane_mv"][:, at(height_mm, 0.0, 0.5)]
    return np.asarray(run.time_s[1:][np.diff((voltage > -40.0).astype(int)) == 1])


@pytest.mark.slow
def test_two_premature_beats_set_off_a_tachycardia_and_a_lesion_across_the_isthmus_ends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tissue, "SPACING_MM", 1.25)  # a tenth of the work of the engine's own
    run = study(False)
    turns, cycle_ms = run.metrics["reentry_turns"].value, run.metrics["reentry_cycle_ms"].value
    assert turns >= 2 and run.metrics["reentry_sustained"].value == 1.0
    assert 250.0 < cycle_ms < 600.0  # ventricular tachycardias after infarction: 100 to 240 beats a minute
    # the wave goes through the isthmus from the apex to the base, against the way of the stimulus
    mesh = ventricle()
    voltage = run.moving_fields["membrane_mv"]
    at_base_s = fires_s(run, -20.0)[-1]
    middle_s = fires_s(run, -35.0)[fires_s(run, -35.0) < at_base_s][-1]
    at_apex_s = fires_s(run, -50.0)[fires_s(run, -50.0) < middle_s][-1]
    assert at_base_s - at_apex_s < 0.5e-3 * cycle_ms
    assert 15.0 / (at_base_s - middle_s) < 300.0 and 15.0 / (middle_s - at_apex_s) < 300.0  # mm/s: slow
    assert np.isfinite(voltage[:, : mesh.wall_points]).all()

    cured = study(True)  # the same beats still give an echo or two, and then it is over
    assert cured.metrics["reentry_sustained"].value == 0.0
    assert cured.metrics["reentry_turns"].value < turns
    assert cured.metrics["reentry_lasted_ms"].value < 1100.0 < run.metrics["reentry_lasted_ms"].value
    assert (cured.moving_fields["membrane_mv"][-20:] < -40.0).all()
