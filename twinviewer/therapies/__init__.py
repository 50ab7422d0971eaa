"""Therapies, one folder each: ``Setup -> Setup``, never seeing an engine, never seeing each other.

Here stands only what several of them need: the reader of a therapy's ``parameters.toml``, the check of what a user
chose, and the effect of a drug on the circulation. It is in this file, not beside it, because the independence contract
counts every module of this room as a therapy.

The file is a list of ``[[parameter]]`` tables whose keys are the fields of ``Parameter``; ``choices`` is a list of
``{ key = "...", label = "..." }``::

    [[parameter]]
    name = "av_delay_ms"
    label = "AV delay"
    kind = "number"
    unit = "ms"
    default = 120
    minimum = 40
    maximum = 250
    step = 5
    source = "who says that these bounds and this default are sensible"
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from twinviewer.domain import Choice, Parameter, ParameterValue, Setup, TherapyError

_KNOWN = {field.name: field for field in fields(Parameter)}
_REQUIRED = {name for name, field in _KNOWN.items() if field.default is MISSING and field.default_factory is MISSING}


def load_parameters(path: Path) -> tuple[Parameter, ...]:
    """The parameters declared in a TOML file, in its order.

    Raises TherapyError where the file cannot be read, a key is unknown or missing, a number has no bounds, a default
    breaks its bounds, a source is empty or two parameters share a name.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise TherapyError(
            "The declaration of a therapy's parameters cannot be read", where=f"{path.name}: {error}"
        ) from error
    tables = document.get("parameter")
    if set(document) != {"parameter"} or not isinstance(tables, list):
        raise TherapyError("A parameter file holds [[parameter]] tables and nothing else", where=path.name)
    parameters = tuple(_parameter(table, f"{path.name}, parameter {index + 1}") for index, table in enumerate(tables))
    names = [parameter.name for parameter in parameters]
    if len(set(names)) != len(names):
        raise TherapyError("Two parameters share a name", where=path.name)
    return parameters


def checked(
    parameters: Sequence[Parameter], values: Mapping[str, ParameterValue], label: str
) -> dict[str, ParameterValue]:
    """Every parameter with the value given for it, or its default. label: of the therapy, for messages.

    Raises TherapyError for a parameter that it does not have, and for a value out of bounds.
    """
    known = {parameter.name: parameter for parameter in parameters}
    unknown = set(values) - set(known)
    if unknown:
        raise TherapyError(f"{label} has no parameter {', '.join(sorted(unknown))}")
    try:
        return {name: p.check(values.get(name, p.default)) for name, p in known.items()}
    except ValueError as error:
        raise TherapyError(str(error), where=label, remedy="Choose a value within the bounds") from error


@dataclass(frozen=True, slots=True)
class Effect:
    """What a drug at its full dose does to the circulation, as factors; 1 leaves a thing as it was.

    rate: heart rate. force: contractility of both ventricles. systemic, pulmonary: resistances. filling: blood that
    fills the vessels under pressure (less where veins relax). In a patient the reflexes answer too; the numbers are
    those seen with them at work, so nothing else is moved.
    """

    rate: float = 1.0
    force: float = 1.0
    systemic: float = 1.0
    pulmonary: float = 1.0
    filling: float = 1.0

    @property
    def _targets(self) -> Mapping[str, tuple[float, tuple[str, ...]]]:
        return {
            "heart_rate": (self.rate, ("heart_rate_bpm",)),
            "contractility": (self.force, ("contractility_lv_kpa", "contractility_rv_kpa")),
            "systemic": (self.systemic, ("systemic_resistance_mmhg_s_ml",)),
            "pulmonary": (self.pulmonary, ("pulmonary_resistance_mmhg_s_ml",)),
            "volume": (self.filling, ("stressed_volume_ml",)),
        }

    @property
    def edits(self) -> frozenset[str]:
        """The aspects of a Setup that it changes, as a therapy declares them."""
        found = {name for name, (factor, _) in self._targets.items() if factor != 1.0}
        return frozenset("resistance" if name in ("systemic", "pulmonary") else name for name in found)

    def on(self, setup: Setup, share: float, source: str) -> Setup:
        """The setup with a share of the effect, 0 to 1 and more. source: of the changed numbers."""
        for factor, names in self._targets.values():
            if factor == 1.0 or share == 0.0:
                continue
            for name in names:
                own = setup.parameters[name]
                value = own.value * (1.0 + share * (factor - 1.0))
                setup = setup.with_parameter(name, own.with_value(value, "population", source))
        return setup


class Drug:
    """A drug with one parameter, its dose, and one effect of which a dose has a share.

    folder: where its parameters.toml lies. share: dose -> share of the effect. said: how a source names a dose.
    """

    group = "Drugs of the circulation"

    def __init__(
        self,
        folder: Path,
        label: str,
        summary: str,
        effect: Effect,
        share: Callable[[float], float],
        said: Callable[[float], str],
    ) -> None:
        self.name, self.label, self.summary = folder.name, label, summary
        self.edits = effect.edits
        self.parameters = load_parameters(folder / "parameters.toml")
        self._effect, self._share, self._said = effect, share, said

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup under the drug. Raises TherapyError for a dose out of bounds."""
        (dose,) = (float(value) for value in checked(self.parameters, values, self.label).values())
        return self._effect.on(setup, self._share(dose), self._said(dose))


def _parameter(table: Mapping[str, Any], where: str) -> Parameter:
    unknown, missing = set(table) - set(_KNOWN), _REQUIRED - set(table)
    if unknown or missing:
        problem = f"unknown {', '.join(sorted(unknown))}" if unknown else f"missing {', '.join(sorted(missing))}"
        raise TherapyError("A parameter is not declared in full", where=f"{where}: {problem}")
    values = dict(table)
    values["choices"] = tuple(Choice(**choice) for choice in table.get("choices", ()))
    parameter = Parameter(**values)
    where = f"{where}: {parameter.name}"
    if not parameter.source:
        raise TherapyError("A parameter has no source", where=where)
    if parameter.kind not in ("number", "choice", "switch"):
        raise TherapyError(f"A parameter's kind is number, choice or switch, not {parameter.kind!r}", where=where)
    if parameter.kind == "number" and (parameter.minimum is None or parameter.maximum is None):
        raise TherapyError("A number needs a minimum and a maximum", where=where)
    try:
        parameter.check(parameter.default)
    except ValueError as error:
        raise TherapyError("A default breaks its own bounds", where=f"{where}: {error}") from error
    return parameter
