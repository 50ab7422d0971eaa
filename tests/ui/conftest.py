"""A small beating ball as a Case, and a real window under Xvfb that is always shut down."""

from collections.abc import Iterator

import numpy as np
import pytest

from twinviewer.domain import (
    Field,
    Grid,
    LabelMap,
    OrganMesh,
    Patient,
    Quantity,
    Run,
    Series,
    Setup,
    Stimulus,
    Trace,
    Volume,
)
from twinviewer.session.case import Case, Scenario, TherapyUse
from twinviewer.session.settings import Settings
from twinviewer.ui.farewell import destroy

PERIOD_S = 0.8


def ball_mesh(rings: int = 12, sectors: int = 20, radius_mm: float = 40.0) -> OrganMesh:
    """A closed sphere of triangles, with one tetrahedron so that it has a wall."""
    points = [(0.0, 0.0, radius_mm)]
    for ring in range(1, rings):
        polar = np.pi * ring / rings
        for sector in range(sectors):
            turn = 2 * np.pi * sector / sectors
            points.append(
                (
                    radius_mm * np.sin(polar) * np.cos(turn),
                    radius_mm * np.sin(polar) * np.sin(turn),
                    radius_mm * np.cos(polar),
                )
            )
    points.append((0.0, 0.0, -radius_mm))
    triangles = []
    last = len(points) - 1
    for sector in range(sectors):
        after = (sector + 1) % sectors
        triangles.append((0, 1 + sector, 1 + after))
        for ring in range(rings - 2):
            a, b = 1 + ring * sectors + sector, 1 + ring * sectors + after
            triangles += [(a, a + sectors, b), (b, a + sectors, b + sectors)]
        foot = 1 + (rings - 2) * sectors
        triangles.append((foot + sector, last, foot + after))
    array = np.array(points)
    segment = np.full(len(array), 11, np.int8)
    segment[array[:, 0] < 0] = 0
    return OrganMesh(
        organ="heart",
        points_mm=array,
        tets=np.array([[0, 1, 6, last]], np.int32),
        surfaces={"myocardium": np.array(triangles, np.int32)},
        point_fields={"aha_segment": segment},
        cell_fields={"fibre": np.array([[1.0, 0.0, 0.0]])},
        landmarks={"lv_apex": np.array([0.0, 0, -40]), "mitral_centre": np.array([0.0, 0, 40]),
                   "rv_centre": np.array([-30.0, 0, 0])},
        wall_points=len(array),
        uid="ball",
        label_uid="labels",
    )  # fmt: skip


def ball_run(mesh: OrganMesh, ejection: float, qrs_ms: float) -> Run:
    """The ball shrinking and swelling once a beat."""
    time_s = np.linspace(0, PERIOD_S, 16, endpoint=False)
    size = 1.0 - ejection * np.sin(np.pi * time_s / PERIOD_S) ** 2
    fine = np.linspace(0, PERIOD_S, 100)
    shape = np.sin(np.pi * fine / PERIOD_S) ** 2
    traces = {
        "lv_volume_ml": Trace("lv_volume_ml", "mL", fine, 150 - 300 * ejection * shape),
        "lv_pressure_mmhg": Trace("lv_pressure_mmhg", "mmHg", fine, 8 + 110 * shape),
        "ecg_II": Trace("ecg_II", "mV", fine, np.exp(-(((fine - 0.2) / 0.02) ** 2))),
    }
    metrics = {
        "qrs_ms": Quantity(qrs_ms, "ms", "simulated", "ball engine"),
        "lv_ef_percent": Quantity(100 * ejection, "%", "simulated", "ball engine"),
    }
    activation = (mesh.points_mm[:, 2] + 40).astype(np.float32) * np.float32(qrs_ms / 80)
    return Run(
        engine="ball 1",
        period_s=PERIOD_S,
        time_s=time_s,
        points_mm=(size[:, None, None] * mesh.points_mm[None]).astype(np.float32),
        moving_fields={"strain_fibre": np.tile(size[:, None] - 1, (1, len(mesh.points_mm))).astype(np.float32)},
        fields={"activation_ms": Field("activation_ms", "ms", activation)},
        traces=traces,
        metrics=metrics,
        uid=f"run {qrs_ms}",
    )


