"""Which organs, engines and therapies there are. Built-in ones are found in their folders, others by entry point.

A plug-in that cannot be imported is reported by :func:`failures` and costs nothing else.
"""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from typing import Any, cast

from twinviewer.domain import (
    ByChoice,
    Engine,
    FromMask,
    FromNumbers,
    FromTissueMask,
    Organ,
    OrganMesh,
    Suitability,
    Therapy,
    TwinviewerError,
)

KINDS: Mapping[str, type] = {"organs": Organ, "engines": Engine, "therapies": Therapy}
"""Room -> protocol. The attribute that a plug-in exports is the protocol's name in capitals: ORGAN, ENGINE, THERAPY."""


class UnknownPluginError(TwinviewerError):
    """A name that no organ, engine or therapy has."""


@dataclass
class _Found:
    plugins: dict[str, Any] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


def organs() -> Mapping[str, Organ]:
    """All organs by name."""
    return cast(Mapping[str, Organ], _discover("organs").plugins)


def engines() -> Mapping[str, Engine]:
    """All engines by name."""
    return cast(Mapping[str, Engine], _discover("engines").plugins)


GROUPS = (
    "Pacing",
    "Drugs of the circulation",
    "Drugs of the rhythm",
    "Valves",
    "Support",
    "Coronary arteries",
    "Ablation and stimulation",
    "Exercise and posture",
    "By hand",
)
"""Kinds of therapy in the order in which they are listed; those that only a plug-in from outside has come after."""


def therapies() -> Mapping[str, Therapy]:
    """All therapies by name, as they are listed: those of a group together, the groups in the order of GROUPS."""
    found = cast(Mapping[str, Therapy], _discover("therapies").plugins)

    def place(pair: tuple[str, Therapy]) -> tuple[int, str, str]:
        group = pair[1].group
        return (GROUPS.index(group) if group in GROUPS else len(GROUPS), group, pair[0])

    return dict(sorted(found.items(), key=place))


def organ(name: str) -> Organ:
    """One organ; UnknownPluginError with the known names if there is none."""
    return cast(Organ, _one("organs", name))


def organs_from_numbers() -> Mapping[str, FromNumbers]:
    """Organs of which a model can be made of typed numbers alone, by name."""
    return {name: one for name, one in sorted(organs().items()) if isinstance(one, FromNumbers)}


def organs_from_mask() -> Mapping[str, FromMask]:
    """Organs that take a mask made elsewhere, by name."""
    return {name: one for name, one in sorted(organs().items()) if isinstance(one, FromMask)}


def organs_by_choice() -> Mapping[str, ByChoice]:
    """Organs that are only made where a user asks for them, by name."""
    return {name: one for name, one in sorted(organs().items()) if isinstance(one, ByChoice)}


def organs_with_tissue() -> Mapping[str, FromTissueMask]:
    """Organs whose model can be marked with kinds of tissue, by a mask or a brush, by name."""
    return {name: one for name, one in sorted(organs().items()) if isinstance(one, FromTissueMask)}


def engine(name: str) -> Engine:
    """One engine; UnknownPluginError with the known names if there is none."""
    return cast(Engine, _one("engines", name))


def therapy(name: str) -> Therapy:
    """One therapy; UnknownPluginError with the known names if there is none."""
    return cast(Therapy, _one("therapies", name))


def failures() -> Mapping[str, str]:
    """Module or entry point -> why it is not in the catalog, for all three rooms."""
    return {where: why for kind in KINDS for where, why in _discover(kind).failures.items()}


def forget() -> None:
    """Look again at the next question (after a plug-in was installed)."""
    _discover.cache_clear()


def offer(therapy: Therapy, engine: Engine, mesh: OrganMesh | None = None) -> Suitability:
    """Whether this engine can answer for this therapy on this mesh, and if not, why."""
    beyond = sorted(therapy.edits - engine.understands)
    if beyond:
        return Suitability(False, f"{engine.label} does not model {_listed(beyond)}")
    return runs_on(engine, mesh) if mesh is not None else Suitability(True)


