"""What is known of a study while it is copied, and what is said of it in the end."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from twinviewer.dicom.deidentify.object import Secret, Tally
from twinviewer.domain import Deidentified, DeidentifyOptions


@dataclass
class Study:
    """What is known while a study is copied."""

    secret: Secret
    options: DeidentifyOptions
    tally: Tally = field(default_factory=Tally)
    patients: dict[str, str] = field(default_factory=dict)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    written: set[str] = field(default_factory=set)
    seen: Counter[str] = field(default_factory=Counter)

    def pseudonym(self, patient: str) -> str:
        """What stands for a patient; several patients are told apart."""
        if patient not in self.patients:
            name, number = self.options.pseudonym.strip(), len(self.patients) + 1
            made = f"ANON-{self.secret.digits('patient', patient, length=8).upper()}"
            self.patients[patient] = (name if number == 1 else f"{name}-{number}") if name else made
        return self.patients[patient]


def summary_of(folder: Path, study: Study) -> Deidentified:
    """What was done, for people."""
    tally = study.tally
    return Deidentified(
        folder=str(folder),
        files=len(study.written),
        patients=tuple(study.patients.values()),
        removed=dict(sorted(tally.removed.items())),
        replaced=dict(sorted((name, count) for name, count in tally.replaced.items() if count)),
        kept=dict(sorted((name, count) for name, count in tally.kept.items() if count)),
        private=tally.private,
        left_out=(*study.left_out, *_foreign(study.foreign)),
        warnings=tuple(_warnings(study)),
    )


def _foreign(names: list[str]) -> list[tuple[str, str]]:
    """Texts, pictures and the like in one line."""
    if len(names) > 3:
        return [(f"{names[0]} and {len(names) - 1} others", "they are not DICOM")]
    return [(name, "it is not DICOM") for name in names]


def _warnings(study: Study) -> Iterable[str]:
    seen, tally = study.seen, study.tally
    shown = seen["text shown"] + seen["text likely"] if study.options.burned_in else 0
    for count, said in (
        (shown, "Pictures that probably show text, perhaps the patient's name: {}. Look at every one of them"),
        (seen["text unknown"], "Pictures that do not say whether text is burned into them: {}. Look at them"),
        (seen["faces"], "Slices of a head: {}. A face can be rendered from them"),
        (seen["drawn in spare bits"], "Pictures with drawings in spare bits of their pixels: {}. These were cleared"),
        (seen["emptied reports"], "Structured reports that lost their content: {}. Codes and numbers can be kept"),
        (seen["old"], "Objects of a patient of 90 or older whose age is kept: {}. Few are as old"),
    ):
        if count:
            yield said.format(count)
    if len(study.patients) > 1:
        yield f"There were {len(study.patients)} patients; each has a pseudonym of its own"
    if tally.leaks:
        where = ", ".join(f"{name} ({count})" for name, count in tally.leaks.most_common(6))
        yield f"Names or numbers of people stood where the standard does not expect them, and were taken out: {where}"
    if tally.damaged:
        yield f"Damaged values were removed: {', '.join(sorted(tally.damaged)[:6])}"
