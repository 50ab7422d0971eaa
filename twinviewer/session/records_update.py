"""A newer record updates the twin: what changes, whether it is this patient's, and the earlier twin that is kept.

Reading (``compute_reading``) and fitting the baseline anew (``compute_setup``) may run in a worker; ``plan_update`` and
``accept_update`` are quick. Nothing here opens a connection: files are read, and that is all.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import numpy as np

from twinviewer.domain import (
    Entry,
    EntryKind,
    LoadError,
    OrganMesh,
    ParameterValue,
    Patient,
    Quantity,
    Records,
    Reporter,
    Setup,
    Subject,
    part,
    silent,
)
from twinviewer.session.case import Case, Change, EarlierTwin, Scenario
from twinviewer.session.record_files import Reading, read_files
from twinviewer.session.scenarios import accept_setup, compute_setup, setup_input
from twinviewer.session.timeline import record_label

MOST_EARLIER = 6
"""Earlier twins kept in a case; the oldest is let go first, and a message says so."""
YEARS_APART = 2.0
"""Ages are given in whole years, and the day of an image is not always that of the record."""


class OtherPatientError(LoadError):
    """A record that contradicts who the case is about."""


@dataclass(frozen=True, slots=True)
class Update:
    """What accepting records would do. changes: value by value. notes: what a reader must know. refused: files that
    could not be read. rebuild: whether there is a baseline that must be fitted anew."""

    records: Records
    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    refused: tuple[str, ...]
    rebuild: bool


def compute_reading(paths: Sequence[str], report: Reporter = silent) -> Reading:
    """Read files and folders of records. LoadError where nothing could be read."""
    return read_files(paths, report)


def plan_update(case: Case, reading: Reading, *, confirmed: bool = False) -> Update:
    """What these records change in the case. confirmed: the user says that they are this patient's.

    OtherPatientError where a file contradicts the patient of the case, or another file, by number, sex or age.
    """
    from twinviewer.records import merged

    known = list(case.records.subjects)
    said: list[str] = []
    overruled: list[str] = []
    for name, records in reading.records:
        if not records.subjects:
            said.append(f"{name} does not say whose record it is")
        for subject in records.subjects:
            why = contradiction(case.patient, known, subject, _day(case))
            if why and not confirmed:
                raise OtherPatientError(
                    f"This seems to be another patient's record: {why}",
                    where=name,
                    remedy="Open that patient's images first, or confirm that it is this patient's",
                )
            if why:
                overruled.append(f"{name}: taken as this patient's by the user, although {why}")
            known.append(subject)
    found = Records()
    for _, records in reading.records:
        found = merged(found, records)
    together = merged(case.records, found)
    together = replace(together, notes=tuple(dict.fromkeys((*together.notes, *overruled))))  # it stays to be read
    changes = differences(case.records, together)
    baseline = case.baseline is not None
    matters = any(change.kind in ("value", "finding") for change in changes)
    return Update(together, changes, (*found.notes, *said, *overruled), reading.refused, baseline and matters)


def accept_update(case: Case, update: Update, setup: Setup | None = None) -> Case:
    """Take the records in; with the baseline fitted anew also the twin, the earlier one kept beside it.

    setup: what ``compute_setup`` made of ``setup_input`` of the case with these records. Where it says the same as the
    present one, the runs hold and stay. One step to undo.
    """
    action = _action(update)
    # without "(file)": messages go into reports, and a file's name may be a patient's
    refused = [re.sub(r" \([^()]*\)", "", text) for text in update.refused]
    messages = {"Import": "; ".join(refused)} if refused else {}
    if case.baseline is None or setup is None or same_setup(case.baseline.setup, setup):
        return case.changed(action, records=update.records, messages=messages)
    earlier = (*case.earlier, earlier_twin(case, update.changes))
    if len(earlier) > MOST_EARLIER:
        messages["Import"] = f"Only the last {MOST_EARLIER} earlier twins are kept"
    made = accept_setup(replace(case, records=update.records), setup)
    return case.changed(
        action,
        records=update.records,
        scenarios=made.scenarios,
        engine=made.engine,
        earlier=earlier[-MOST_EARLIER:],
        messages=messages,
    )


def update_records(case: Case, paths: Sequence[Path], report: Reporter = silent, *, confirmed: bool = False) -> Case:
    """Read records and update the twin with them: all steps in a row. LoadError, with the case as it was, also where
    one of several named files is refused (in folders such files are passed over, with a message)."""
    reading = compute_reading([str(path) for path in paths], part(report, 0.0, 0.4))
    if reading.refused and not any(Path(path).is_dir() for path in paths):
        raise LoadError(reading.refused[0].rstrip("."), remedy="Nothing was taken in; leave that file out")
    update = plan_update(case, reading, confirmed=confirmed)
    if not update.rebuild:
        return accept_update(case, update)
    return accept_update(case, update, fitted(case, update.records, part(report, 0.4, 1.0)))


def fitted(case: Case, records: Records, report: Reporter = silent) -> Setup:
    """The baseline of this patient with other records."""
    return compute_updated_setup(*setup_input(replace(case, records=records), case.setup_values), report=report)


def compute_updated_setup(
    organ: str,
    mesh: OrganMesh,
    measurements: Mapping[str, Quantity],
    records: Records,
    values: Mapping[str, ParameterValue],
    report: Reporter = silent,
) -> Setup:
    """As ``compute_setup``; what the organ refuses in the records is said as a LoadError."""
    try:
        return compute_setup(organ, mesh, measurements, records, values, report)
    except ValueError as error:
        what = f"With these records no twin can be made: {error}"
        raise LoadError(what, remedy="Correct the record, or set the value by hand; the case is as it was") from error


def contradiction(patient: Patient, known: Sequence[Subject], subject: Subject, day: float | None) -> str:
    """Why a record cannot be this patient's; "" where nothing speaks against it.

    Numbers of one system (hospital, insurer) decide; then sex; then the year of birth. day: when the images were made,
    as a year with its fraction, for the patient's age then.
    """
    if patient.pseudonym and patient.pseudonym in subject.pseudonyms:
        return ""
    mine = dict(key.split(":", 1) for one in known for key in one.keys)
    shared = [(system, number) for system, number in (key.split(":", 1) for key in subject.keys) if system in mine]
    if any(mine[system] == number for system, number in shared):
        return ""
    if shared:
        return "its patient number differs from that of the earlier records"
    sexes = {sex for sex in (patient.sex, *(one.sex for one in known)) if sex in ("M", "F")}
    if subject.sex in ("M", "F") and sexes and subject.sex not in sexes:
        words = {"M": "a man", "F": "a woman"}
        return f"it is of {words[subject.sex]}, the case of {words[next(iter(sexes))]}"
    born = [one.birth_year for one in known if one.birth_year is not None]
    if patient.age_years is not None and day is not None:
        born.append(day - patient.age_years - 0.5)
    if subject.birth_year is not None and born and min(abs(subject.birth_year - one) for one in born) > YEARS_APART:
        return f"its patient is born about {subject.birth_year:.0f}, that of the case about {born[0]:.0f}"
    return ""


def differences(before: Records, after: Records) -> tuple[Change, ...]:
    """Every value, finding and medicine in use that is not what it was, values first."""
    old, new = _current(before), _current(after)
    out = []
    for key in dict.fromkeys((*old, *new)):
        was, now = old.get(key), new.get(key)
        if (
            was is not None
            and now is not None
            and (was.quantity, was.when, was.text) == (now.quantity, now.when, now.text)
        ):
            continue
        kind, name = key
        out.append(
            Change(
                name, kind, None if was is None else was.quantity, None if now is None else now.quantity,
                was is not None, now is not None, "" if was is None else was.when, _since(after, key, now),
            )
        )  # fmt: skip
    order = {"value": 0, "finding": 1, "medication": 2, "person": 3}
    return tuple(sorted(out, key=lambda change: order[change.kind]))


def earlier_twin(case: Case, changes: tuple[Change, ...] = ()) -> EarlierTwin:
    """The twin as it is now, to be kept."""
    from twinviewer.records import entries_of

    dates = sorted(entry.when for entry in entries_of(case.records) if entry.when)
    newest = dates[-1][:10] if dates else ""
    label = f"Twin with records until {newest}" if newest else "Twin before dated records"
    return EarlierTwin(label, newest, case.records, case.setup_values, case.engine, case.scenarios, changes)


def bring_back(case: Case, index: int) -> Case:
    """The earlier twin in the place of the present one, which is kept as an earlier one. LoadError where the model has
    been made anew since."""
    twin = case.earlier[index]
    if case.mesh is None or any(one.setup.mesh.uid != case.mesh.uid for one in twin.scenarios):
        raise LoadError(
            "The model has been made anew since", where=twin.label, remedy="Undo that, or save this case under a name"
        )
    others = tuple(one for at, one in enumerate(case.earlier) if at != index)
    now = earlier_twin(case, differences(case.records, twin.records))
    return case.changed(
        f"Bring back: {twin.label}",
        records=twin.records,
        setup_values=twin.setup_values,
        engine=twin.engine,
        scenarios=twin.scenarios,
        earlier=(*others, now),
    )


def same_setup(one: Setup, other: Setup) -> bool:
    """Whether two setups ask an engine the same question, wherever their numbers come from."""
    if one.mesh.uid != other.mesh.uid or list(map(astuple, one.stimuli)) != list(map(astuple, other.stimuli)):
        return False
    if set(one.parameters) != set(other.parameters) or set(one.tissue) != set(other.tissue):
        return False
    numbers = all(one.parameters[name].value == other.parameters[name].value for name in one.parameters)
    return numbers and all(np.array_equal(one.tissue[name], other.tissue[name]) for name in one.tissue)


def earlier_baseline(twin: EarlierTwin) -> Scenario | None:
    """The untreated scenario of an earlier twin, labelled as such, to be compared with the present one."""
    found = next((scenario for scenario in twin.scenarios if not scenario.therapies), None)
    return None if found is None else replace(found, label=twin.label)


def change_text(change: Change) -> str:
    """One change in a line: "Heart rate 82 bpm (2025-01-02) → 68 bpm (2026-03-01)"."""
    label = record_label(change.kind, change.name)
    dates = (change.before_when[:10] or "undated", change.after_when[:10] or "undated")
    if change.kind == "value":
        was = "" if change.before is None else f"{change.before.value:.4g} {change.before.unit} ({dates[0]}) → "
        now = "none" if change.after is None else f"{change.after.value:.4g} {change.after.unit} ({dates[1]})"
        return f"{label} {was}{now}"
    verb = ("new" if change.is_now else "none") if not change.was else "as before" if change.is_now else "over"
    return f"{label}: {verb} ({dates[1]})"


def _current(records: Records) -> Mapping[tuple[EntryKind, str], Entry]:
    from twinviewer.records import entries_of, in_use

    whole = replace(records, timeline=entries_of(records))
    return {(one.kind, one.name): one for one in (whole.timeline[at] for at in sorted(in_use(whole)))}


def _since(after: Records, key: tuple[str, str], now: Entry | None) -> str:
    """The date of what is now so; of what is over, when that was said."""
    if now is not None:
        return now.when
    return next((one.when for one in reversed(after.timeline) if (one.kind, one.name) == key), "")


def _day(case: Case) -> float | None:
    """When the images were made, as a year with its fraction."""
    said = case.active_series.study_date if case.active_series is not None else ""
    text = said.replace("-", "")
    if len(text) != 8 or not text.isdigit():
        return None
    return int(text[:4]) + (int(text[4:6]) - 1) / 12.0


def _action(update: Update) -> str:
    names = [record_label(change.kind, change.name) for change in update.changes if change.kind == "value"]
    listed = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
    return f"Add records: {listed}" if listed else "Add records"
