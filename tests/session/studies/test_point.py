"""One point of a study gives the numbers that the whole simulation gives, and listens no longer than it must."""

import numpy as np
from ideal_patient import ideal_patient

from twinviewer.engines.beat import ENGINE
from twinviewer.session.case import TherapyUse
from twinviewer.session.scenarios import use_therapies
from twinviewer.session.simulate import collect
from twinviewer.session.studies.point import Point, Wanted, answer, setup_at

WHOLE = Wanted(frozenset({"qrs_ms", "lv_ef_percent"}), frozenset({"work_kpa"}), frozenset({"lv_pressure_mmhg"}))


def test_a_point_gives_what_the_whole_simulation_gives() -> None:
    setup = ideal_patient()
    run = collect(ENGINE, setup)
    got = answer("beat", setup, Point("as it is"), WHOLE)
    assert got.failure == "" and dict(got.metrics) == {n: run.metrics[n].value for n in WHOLE.metrics}
    assert np.array_equal(got.fields["work_kpa"], run.fields["work_kpa"].values, equal_nan=True)
    assert np.array_equal(got.traces["lv_pressure_mmhg"].values, run.traces["lv_pressure_mmhg"].values)


def test_a_point_of_excitation_alone_never_contracts_the_heart() -> None:
    said: list[str] = []
    answer("beat", ideal_patient(), Point("qrs"), Wanted(frozenset({"qrs_ms"})), lambda _, text: said.append(text))
    assert said and not any("steady" in text for text in said)


def test_parameters_are_set_before_the_therapy_acts() -> None:
    uses = use_therapies(["beta_blocker"], {}, "test")
    setup = ideal_patient()
    plain, faster = (setup_at(setup, Point("p", uses, p), "beat") for p in ({}, {"heart_rate_bpm": 140.0}))
    assert plain.value("heart_rate_bpm") < faster.value("heart_rate_bpm") < 140.0
    assert faster.untreated is not None and faster.untreated.value("heart_rate_bpm") == 140.0


def test_what_cannot_be_simulated_says_why_and_stops_nothing() -> None:
    wanted = Wanted(frozenset({"qrs_ms"}))
    assert "no colour" in answer("beat", ideal_patient(), Point("a", parameters={"colour": 1.0}), wanted).failure
    assert answer("beat", ideal_patient(), Point("b", (TherapyUse("crt", {"av_delay_ms": -5.0}),)), wanted).failure


def test_the_key_tells_what_is_computed_not_what_it_is_called() -> None:
    assert Point("a").key == Point("b").key != Point("a", parameters={"heart_rate_bpm": 60.0}).key
