"""One DICOM series that is really several: frames of reference, echoes, magnitude and phase, velocities, b-values,
directions.

A property tells parts apart only where their planes lie on one another: an echo time that differs a little from slice
to slice, as scanners choose it by the slice's direction, is no reason. Only the frame of reference and the image type
always are: places in two frames cannot be compared, and magnitude and phase are not one stack, wherever they lie.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence

import numpy as np

from twinviewer.dicom.phases import Plane

MOST_PARTS = 32
"""More values than these are no parts that a reader would want as rows of their own."""
MOST_DIRECTIONS = 256
"""B-values, and gradient directions of a tensor at each: rows all of them. Beyond these they stay together; the first
image of each place is opened, which is said with the count."""
SAME_DIRECTION = 0.015
"""Components of one gradient's direction may differ by this from slice to slice: they are written rounded."""
MOST_FRAMES, LEAST_IN_A_FRAME = 8, 3
"""Frames of reference that one series may have, and images of each on the average."""
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
    for named in (_by_frame, _by_shows, _by_velocity, _by_b_value, _by_gradient, _by_echo):
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


def _by_frame(planes: list[Plane]) -> list[Split]:
    """Frames of reference (PS3.3 C.7.4.1). One for each image or two is an anonymiser's doing and says nothing."""
    frames = list(dict.fromkeys(plane.header.frame_of_reference for plane in planes))
    named = [one for one in frames if one]
    if not 1 < len(named) <= MOST_FRAMES or len(planes) < LEAST_IN_A_FRAME * len(named):
        return [("", planes)]
    order = {frame: number for number, frame in enumerate(named, start=1)}
    return _parts(
        planes,
        lambda plane: order.get(plane.header.frame_of_reference, 0),
        lambda one: f"frame of reference {one} of {len(named)}" if one else "no frame of reference",
        always=True,
    )


def _by_shows(planes: list[Plane]) -> list[Split]:
    return _parts(planes, shows, lambda value: str(value) or "other image type", always=True)


def _by_velocity(planes: list[Plane]) -> list[Split]:
    return _parts(planes, lambda plane: plane.frame.encoding.velocity, lambda value: f"flow {value or 'not encoded'}")


def _by_b_value(planes: list[Plane]) -> list[Split]:
    def value(plane: Plane) -> int | None:
        found = plane.frame.encoding.b_value
        return None if found is None else round(found)

    words = "without b-value"
    return _parts(planes, value, lambda found: words if found is None else f"b {found} s/mm²", most=MOST_DIRECTIONS)


def _by_gradient(planes: list[Plane]) -> list[Split]:
    known = _gradients(planes)

    def value(plane: Plane) -> Hashable:
        found = plane.frame.encoding.gradient
        return None if found is None else known[found]

    def words(one: Hashable) -> str:
        return "no direction" if one is None else f"direction {_vector(one)}"

    return _parts(planes, value, words, most=MOST_DIRECTIONS)


def gradient_count(planes: Sequence[Plane]) -> int:
    """How many directions of the diffusion gradient there are among planes."""
    return len(set(_gradients(planes).values()))


def _gradients(planes: Sequence[Plane]) -> dict[Hashable, Hashable]:
    """Every gradient as it stands in a header -> the direction that it is, to two decimals."""
    known: dict[Hashable, Hashable] = {}
    firsts = np.empty((0, 3))
    names: list[Hashable] = []
    for plane in planes:
        found = plane.frame.encoding.gradient
        if found is None or found in known:
            continue
        near = np.flatnonzero(np.abs(firsts - np.array(found)).max(axis=1, initial=0.0) <= SAME_DIRECTION)
        if len(near):
            known[found] = names[int(near[0])]
            continue
        if len(names) <= MOST_DIRECTIONS * 4:  # beyond that nobody asks how near they are
            firsts = np.vstack([firsts, found])
            names.append(tuple(round(one, 2) + 0.0 for one in found))
        known[found] = tuple(round(one, 2) + 0.0 for one in found)
    return known


def _by_echo(planes: list[Plane]) -> list[Split]:
    def value(plane: Plane) -> float | None:
        found = plane.frame.echo_ms
        return None if found is None else round(found, 2)

    return _parts(planes, value, lambda one: "no echo time" if one is None else f"echo time {one:g} ms")


def _parts(
    planes: list[Plane],
    value: Callable[[Plane], Hashable],
    words: Callable[[Hashable], str],
    always: bool = False,
    most: int = MOST_PARTS,
) -> list[Split]:
    members: dict[Hashable, list[Plane]] = defaultdict(list)
    for plane in planes:
        members[value(plane)].append(plane)
    if not 1 < len(members) <= most or not (always or _on_one_another(list(members.values()))):
        return [("", planes)]
    order = sorted(members, key=lambda one: (one is None, str(type(one)), one))  # type: ignore[type-var]
    return [(words(one), members[one]) for one in order]


def _on_one_another(parts: Sequence[Sequence[Plane]]) -> bool:
    """Whether every part lies, by half of its places at least, where another one lies."""
    places = [{_place(plane) for plane in part} for part in parts]
    often = Counter(place for own in places for place in own)
    return all(sum(often[place] > 1 for place in own) >= OVERLAP * len(own) for own in places)


def _place(plane: Plane) -> Hashable:
    frame = plane.frame
    return (
        tuple(round(one, 1) + 0.0 for one in frame.position_mm or ()),
        tuple(round(one, 2) + 0.0 for one in frame.orientation or ()),
    )


def _vector(values: Hashable) -> str:
    return " ".join(f"{one:g}" for one in values) if isinstance(values, tuple) else str(values)
