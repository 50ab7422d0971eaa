"""Our cells against independent code of the same equations, solved with tight tolerances: whole beats and durations.

test_cells_nversion_features.csv and test_cells_nversion.csv (voltage every 5 ms) hold beats 1 and 30 at 1000 ms from
the same initial states: ten Tusscher by gotranx 2.9 from the CellML model (LSODA, 1e-8; endo and mid by exchanging
conductances and the s gate), O'Hara-CiPA by myokit 1.39 from the model of its repository (CVODES, 1e-9), Bueno-Orovio
and Mitchell-Schaeffer by the equations of the finitewave model packages 0.6 (Runge-Kutta 4, 2 us).
test_cells_nversion_drugs.csv: the same O'Hara-CiPA code (CVODES, 1e-7) at 2000 ms under drugs.
"""

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from twinviewer.physics.cells.drugs import drug
from twinviewer.physics.cells.ohara_cipa import OHaraCiPA
from twinviewer.physics.cells.pacing import Cell, Pacing, apd_ms, pace
from twinviewer.physics.cells.phenomenological import BuenoOrovio, MitchellSchaeffer
from twinviewer.physics.cells.tentusscher import TenTusscher

HERE = Path(__file__).parent
CASES = [
    *[("tusscher", layer) for layer in ("epi", "endo", "mid")],
    *[("ohara", layer) for layer in ("endo", "epi", "mid")],
    *[("bueno", layer) for layer in ("epi", "endo", "mid")],
    ("mitchell", "one"),
]


def reference(name: str, layer: str, beat: int) -> tuple[dict[str, float], NDArray[np.float64]]:
    """Features of a reference beat, and its (n, 2) time in ms and voltage in mV."""
    wanted = (name, layer, str(beat))
    with (HERE / "test_cells_nversion_features.csv").open() as file:
        row = next(
            row for row in csv.DictReader(file) if (row.pop("cell"), row.pop("layer"), row.pop("beat")) == wanted
        )
    features = {key: float(value) for key, value in row.items() if value}
    with (HERE / "test_cells_nversion.csv").open() as file:
        rows = [(float(row["time_ms"]), float(row[f"{name}_{layer}_{beat}"])) for row in csv.DictReader(file)]
    return features, np.array(rows)


def drugged() -> dict[tuple[str, int], tuple[list[float], list[float]]]:
    """By drug and beat: qNet in uC/uF and APD90 in ms of the reference at 1, 2, 3, 4 x Cmax."""
    with (HERE / "test_cells_nversion_drugs.csv").open() as file:
        return {
            (row["drug"], int(row["beat"])): (
                [float(row[f"qnet{k}"]) for k in (1, 2, 3, 4)],
                [float(row[f"apd90_{k}"]) for k in (1, 2, 3, 4)],
            )
            for row in csv.DictReader(file)
        }


def cell(name: str, layer: str) -> Cell:
    """Our cell of that name."""
    if name == "mitchell":
        return MitchellSchaeffer()
    kind = {"tusscher": TenTusscher, "ohara": OHaraCiPA, "bueno": BuenoOrovio}[name]
    return kind(layer)  # type: ignore[arg-type]


def duration(paced: Pacing, level: float) -> float:
    """Duration in ms of the last beat at a level of repolarisation."""
    return apd_ms(paced.time_ms, paced.voltage_mv, np.gradient(paced.voltage_mv, paced.time_ms), level)


@pytest.mark.parametrize("beat", [1, 30])
@pytest.mark.parametrize(("name", "layer"), CASES)
def test_a_beat_is_that_of_independent_code(name: str, layer: str, beat: int) -> None:
    """APD 30 to 90 within 1 %, peak and rest within 0.5 mV, the voltage within 1 mV wherever it does not upstroke."""
    paced = pace(cell(name, layer), 1000.0, beat)
    expected, trace = reference(name, layer, beat)
    for level in (30, 50, 70):
        assert duration(paced, level / 100.0) == pytest.approx(expected[f"apd{level}_ms"], rel=0.01)
    assert paced.apd90_ms[-1] == pytest.approx(expected["apd90_ms"], rel=0.0025)
    assert paced.peak_mv[-1] == pytest.approx(expected["peak_mv"], abs=0.5)
    assert paced.rest_mv[-1] == pytest.approx(expected["rest_mv"], abs=0.05)
    assert np.interp(trace[:, 0], paced.time_ms, paced.voltage_mv) == pytest.approx(trace[:, 1], abs=1.0)
    if "calcium_um" in expected:
        assert paced.calcium_um.max() == pytest.approx(expected["calcium_um"], rel=0.02)
    if "qnet_uc_uf" in expected:
        assert paced.qnet_uc_uf[-1] == pytest.approx(expected["qnet_uc_uf"], rel=0.01)


@pytest.mark.parametrize("name", ["domperidone", "pimozide", "metoprolol", "risperidone"])
def test_drugs_bind_and_block_as_in_independent_code(name: str) -> None:
    """Beat 20 at 1 to 4 x Cmax: qNet within 0.5 %, APD90 within 0.25 %; these decide how many classes are right."""
    qnet, apd90 = drugged()[name, 20]
    paced = [pace(OHaraCiPA("endo", drug(name).at_cmax(k)), 2000.0, 20) for k in (1.0, 2.0, 3.0, 4.0)]
    assert [one.qnet_uc_uf[-1] for one in paced] == pytest.approx(qnet, rel=0.005)
    assert [one.apd90_ms[-1] for one in paced] == pytest.approx(apd90, rel=0.0025)