def answering(therapies: Sequence[Therapy], preferred: Engine, mesh: OrganMesh | None = None) -> Engine | Suitability:
    """The engine for these therapies together: the preferred one if it understands them all, else the first by name
    that does and can run on this mesh; else why the preferred one cannot."""
    refusal = Suitability(True)
    for one in (preferred, *(engine for _, engine in sorted(engines().items()) if engine.name != preferred.name)):
        verdicts = [offer(therapy, one, mesh) for therapy in therapies]
        bad = next((verdict for verdict in verdicts if not verdict.ok), None)
        if bad is None:
            return one
        refusal = bad if refusal.ok else refusal
    return refusal


def answered(therapy: Therapy, preferred: Engine, mesh: OrganMesh | None = None) -> Suitability:
    """Whether any engine can answer for this therapy, and if not, why the preferred one cannot."""
    found = answering([therapy], preferred, mesh)
    return found if isinstance(found, Suitability) else Suitability(True)


def runs_on(engine: Engine, mesh: OrganMesh) -> Suitability:
    """Whether the mesh has every field, surface and landmark that the engine needs, and if not, which are missing."""
    missing = sorted(engine.requires - mesh.fields - frozenset(mesh.landmarks))
    if missing:
        return Suitability(False, f"{engine.label} needs {_listed(missing)}, which this model does not have")
    return Suitability(True)


def simulated(mesh: OrganMesh) -> bool:
    """Whether any engine can run on this mesh."""
    return any(runs_on(one, mesh).ok for one in engines().values())


def engine_for(mesh: OrganMesh) -> Engine:
    """The first engine, by name, that can run on this mesh; UnknownPluginError with the reasons if none can."""
    reasons = []
    for name in sorted(engines()):
        verdict = runs_on(engines()[name], mesh)
        if verdict.ok:
            return engines()[name]
        reasons.append(verdict.reason)
    raise UnknownPluginError("No engine can simulate this model", remedy="; ".join(reasons or failures().values()))


def _listed(names: list[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)


def _one(kind: str, name: str) -> object:
    found = _discover(kind)
    if name in found.plugins:
        return found.plugins[name]
    remedy = f"Known: {', '.join(sorted(found.plugins)) or 'none'}"
    for where, why in found.failures.items():
        remedy += f"; not loaded: {where} ({why})"
    raise UnknownPluginError(f"There is no {_attribute(kind).lower()} named {name!r}", remedy=remedy)


def _attribute(kind: str) -> str:
    return KINDS[kind].__name__.upper()


@cache
def _discover(kind: str) -> _Found:
    found = _Found()
    package = importlib.import_module(f"twinviewer.{kind}")
    folders = [module for module in pkgutil.iter_modules(package.__path__) if module.ispkg]  # a lone file is no plug-in
    for module in sorted(folders, key=lambda info: info.name):
        where = f"twinviewer.{kind}.{module.name}"
        _take(found, kind, where, lambda where=where: getattr(importlib.import_module(where), _attribute(kind)))
    for point in sorted(entry_points(group=f"twinviewer.{kind}"), key=lambda point: point.name):
        _take(found, kind, f"{point.value} (entry point {point.name})", point.load)
    return found


def _take(found: _Found, kind: str, where: str, load: Any) -> None:
    try:
        plugin = load()
        missing = [name for name in _members(kind) if not hasattr(plugin, name)]
    except Exception as error:  # a stranger's module may raise anything on import
        found.failures[where] = f"{type(error).__name__}: {error}"
        return
    if missing:
        found.failures[where] = f"lacks {', '.join(missing)}"
    elif plugin.name in found.plugins:
        found.failures[where] = f"the name {plugin.name!r} is already taken"
    else:
        found.plugins[plugin.name] = plugin


def _members(kind: str) -> list[str]:
    protocol = KINDS[kind]
    methods = [name for name, value in vars(protocol).items() if callable(value) and not name.startswith("_")]
    return sorted({*protocol.__annotations__, *methods})
