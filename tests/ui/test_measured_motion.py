"""A model that moves as the images show: in 3D, as lines on the planes, and as volumes under the common cursor."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from twinviewer.domain import CineContour, CineContours, CinePlane, CineStack, OrganMesh, Patient, Quantity, Series
from twinviewer.report.measures import FUNCTION, GROUPS, STRAIN, VOLUMES, WALL, group_of
from twinviewer.session.case import Case
from twinviewer.ui.curves import Curves
from twinviewer.ui.number_tables import MeasureTable
from twinviewer.ui.step_bar import Step

FRAMES, BEATS_S = 10, (0.8, 1.0)
RADIUS_MM, EJECTED = 40.0, 0.3
ES = 0.4


def size(fraction: np.ndarray) -> np.ndarray:
    """The ball's radius over its largest: least at ES."""
    up = np.where(fraction < ES, fraction / ES, (1.0 - fraction) / (1.0 - ES))
    return 1.0 - EJECTED * np.asarray(up)


def moving(mesh: OrganMesh) -> OrganMesh:
    """The ball as left cavity too, in ten frames."""
    fraction = np.arange(FRAMES) / FRAMES
    shell = mesh.surfaces["myocardium"]
    surfaces = {"myocardium": shell, "epicardium": shell, "lv_endocardium": shell, "lv_cavity": shell}
    motion = (size(fraction)[:, None, None] * mesh.points_mm).astype(np.float32)
    return replace(mesh, surfaces=surfaces, motion_mm=motion, motion_fraction=fraction, uid="moving ball")


def cine_case(mesh: OrganMesh) -> Case:
    """Three short axes and a long one through the ball, each with a beat of its own; circles delineated."""
    planes, found = [], []
    turn = np.linspace(0.0, 2.0 * np.pi, 60, endpoint=False)
    for number, height in enumerate((18.0, 0.0, -18.0, None)):
        affine = np.eye(4)
        if height is None:
            affine[:3, :3] = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
            affine[:3, 3] = [-79.5, 0.0, -79.5]
        else:
            affine[:3, 3] = [-79.5, -79.5, height]
        beat = BEATS_S[number % 2]
        trigger = np.arange(FRAMES) / FRAMES * beat
        planes.append(CinePlane(np.full((FRAMES, 160, 160), 90, np.int16), affine, trigger, beat, f"P{number}", 8.0))
        for frame in range(FRAMES) if height is not None else ():
            radius = np.sqrt(max((RADIUS_MM * size(np.array(frame / FRAMES))) ** 2 - height**2, 1.0))
            circle = np.stack([radius * np.cos(turn), radius * np.sin(turn), np.full(60, height)], axis=1)
            found.append(CineContour(number, frame, "lv_endocardium", circle, 0.9))
            found.append(CineContour(number, frame, "lv_epicardium", circle * [1.1, 1.1, 1.0], 0.9))
    stack = CineStack(tuple(planes), "MR", "cine", window=(200.0, 100.0))
    patient = Patient("CINE-1")
    series = Series("1.2", "1", patient, "mr_cine", "MR", "Cine", "20260112", 4, FRAMES, (160, 160), (1, 1, 18), ())
    return Case(
        title="CINE-1", patient=patient, series=(series,), active_series_uid="1.2", image=stack,
        contours=CineContours(tuple(found), (0, 1, 2), "cine", "test"), organ="heart", mesh=moving(mesh),
        measurements={"lv_edv_ml": Quantity(268.0, "mL", "measured", "test")},
    )  # fmt: skip


@pytest.fixture
def beating(window, small_case, qtbot, monkeypatch):  # type: ignore[no-untyped-def]
    """The window with the moving ball, paused at its start; what a worker would look up is there at once."""
    monkeypatch.setattr(window.presenter, "look_up", lambda function, *given, done: done(function(*given)))
    window.make_plots()
    window.coupling.plugins_ready()
    window.presenter._push(cine_case(small_case.mesh))
    window.playback.pause()
    window.playback.seek(0.0)
    qtbot.wait(20)
    return window


def reach(polygons) -> float:  # type: ignore[no-untyped-def]
    """Half the widest extent in pixels (of 1 mm)."""
    return 0.5 * max(line.boundingRect().width() for _, line in polygons)


def test_the_beat_lasts_the_mean_rr_and_is_marked_by_the_mesh(beating) -> None:  # type: ignore[no-untyped-def]
    assert beating.playback.enabled
    assert beating.playback.period_s == pytest.approx(np.mean(BEATS_S))
    assert (beating.coupling.ed, beating.coupling.es) == (0.0, pytest.approx(ES))
    assert [name for name, _ in beating.transport.bar.marks] == ["ED", "ES"]


