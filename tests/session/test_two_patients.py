"""A folder may hold two patients; nothing that is known of one stands beside the images of the other."""

from pathlib import Path

from tests.support.mr_images import Study
from twinviewer.domain import Quantity, Records
from twinviewer.session import listing, steps
from twinviewer.session.case import Case


def test_opening_the_other_patients_series_puts_records_away(tmp_path: Path) -> None:
    for patient in "AB":
        study = Study(tmp_path / patient, patient)
        for z in range(4):
            study.image("a", 4.0 * z)
    found = steps.compute_scan(str(tmp_path))
    case = steps.open_series(steps.accept_scan(Case(), str(tmp_path), found), found[0])
    rate = Quantity(61.0, "bpm", "measured", "a table")
    case = case.changed("Load records", records=Records(values={"heart_rate_bpm": rate}))
    same = steps.open_series(case, found[0])
    assert same.records.values
    other = steps.open_series(case, found[1])
    assert other.patient == found[1].patient != case.patient and not other.records.values
    assert case.patient.pseudonym in other.messages["Import"]
    text = listing.scan_text(found)
    assert all(f"patient {one.patient.pseudonym}, study" in text for one in found)
