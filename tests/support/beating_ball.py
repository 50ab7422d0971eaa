"""A hollow ball that beats: the smallest OrganMesh and Run with everything a scene or a report reads."""

from functools import lru_cache

import numpy as np

from twinviewer.domain import Field, OrganMesh, Quantity, Run, Trace

PERIOD_S = 0.8
RADIUS_MM = 40.0
LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")


@lru_cache(maxsize=1)
def ball() -> OrganMesh:
    """A spherical shell of 30..40 mm as tetrahedra, its boundary as "myocardium", and a small ball as "la"."""
    import pyvista as pv

    inner, outer = pv.Icosphere(radius=30.0, nsub=3), pv.Icosphere(radius=RADIUS_MM, nsub=3)
    triangles = outer.faces.reshape(-1, 4)[:, 1:]
    count = outer.n_points
    # Each triangle pair spans a prism; three tetrahedra fill it, cut by index order so that neighbours agree.
    a = np.sort(triangles, axis=1)
    b = a + count
    tets = np.vstack(
        [
            np.column_stack([a[:, 0], a[:, 1], a[:, 2], b[:, 2]]),
            np.column_stack([a[:, 0], a[:, 1], b[:, 1], b[:, 2]]),
            np.column_stack([a[:, 0], b[:, 0], b[:, 1], b[:, 2]]),
        ]
    )
    small = pv.Icosphere(radius=20.0, nsub=2, center=(0.0, 25.0, 60.0))
    points = np.vstack([outer.points, inner.points, small.points]).astype(float)
    corner = points[tets]
    volume = np.linalg.det(corner[:, 1:] - corner[:, :1])
    tets[volume < 0] = tets[volume < 0][:, [0, 2, 1, 3]]
    wall = 2 * count
    boundary = np.vstack([triangles, triangles[:, ::-1] + count])
    return OrganMesh(
        organ="heart",
        points_mm=points,
        tets=tets.astype(np.int32),
        surfaces={
            "myocardium": boundary.astype(np.int32),
            "lv_cavity": (triangles + count).astype(np.int32),
            "la": (small.faces.reshape(-1, 4)[:, 1:] + wall).astype(np.int32),
        },
        point_fields={"aha_segment": np.where(np.arange(len(points)) < wall, 11, 0).astype(np.int8)},
        cell_fields={},
        landmarks={
            "lv_apex": np.array([0.0, 0.0, -40.0]),
            "mitral_centre": np.array([0.0, 0.0, 40.0]),
            "rv_centre": np.array([-40.0, -20.0, 0.0]),
        },
        wall_points=wall,
        uid="ball",
        label_uid="none",
    )


def run(delay_ms: float = 100.0, squeeze: float = 0.15) -> Run:
    """A beat in which the ball shrinks by ``squeeze`` of its radius at most; activation sweeps along x."""
    mesh = ball()
    time_s = np.arange(20) / 20 * PERIOD_S
    factor = 1 - squeeze * np.sin(np.pi * time_s / PERIOD_S) ** 2
    points = (mesh.points_mm[None] * factor[:, None, None]).astype(np.float32)
    wall = np.arange(len(mesh.points_mm)) < mesh.wall_points
    activation = np.where(wall, (mesh.points_mm[:, 0] / RADIUS_MM + 1) / 2 * delay_ms, np.nan)
    fine = np.linspace(0, PERIOD_S, 201)
    scale = 1 - squeeze * np.sin(np.pi * fine / PERIOD_S) ** 2
    volume = mesh.enclosed_ml("lv_cavity") * scale**3
    pressure = 10 + 110 * np.sin(np.pi * fine / PERIOD_S) ** 2
    ecg = np.exp(-(((fine - 0.2) / 0.02) ** 2))
    traces = {
        name: Trace(name, unit, fine, values)
        for name, unit, values in (
            ("lv_volume_ml", "mL", volume),
            ("lv_pressure_mmhg", "mmHg", pressure),
            ("rv_pressure_mmhg", "mmHg", pressure / 5),
            ("aortic_pressure_mmhg", "mmHg", np.maximum(pressure, 75)),
            *(
                (f"ecg_{lead}", "mV", ecg)
                for lead in ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]
            ),
        )
    }
    strain = (100 * (factor - 1))[:, None] * wall[None].astype(np.float32)
    ef = 100 * (1 - volume.min() / volume.max())
    return Run(
        engine="ball",
        period_s=PERIOD_S,
        time_s=time_s,
        points_mm=points,
        moving_fields={"strain_fibre": strain.astype(np.float32)},
        fields={"activation_ms": Field("activation_ms", "ms", activation)},
        traces=traces,
        metrics={"lv_ef_percent": Quantity(float(ef), "%", "simulated", "ball")},
        uid=f"ball-{delay_ms}-{squeeze}",
    )