def test_measured_motion_plays_in_3d(beating) -> None:  # type: ignore[no-untyped-def]
    view = beating.views.view3d
    if not view.can_draw:
        pytest.skip("no OpenGL here")

    def radius() -> float:
        return float(np.linalg.norm(view.stage._panes[0].surfaces["myocardium"].points_mm, axis=1).max())

    period = beating.playback.period_s
    for fraction in (0.0, 0.2, 0.25, ES, 0.95):  # in frames and between them
        beating.playback.seek(fraction * period)
        assert radius() == pytest.approx(RADIUS_MM * float(size(np.array(fraction))), rel=2e-3)
    beating.coupling.go_to("es")
    assert radius() == pytest.approx(RADIUS_MM * (1.0 - EJECTED), rel=2e-3)


def test_every_plane_shows_where_the_mesh_meets_it_and_the_line_moves(beating) -> None:  # type: ignore[no-untyped-def]
    period = beating.playback.period_s
    for fraction in (0.0, ES):
        beating.playback.seek((fraction + 1e-6) * period)
        radius = RADIUS_MM * float(size(np.array(fraction)))
        for view, height in zip(beating.views.cine.planes, (18.0, 0.0, 18.0, 0.0), strict=True):
            assert view.frame_index == round(fraction * FRAMES)
            lines = view.drawing.cut(view.frame_index)
            assert lines
            assert reach(lines) == pytest.approx(np.sqrt(radius**2 - height**2), rel=0.03)


def test_outlines_are_contours_model_both_or_none(beating, qtbot) -> None:  # type: ignore[no-untyped-def]
    view = beating.views.cine.planes[1]
    pictures = {}
    for what in ("both", "contours", "model", "none"):
        assert beating.choices.outlines == what
        pictures[what] = view.grab().toImage().constBits().tobytes()
        beating.actions_.all["outlines"].trigger()
    assert beating.choices.outlines == "both"
    assert len(set(pictures.values())) == 4


def test_without_a_model_only_contours_can_be_shown(beating) -> None:  # type: ignore[no-untyped-def]
    case = beating.presenter.case
    assert beating.views.cine.outlines.isVisibleTo(beating)
    beating.presenter._push(case.changed("Again", contours=case.contours, mesh=None))
    assert not beating.views.cine.outlines.isVisibleTo(beating)
    assert not any(view.drawing.cut(0) for view in beating.views.cine.planes)


def test_volumes_of_discs_and_model_lie_over_each_other(beating) -> None:  # type: ignore[no-untyped-def]
    plots = beating.plots
    assert plots._stack.currentWidget() is plots.measured
    chart = plots.measured.charts["lv"]
    assert len(chart.lines) == 2
    discs, model = (line.values for line in chart.lines)
    ball = 4.0 / 3.0 * np.pi * RADIUS_MM**3 / 1000.0
    assert model.max() == pytest.approx(ball, rel=0.05)
    assert model.min() == pytest.approx(ball * (1.0 - EJECTED) ** 3, rel=0.06)
    assert discs.max() == pytest.approx(ball, rel=0.2)  # three slices see no more than this
    assert [(mark.name, mark.time_s) for mark in chart.marks] == [
        ("ED", 0.0), ("ES", pytest.approx(ES * beating.playback.period_s))
    ]  # fmt: skip
    legend = plots.measured.boxes["lv"].legend.text()
    assert "discs" in legend and "model" in legend
    assert not plots.measured.boxes["rv"].isVisibleTo(plots)
    assert "simulation" in plots.measured.waiting.text()


def test_after_a_simulation_the_measured_volume_lies_behind_the_runs(beating, small_case) -> None:  # type: ignore[no-untyped-def]
    plots, found = beating.plots, beating.plots._measured
    run = small_case.baseline.run
    plots.set_curves([Curves("Baseline", run, "#8FA3BF")], found, 0.9, 0.25)
    assert plots.volumes.isVisibleTo(plots)
    behind, simulated = plots.volumes.lines
    assert behind.width < simulated.width
    assert behind.values.max() == pytest.approx(found[-1].lv_ml.max(), rel=1e-2)
    # its least lies at ES after the R wave, which the run reaches a quarter of its beat later
    least = behind.time_s[int(np.argmin(behind.values))] / run.period_s
    assert least == pytest.approx(ES + 0.25, abs=0.01)


