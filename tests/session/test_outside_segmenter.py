"""A program of others is run only where it is installed and its terms were accepted; its result is mapped by name."""

import os
import stat
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from twinviewer.domain import Cancelled, Grid, LabelMap, Patient, SegmentationError, Volume
from twinviewer.session import outside_segmenter as outside

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script")
FAKE = '''#!{python}
"""Writes masks where HU say so, as TotalSegmentator names its files; says how far it is as tqdm does."""
import sys, time
from pathlib import Path
import numpy as np
import SimpleITK as sitk
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
(Path(__file__).parent / "asked").write_text(" ".join(sys.argv[1:]))
{trouble}
image = sitk.ReadImage(given["-i"])
hu = sitk.GetArrayFromImage(image)
out = Path(given["-o"]); out.mkdir()
for share in (10, 60, 100):
    sys.stderr.write(f"\\r {{share}}%|#### | {{share}}/100"); sys.stderr.flush(); time.sleep(0.25)
for name, value in (("heart_myocardium", 100), ("heart_ventricle_left", 300), ("heart_atrium_left", 200),
                    ("spleen", 9)):
    mask = sitk.GetImageFromArray((hu == value).astype(np.uint8)); mask.CopyInformation(image)
    sitk.WriteImage(mask, str(out / (name + ".nii.gz")))
'''


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Puts a stand-in on the PATH; the folder that it lies in."""

    def install(trouble: str = "") -> Path:
        path = tmp_path / "bin" / outside.COMMAND
        path.parent.mkdir(exist_ok=True)
        path.write_text(FAKE.format(python=sys.executable, trouble=trouble))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")
        return path.parent

    return install


def _volume(phases: int = 2) -> Volume:
    turn = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
    affine = np.eye(4)
    affine[:3, :3] = turn * 1.5
    affine[:3, 3] = [10.0, 20.0, 30.0]
    data = np.zeros((phases, 12, 20, 24), np.int16)
    data[0, 3:9, 5:15, 5:15], data[0, 4:8, 7:13, 7:13], data[0, 4:8, 16:19, 7:13] = 100, 300, 200
    return Volume(data, Grid((12, 20, 24), affine), "CT", np.arange(phases) * 50.0, None, "uid")


def test_absent_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    verdict = outside.available()
    assert not verdict.ok and "pip install TotalSegmentator" in verdict.reason
    with pytest.raises(SegmentationError, match="not installed"):
        outside.compute_outside("heart", _volume(), Patient("p"), accepted=True)


def test_nothing_is_run_before_its_terms_are_accepted(installed) -> None:  # type: ignore[no-untyped-def]
    folder = installed()
    with pytest.raises(SegmentationError, match="terms") as said:
        outside.compute_outside("heart", _volume(), Patient("p"))
    assert "licence number" in said.value.remedy and "non-commercial" in said.value.remedy
    assert "open for any use" in outside.terms("total")
    assert not (folder / "asked").exists()


def test_its_masks_become_structures_by_name(installed) -> None:  # type: ignore[no-untyped-def]
    folder, volume, heard = installed(), _volume(), []
    labels, tissue = outside.compute_outside(
        "heart", volume, Patient("p"), accepted=True, report=lambda f, text: heard.append((f, text))
    )
    assert isinstance(labels, LabelMap) and tissue is None
    assert set(labels.names.values()) == {"lv_myocardium", "lv_blood", "la_blood"}
    np.testing.assert_array_equal(labels.mask("lv_blood"), volume.data[0] == 300)
    np.testing.assert_array_equal(labels.mask("lv_myocardium"), volume.data[0] == 100)
    assert labels.made_by == "TotalSegmentator heartchambers_highres" and labels.phase_percent.tolist() == [0.0]
    assert "not by this program" in labels.notes[0]
    asked = (folder / "asked").read_text()
    assert "--task heartchambers_highres" in asked and not Path(asked.split()[1]).exists()  # nothing is left behind
    fractions = [f for f, _ in heard]
    assert fractions == sorted(fractions) and any(0.5 < f < 0.6 for f in fractions)


def test_its_refusal_is_passed_on(installed) -> None:  # type: ignore[no-untyped-def]
    installed("print('ERROR: This task requires a license number'); sys.exit(1)")
    with pytest.raises(SegmentationError, match="requires a license number") as said:
        outside.compute_outside("heart", _volume(), Patient("p"), accepted=True)
    assert "totalseg_set_license" in said.value.remedy


def test_cancelled_it_ends_with_all_that_it_started(installed) -> None:  # type: ignore[no-untyped-def]
    folder = installed(
        "import subprocess\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "(Path(__file__).parent / 'child').write_text(str(child.pid)); time.sleep(60)"
    )

    def report(fraction: float, text: str) -> None:
        if (folder / "child").exists() and (folder / "child").read_text():
            raise Cancelled

    start = time.monotonic()
    with pytest.raises(Cancelled):
        outside.compute_outside("heart", _volume(), Patient("p"), accepted=True, report=report)
    assert time.monotonic() - start < 30.0
    pid = int((folder / "child").read_text())
    until = time.monotonic() + 5.0
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_other_images_are_not_offered_to_it(installed) -> None:  # type: ignore[no-untyped-def]
    installed()
    volume = _volume()
    mr = Volume(volume.data, volume.grid, "MR", volume.phase_percent, None, "uid")
    assert outside.available(volume).ok and not outside.available(mr).ok
