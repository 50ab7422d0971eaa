"""Frozen dataclasses <-> plain JSON values plus a list of arrays. No pickle: only the types named here can come out.

Both the case file and the pipe to a worker process speak this. Whatever is reached twice is written once and comes
back as one object, so that the mesh of every scenario stays the mesh of the case.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from twinviewer import domain
from twinviewer.session import case as case_types
from twinviewer.session.partial import Partial
from twinviewer.session.record_files import Reading
from twinviewer.session.studies import study as study_types

TYPES: Mapping[str, type] = {
    one.__name__: one
    for one in (
        *(getattr(domain, name) for name in domain.__all__ if is_dataclass(getattr(domain, name))),
        case_types.Case,
        case_types.Scenario,
        case_types.TherapyUse,
        case_types.EarlierTwin,
        case_types.Change,
        study_types.Point,
        study_types.Wanted,
        study_types.Answer,
        study_types.Study,
        Partial,
        Reading,
    )
}
"""Name in the file -> class."""

MAX_DEPTH = 64
"""Nesting of values beyond which a file is refused; a Case needs about ten."""


class CodecError(ValueError):
    """A value that cannot be written, or a document that does not say what it should."""


def encode(value: Any) -> tuple[Any, list[NDArray[Any]]]:
    """The value as JSON values (dict, list, str, int, float, bool, None), with its arrays in a list beside it."""
    writer = _Writer()
    return writer.write(value, 0), writer.arrays


def decode(document: Any, array: Callable[[int], NDArray[Any]]) -> Any:
    """The value again. array: gives the i-th array. CodecError for anything unknown, of a wrong type, or too deep."""
    return _Reader(array).read(document, 0)


class _Writer:
    def __init__(self) -> None:
        self.arrays: list[NDArray[Any]] = []
        self._array_at: dict[int, int] = {}
        self._object_at: dict[int, int] = {}
        self._alive: list[Any] = []  # ids stay unique only while their objects live

    def write(self, value: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise CodecError(f"nested deeper than {MAX_DEPTH}")
        if value is None or isinstance(value, bool | str):
            return value
        if isinstance(value, np.ndarray):
            return {"$array": self._array(value)}
        if isinstance(value, int | np.integer):
            return int(value)
        if isinstance(value, float | np.floating):
            number = float(value)
            return number if math.isfinite(number) else {"$float": repr(number)}
        if isinstance(value, np.bool_):
            return bool(value)
        if is_dataclass(value) and not isinstance(value, type):
            return self._dataclass(value, depth)
        if isinstance(value, Mapping):
            return {"$map": [[self.write(k, depth + 1), self.write(v, depth + 1)] for k, v in value.items()]}
        if isinstance(value, tuple):
            return [self.write(item, depth + 1) for item in value]
        if isinstance(value, list):
            return {"$list": [self.write(item, depth + 1) for item in value]}
        if isinstance(value, frozenset):
            return {"$set": [self.write(item, depth + 1) for item in sorted(value)]}
        if isinstance(value, Path):
            return {"$path": str(value)}
        raise CodecError(f"{type(value).__name__} cannot be written")

    def _array(self, array: NDArray[Any]) -> int:
        if array.dtype.hasobject or array.dtype.kind not in "biufc":
            raise CodecError(f"an array of {array.dtype} cannot be written")
        if id(array) not in self._array_at:
            self._array_at[id(array)] = len(self.arrays)
            self.arrays.append(array)
        return self._array_at[id(array)]

    def _dataclass(self, value: Any, depth: int) -> Any:
        of: Any = type(value)
        name = of.__name__
        if TYPES.get(name) is not of:
            raise CodecError(f"{of.__module__}.{name} cannot be written")
        if id(value) in self._object_at:
            return {"$ref": self._object_at[id(value)]}
        inside = {one.name: self.write(getattr(value, one.name), depth + 1) for one in fields(cast(Any, value))}
        # numbered after its content, in the order in which the reader finishes them
        self._object_at[id(value)] = len(self._object_at)
        self._alive.append(value)
        return {"$type": name, "fields": inside}


class _Reader:
    def __init__(self, array: Callable[[int], NDArray[Any]]) -> None:
        self._array = array
        self._arrays: dict[int, NDArray[Any]] = {}
        self._objects: list[Any] = []

    def read(self, value: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise CodecError(f"nested deeper than {MAX_DEPTH}")
        if value is None or isinstance(value, bool | str | int | float):
            return value
        if isinstance(value, list):
            return tuple(self.read(item, depth + 1) for item in value)
        if not isinstance(value, dict):
            raise CodecError(f"{type(value).__name__} is not part of the format")
        if "$type" in value:
            return self._dataclass(value, depth)
        if len(value) != 1:
            raise CodecError("an object without a type")
        ((kind, inside),) = value.items()
        return self._special(kind, inside, depth)

    def _special(self, kind: str, inside: Any, depth: int) -> Any:
        try:
            if kind == "$array":
                if inside not in self._arrays:
                    self._arrays[inside] = self._array(_index(inside))
                return self._arrays[inside]
            if kind == "$ref":
                return self._objects[_index(inside)]
            if kind == "$float" and inside in ("nan", "inf", "-inf"):
                return float(inside)
            if kind == "$map":
                return {self.read(k, depth + 1): self.read(v, depth + 1) for k, v in inside}
            if kind == "$list":
                return [self.read(item, depth + 1) for item in inside]
            if kind == "$set":
                return frozenset(self.read(item, depth + 1) for item in inside)
            if kind == "$path" and isinstance(inside, str):
                return Path(inside)
        except (IndexError, TypeError, ValueError) as error:
            raise error if isinstance(error, CodecError) else CodecError(f"{kind}: {error}") from error
        raise CodecError(f"{kind!r} is not part of the format")

    def _dataclass(self, value: dict[str, Any], depth: int) -> Any:
        name, inside = value.get("$type"), value.get("fields")
        if not isinstance(name, str) or name not in TYPES or not isinstance(inside, dict):
            raise CodecError(f"{name!r} is not a known type")
        of = TYPES[name]
        known = {one.name: one for one in fields(of)}
        hints = _hints(of)
        if unknown := set(inside) - set(known):
            raise CodecError(f"{name} has no field {', '.join(sorted(unknown))}")
        arguments = {}
        for field_name, one in known.items():
            if field_name not in inside:
                if one.default is MISSING and one.default_factory is MISSING:
                    raise CodecError(f"{name} lacks {field_name}")
                continue
        for field_name, item in inside.items():  # in the order of writing: references are numbered by it
            arguments[field_name] = self.read(item, depth + 1)
            if not _fits(arguments[field_name], hints[field_name]):
                raise CodecError(f"{name}.{field_name} has the wrong type")
        try:
            made = of(**arguments)
        except (TypeError, ValueError) as error:
            raise CodecError(f"{name}: {error}") from error
        self._objects.append(made)
        return made


def _index(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise CodecError(f"{value!r} is not an index")
    return value


_HINTS: dict[type, dict[str, Any]] = {}


def _hints(of: type) -> dict[str, Any]:
    if of not in _HINTS:
        _HINTS[of] = get_type_hints(of)
    return _HINTS[of]


def _fits(value: Any, hint: Any) -> bool:
    """Whether a decoded value is of the declared type, so that later code may rely on it."""
    origin = get_origin(hint)
    if hint is Any:
        return True
    if origin in (Union, UnionType):
        return any(_fits(value, one) for one in get_args(hint))
    if origin is Literal:
        return value in get_args(hint)
    if origin is np.ndarray:
        return isinstance(value, np.ndarray)
    if origin is tuple:
        inner = get_args(hint)
        if not isinstance(value, tuple):
            return False
        if len(inner) == 2 and inner[1] is Ellipsis:
            return all(_fits(item, inner[0]) for item in value)
        return len(value) == len(inner) and all(_fits(item, one) for item, one in zip(value, inner, strict=True))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        key, item = get_args(hint)
        return isinstance(value, dict) and all(_fits(k, key) and _fits(v, item) for k, v in value.items())
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint is None or hint is NoneType:
        return value is None
    return isinstance(value, hint) if isinstance(hint, type) else True