def test_the_heart_is_shown_large_until_asked_for_whole_images(beating, qtbot) -> None:  # type: ignore[no-untyped-def]
    cine, view = beating.views.cine, beating.views.cine.planes[1]
    qtbot.waitUntil(lambda: view.zoom > 1.1, timeout=20_000)
    middle = view.to_image(QPointF(view.width() / 2, view.height() / 2))
    assert (middle.x(), middle.y()) == (pytest.approx(79.5, abs=2.0), pytest.approx(79.5, abs=2.0))
    top = view.to_image(QPointF(view.width() / 2, 0.0)).y()
    assert top < 79.5 - RADIUS_MM  # all of the heart, and not much more
    cine.near.click()
    assert view.zoom == 1.0
    cine.near.click()
    view.zoom_by(1.5, QPointF(10.0, 10.0))
    moved = view.zoom
    view.resize(view.width() + 20, view.height())
    assert view.zoom == moved  # what the user has chosen stays


def test_long_tables_stand_in_groups_with_the_discs_beside(window) -> None:  # type: ignore[no-untyped-def]
    names = ("lv_edv_ml", "lv_ef_percent", "mapse_mm", "cardiac_output_l_min", "lv_wall_thickness_mm",
             "lv_wall_thickening_percent", "lv_gls_percent", "lv_gcs_peak_time_ms", "rv_free_wall_ls_percent",
             "lv_mass_index_g_m2", "lv_peak_filling_ml_s", "la_max_ml")  # fmt: skip
    groups = [group_of(name) for name in names]
    assert groups == [
        VOLUMES, FUNCTION, FUNCTION, FUNCTION, WALL, WALL, STRAIN, STRAIN, STRAIN, VOLUMES, FUNCTION, VOLUMES
    ]  # fmt: skip
    values = {name: Quantity(1.0, "", "measured", "test") for name in names}
    values["lv_edv_discs_ml"] = Quantity(7.0, "mL", "measured", "discs")
    table = MeasureTable(window.look)
    table.show_values(values)
    rows = {name: (model, discs) for name, model, discs, *_ in table.rows}
    assert rows["lv_edv_ml"] == ("1", "7") and "lv_edv_discs_ml" not in rows
    assert [group_of(name) for name, *_ in table.rows] == sorted(groups, key=GROUPS.index)
    table.show_values(values, groups=(WALL, STRAIN))
    assert {group_of(name) for name, *_ in table.rows} == {WALL, STRAIN}


def test_segments_of_a_moving_model_are_measured_in_a_worker(beating, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    page = beating.inspector.model
    beating.coupling.go(Step.MODEL)
    assert page.segments.isVisibleTo(page) and not page.segments.bullseye.isVisibleTo(page)
    asked = []
    monkeypatch.setattr(beating.presenter, "look_up", lambda function, mesh, done: asked.append((mesh, done)))
    case = beating.presenter.case
    again = replace(case.mesh, uid="again")
    beating.presenter._push(case.changed("Build", mesh=again))
    (mesh, done) = asked[0]
    assert mesh is again
    done({"thickening_percent": np.arange(17.0), "thickness_mm": np.full(17, 9.0)})
    segments = page.segments
    assert segments.bullseye.isVisibleTo(page) and segments.measure.count() == 2
    assert segments.bullseye.values[3] in (3.0, 9.0)
    beating.presenter._push(case.changed("Build", mesh=replace(again, motion_mm=None, motion_fraction=None)))
    done({"thickness_mm": np.zeros(17)})  # an answer about a mesh that is gone
    assert segments.isVisibleTo(page) and not segments.bullseye.isVisibleTo(page)
    asked[1][1]({"thickness_mm": np.full(17, 8.0)})  # a heart that stands still has its thickness
    assert segments.measure.count() == 1 and segments.bullseye.values[3] == 8.0


def test_discs_come_from_a_worker(window, small_case, qtbot) -> None:  # type: ignore[no-untyped-def]
    window.make_plots()
    case = cine_case(small_case.mesh)
    window.presenter._push(replace(case, mesh=None))
    qtbot.waitUntil(lambda: bool(window.plots.measured.charts["lv"].lines), timeout=60_000)
    (discs,) = window.coupling.measured.volumes
    assert discs.kind == "discs" and discs.es == pytest.approx(ES)
    assert window.coupling.es == pytest.approx(ES)
    window.presenter._push(Case())
    assert window.coupling.measured.volumes == ()
