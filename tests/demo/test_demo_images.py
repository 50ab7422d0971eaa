"""The demo patient's images: grey values as in a scan, same seed same files, read back through the usual door."""

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from twinviewer.dicom import read, scan
from twinviewer.domain import Cancelled, LoadError, Volume
from twinviewer.organs.heart.demo import DemoTruth, read_truth, write_demo
from twinviewer.organs.heart.demo.anatomy import anatomy, demo_labels
from twinviewer.organs.heart.demo.render import render, scan_grid
from twinviewer.organs.heart.demo.shape import dilated
from twinviewer.records import read_records

SEED = 2026


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoTruth]:
    """A coarse demo patient: the same steps, fewer voxels."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, write_demo(folder, seed=SEED, spacing_mm=4.0)


def test_grey_values_are_those_of_a_scan() -> None:
    heart = anatomy(dilated(SEED))
    grid = scan_grid(1.5)
    assert min(grid.shape) >= 128 and max(grid.spacing_mm) <= 1.6
    hu = render(heart, np.array([0.0]), grid, SEED).hu[0]
    labels = demo_labels(0.0, seed=SEED, grid=grid)
    expected = {
        "lv_blood": (375, 15), "la_blood": (378, 15), "aorta": (385, 15), "lv_myocardium": (112, 10),
        "rv_blood": (248, 25), "ra_blood": (258, 35), "pulmonary_artery": (275, 25), "rv_myocardium": (105, 40),
    }  # fmt: skip
    for name, (mean, tolerance) in expected.items():
        mask = labels.mask(name)
        inner = ndimage.binary_erosion(mask, iterations=1 if name == "rv_myocardium" else 2)
        assert hu[inner].mean() == pytest.approx(mean, abs=tolerance), name
    wall = ndimage.binary_erosion(labels.mask("lv_myocardium"), iterations=2)
    assert 18 < hu[wall].std() < 28
    # neighbours are correlated, as a reconstruction kernel leaves them
    inside = hu[wall & np.roll(wall, 1, axis=2)] - 112.0
    beside = np.roll(hu, 1, axis=2)[wall & np.roll(wall, 1, axis=2)] - 112.0
    assert 0.2 < np.corrcoef(inside, beside)[0, 1] < 0.9
    # lung, fat and bone are there, and air outside
    share = np.histogram(hu, bins=[-1100, -950, -780, -150, -50, 300, 450, 800])[0] / hu.size
    assert share[1] > 0.2 and share[3] > 0.05 and share[6] > 0.002
    assert np.abs(hu[:, 0, :].mean() + 1000) < 40


def test_written_and_read_back(written: tuple[Path, DemoTruth]) -> None:
    folder, truth = written
    (series,) = scan(folder / "dicom")
    assert series.kind == "ct_multiphase" and series.phases == 10 and series.synthetic and not series.warnings
    volume = read(series)
    assert isinstance(volume, Volume)
    np.testing.assert_allclose(volume.phase_percent, truth.phase_percent)
    assert volume.rr_s == pytest.approx(truth.rr_s, abs=1e-3)
    again = render(anatomy(dilated(SEED)), np.asarray(truth.phase_percent), scan_grid(4.0), SEED)
    assert volume.grid.same_as(again.grid)
    np.testing.assert_array_equal(volume.data, again.hu)


def test_same_seed_same_files(written: tuple[Path, DemoTruth], tmp_path: Path) -> None:
    folder, truth = written
    assert write_demo(tmp_path, seed=SEED, spacing_mm=4.0) == truth
    first = {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    second = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert first == second


def test_records_say_left_bundle_branch_block(written: tuple[Path, DemoTruth]) -> None:
    records = read_records(written[0] / "records" / "records.json")
    assert "left_bundle_branch_block" in records.findings
    assert records.values["heart_rate_bpm"].value == 72
    assert records.values["qrs_ms"].value == 156


def test_truth_survives_the_disk(written: tuple[Path, DemoTruth], tmp_path: Path) -> None:
    folder, truth = written
    found = read_truth(folder / "truth.json")
    assert found.lv_edv_ml == pytest.approx(truth.lv_edv_ml, abs=1e-3)
    assert found.phase_percent == truth.phase_percent
    assert found.lateral_peak_percent - found.septum_peak_percent > 5
    assert found.lv_ef_percent == pytest.approx(30, abs=3)
    (tmp_path / "truth.json").write_text('{"seed": 1}')
    with pytest.raises(LoadError):
        read_truth(tmp_path / "truth.json")


def test_can_be_cancelled(tmp_path: Path) -> None:
    def stop(fraction: float, text: str) -> None:
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        write_demo(tmp_path, stop, seed=SEED, spacing_mm=6.0)