def ball_case() -> Case:
    """Images, labels, mesh, a baseline and one treated scenario, both simulated."""
    mesh = ball_mesh()
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = -62.0
    grid = Grid((32, 32, 32), affine)
    index = np.stack(np.meshgrid(*[np.arange(32)] * 3, indexing="ij"), axis=-1) * 4.0 - 62.0
    inside = np.linalg.norm(index, axis=-1) < 40
    phases = np.array([0.0, 20.0, 40.0, 60.0, 80.0])
    data = np.stack([np.where(inside, 300 + 10 * p, -50) for p in range(5)]).astype(np.int16)
    volume = Volume(data, grid, "CT", phases, PERIOD_S, "ball image")
    labels = LabelMap(np.repeat(inside[None].astype(np.uint8), 5, axis=0), grid, {1: "lv_blood"}, phases, "test", "x")
    patient = Patient("BALL-1", "F", 61.0)
    series = Series("1.2.3", "1.2", patient, "ct_multiphase", "CT", "Ball", "20260112", 32, 5, (32, 32), (4, 4, 4), ())
    setup = Setup(mesh, {}, (Stimulus("his", 0, 0.0, "purkinje"),))
    paced = Setup(mesh, {}, (Stimulus("LV lead", 30, 0.0),))
    scenarios = (
        Scenario("baseline", "Baseline", (), setup, ball_run(mesh, 0.10, 160)),
        Scenario("crt", "CRT", (TherapyUse("crt", {}),), paced, ball_run(mesh, 0.14, 120), "#3FB6C6"),
    )
    measured = {"lv_edv_ml": Quantity(150.0, "mL", "measured", "labels")}
    return Case(
        title="BALL-1", patient=patient, series=(series,), active_series_uid="1.2.3", image=volume, labels=labels,
        mesh=mesh, measurements=measured, organ="heart", engine="beat", scenarios=scenarios, action="Simulate CRT",
    )  # fmt: skip


@pytest.fixture(scope="session")
def small_case() -> Case:
    """The beating ball; Cases are frozen, so that all tests share it."""
    return ball_case()


@pytest.fixture(scope="session")
def qapp_cls():  # type: ignore[no-untyped-def]
    """The application as the program makes it: its surface format must stand before the first window."""
    from twinviewer.ui.app import application

    return lambda _arguments: application()


@pytest.fixture
def window(qtbot, tmp_path, monkeypatch) -> Iterator[object]:  # type: ignore[no-untyped-def]
    """A real window without background imports; shut down whatever the test does."""
    monkeypatch.setenv("TWINVIEWER_SETTINGS", str(tmp_path / "settings.json"))
    from twinviewer.session.jobs import JobRunner
    from twinviewer.ui.presenter import Presenter
    from twinviewer.ui.theme import Look
    from twinviewer.ui.window import MainWindow

    runner = JobRunner(1, prewarm="", warm=False)
    look = Look()
    look.use(look.tokens)
    made = MainWindow(look, Presenter(runner), Settings(), warm=False)
    made.settings_ask_before_close = False
    made.resize(1280, 800)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.shut_down()
    runner.close()
    made.close()
    destroy(made)
    qtbot.wait(10)


@pytest.fixture
def open_window(window, small_case: Case, qtbot):  # type: ignore[no-untyped-def]
    """The window with the beating ball in it, standing still."""
    window.presenter.accept(small_case)
    window.show()
    qtbot.waitExposed(window)
    window.playback.pause()
    qtbot.wait(50)
    return window
