"""One DICOM series that is really several: echoes, magnitude and phase, velocities, b-values, directions.

A property tells parts apart only where their planes lie on one another: an echo time that differs a little from slice
to slice, as scanners choose it by the slice's direction, is no reason. Only the image type always is: magnitude and
phase are not one stack, wherever they lie.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence

from twinviewer.dicom.phases import Plane

MOST_PARTS = 32
"""More values than these are no parts that a reader would want as rows of their own."""
MOST_DIRECTIONS = 6
"""A diffusion tensor's many directions stay together; the first of each place is opened, which is said."""
OVERLAP = 0.5
"""Share of a part's places at which another part has a plane, too."""

_MEANINGS = {
    "M": "magnitude", "MAGNITUDE": "magnitude", "M_FFE": "magnitude", "M_SE": "magnitude", "M_IR": "magnitude",
    "P": "phase", "PHASE": "phase", "PHASE MAP": "phase", "VELOCITY": "velocity", "VELOCITY MAP": "velocity",
    "R": "real part", "REAL": "real part", "R_IR": "real part", "I": "imaginary part", "IMAGINARY": "imaginary part",
    "W": "water", "WATER": "water", "F": "fat", "FAT": "fat", "IP": "in phase", "IN_PHASE": "in phase",
    "OP": "opposed phase", "OPP_PHASE": "opposed phase", "OUT_PHASE": "opposed phase",
    "ADC": "diffusion coefficient", "FA": "fractional anisotropy", "TRACEW": "trace", "TRACE": "trace",
    "SUB": "subtraction", "SUBTRACTION": "subtraction", "MIP": "maximum projection",
    "MIN_IP": "minimum projection", "MPR": "reformatted", "T1 MAP": "T1 map", "T2 MAP": "T2 map",
    "T2_STAR MAP": "T2* map", "LOCALIZER": "localizer",
}  # fmt: skip
"""Values of ImageType that say what a value is -> what to call it. All others leave a stack whole."""

Split = tuple[str, list[Plane]]


def split(planes: Sequence[Plane]) -> list[Split]:
    """(what tells it apart, its planes) for each part of one series, the largest first; one with "" if it is whole."""
    parts: list[Split] = [("", list(planes))]
    for named in (_by_shows, _by_velocity, _by_b_value, _by_gradient, _by_echo):
        parts = [
            (f"{label}, {more}" if label and more else label or more, members)
            for label, whole in parts
            for more, members in named(whole)
        ]
    return sorted(parts, key=lambda one: -len(one[1]))


def shows(plane: Plane) -> str:
    """What the values of a plane are, by its image type: "magnitude", "phase", "water"; "" where that says nothing."""
    kinds = plane.frame.encoding.shows or plane.header.image_type
    named = dict.fromkeys(_MEANINGS[kind] for kind in map(str.upper, kinds) if kind in _MEANINGS)
    if "velocity" in named or "phase" in named:
        named.pop("magnitude", None)
    return " ".join(named)


def _by_shows(planes: list[Plane]) -> list[Split]:
    return _parts(planes, shows, lambda value: str(value) or "other image type", always=True)


def _by_velocity(planes: list[Plane]) -> list[Split]:
    return _parts(planes, lambda plane: plane.frame.encoding.velocity, lambda value: f"flow {value or 'not encoded'}")


def _by_b_value(planes: list[Plane]) -> list[Split]:
    def value(plane: Plane) -> int | None:
        found = plane.frame.encoding.b_value
        return None if found is None else round(found)

    return _parts(planes, value, lambda found: "without b-value" if found is None else f"b {found} s/mm²")


def _by_gradient(planes: list[Plane]) -> list[Split]:
    def value(plane: Plane) -> Hashable:
        found = plane.frame.encoding.gradient
        return None if found is None else tuple(round(one, 2) + 0.0 for one in found)

    found = _parts(planes, value, lambda one: "no direction" if one is None else f"direction {_vector(one)}")
    return found if len(found) <= MOST_DIRECTIONS else [("", planes)]


def _by_echo(planes: list[Plane]) -> list[Split]:
    def value(plane: Plane) -> float | None:
        found = plane.frame.echo_ms
        return None if found is None else round(found, 2)

    return _parts(planes, value, lambda one: "no echo time" if one is None else f"echo time {one:g} ms")


def _parts(
    planes: list[Plane], value: Callable[[Plane], Hashable], words: Callable[[Hashable], str], always: bool = False
) -> list[Split]:
    members: dict[Hashable, list[Plane]] = defaultdict(list)
    for plane in planes:
        members[value(plane)].append(plane)
    if not 1 < len(members) <= MOST_PARTS or not (always or _on_one_another(list(members.values()))):
        return [("", planes)]
    order = sorted(members, key=lambda one: (one is None, str(type(one)), one))  # type: ignore[type-var]
    return [(words(one), members[one]) for one in order]


def _on_one_another(parts: Sequence[Sequence[Plane]]) -> bool:
    """Whether every part lies, by half of its places at least, where another one lies."""
    places = [{_place(plane) for plane in part} for part in parts]
    for number, own in enumerate(places):
        others = set().union(*(one for n, one in enumerate(places) if n != number))
        if len(own & others) < OVERLAP * len(own):
            return False
    return True


def _place(plane: Plane) -> Hashable:
    frame = plane.frame
    return (
        tuple(round(one, 1) + 0.0 for one in frame.position_mm or ()),
        tuple(round(one, 2) + 0.0 for one in frame.orientation or ()),
    )


def _vector(values: Hashable) -> str:
    return " ".join(f"{one:g}" for one in values) if isinstance(values, tuple) else str(values)
