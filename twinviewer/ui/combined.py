"""How therapies go together, found in a thread: a second drug means pacing cells for seconds, and no hand must wait."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Qt, Signal

from twinviewer.domain import Conflict, Engine, OrganMesh, Setup, Suitability, TherapyError, TwinviewerError
from twinviewer.session import catalog, combining
from twinviewer.session.therapy_use import TherapyUse


@dataclass(frozen=True, eq=False)
class Question:
    """These therapies, on this untreated Setup (None where there is no baseline yet), of this model and engine."""

    uses: tuple[TherapyUse, ...]
    setup: Setup | None
    mesh: OrganMesh | None
    engine: str


@dataclass(frozen=True, eq=False)
class Answer:
    """What is to be said of them, and which therapies may join them."""

    question: Question
    conflicts: tuple[Conflict, ...] = ()
    verdicts: Mapping[str, Suitability] = field(default_factory=dict)


class Latest(QObject):
    """A thread that answers one question at a time; of those that come meanwhile only the last is answered.
    ``answered`` comes in the window's thread, never for a question that another has followed."""

    answered = Signal(object)
    _told = Signal(object)

    def __init__(self, work: Callable[[Question], object], name: str) -> None:
        super().__init__()
        self._work_out, self._name = work, name
        self._lock = threading.Lock()
        self._next: Question | None = None
        self._asked: Question | None = None
        self._working = self._closed = False
        self._told.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def ask(self, question: Question | None) -> None:
        """Find the answer; an earlier question that still waits is forgotten. None: no answer is wanted any more."""
        with self._lock:
            self._asked = self._next = question
            if question is None or self._working or self._closed:
                return
            self._working = True
        threading.Thread(target=self._work, name=self._name, daemon=True).start()

    @property
    def waiting(self) -> bool:
        """Whether an answer is on its way."""
        return self._working

    def close(self) -> None:
        """No more answers."""
        self._closed = True

    def _work(self) -> None:
        while True:
            with self._lock:
                question, self._next = self._next, None
                if question is None or self._closed:
                    self._working = False
                    return
            try:
                found = (question, self._work_out(question))
                if not self._closed:
                    self._told.emit(found)
            except RuntimeError:  # the window has gone
                return
            except Exception:
                with self._lock:
                    self._working = False
                raise

    def _tell(self, found: tuple[Question, object]) -> None:
        if found[0] is self._asked and not self._closed:
            self.answered.emit(found[1])


class Combining:
    """Answers questions and remembers of the present heart what it can have untreated."""

    def __init__(self) -> None:
        self._suited: tuple[object, dict[str, Suitability]] = (None, {})

    def __call__(self, question: Question) -> Answer:
        if self._suited[0] is not question.setup:
            self._suited = (question.setup, {})
        return answer(question, self._suited[1])


def explain(question: Question) -> tuple[str, ...]:
    """What therapies say of their values; nothing where they trip over this heart."""
    if question.setup is None:
        return ()
    try:
        return combining.explanations(question.setup, question.uses)
    except (TwinviewerError, KeyError, ValueError, IndexError):
        return ()


def answer(question: Question, untreated: dict[str, Suitability] | None = None) -> Answer:
    """The answer, in this thread. untreated: what this heart can have without a therapy, as known; filled here."""
    engine = catalog.engines().get(question.engine) or next(iter(catalog.engines().values()), None)
    if engine is None:
        none = Suitability(False, "No engine is installed")
        return Answer(question, (), dict.fromkeys(catalog.therapies(), none))
    verdicts = _verdicts(question, engine, {} if untreated is None else untreated)
    if question.setup is None:
        return Answer(question, (), verdicts)
    try:
        found = combining.conflicts(question.setup, question.uses, engine.name)
    except (TherapyError, KeyError, ValueError, IndexError) as error:  # a stranger's therapy may trip over this heart
        places = tuple(range(len(question.uses)))
        found = (Conflict("impossible", f"These therapies cannot be applied to this heart: {error}", places),)
    return Answer(question, found, verdicts)


def _verdicts(question: Question, engine: Engine, untreated: dict[str, Suitability]) -> dict[str, Suitability]:
    """Of each therapy, whether it may join. Tried on the treated heart only where that can differ: what is refused
    untreated, and what edits the same as those in force."""
    setup, mesh = question.setup, question.mesh
    touched = frozenset(edit for use in question.uses if use.on for edit in catalog.therapy(use.therapy).edits)
    try:
        after = setup if setup is None or not touched else combining.treated(setup, question.uses)
    except (ArithmeticError, LookupError, ValueError):
        after = setup
    verdicts = {}
    for name, therapy in catalog.therapies().items():
        suited = None
        if setup is not None and after is not None and catalog.answered(therapy, engine, mesh).ok:
            if name not in untreated:
                untreated[name] = combining.suits(setup, therapy)
            suited = untreated[name]
            if touched and (not suited.ok or therapy.edits & touched):
                suited = combining.suits(after, therapy)
        verdicts[name] = combining.addable(therapy, engine, mesh, setup, question.uses, suited)
    return verdicts
