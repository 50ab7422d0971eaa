"""A mask made elsewhere in place of finding the heart: what its numbers mean, and its contours on cine planes.

Numbers without names: three of them in a stack of thick slices are most often those of the ACDC challenge (Bernard et
al., IEEE Trans Med Imaging 37:2514, 2018): 1 right ventricle, 2 myocardium, 3 left ventricle. Otherwise our own.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import CineContour, CineContours, CinePlane, CineStack, Mask, SegmentationError
from twinviewer.segmentation.cine.contour_base import base_of_ends
from twinviewer.segmentation.cine.phases import beat_fraction
from twinviewer.segmentation.cine.points_base import base_of_points
from twinviewer.segmentation.cine.short_axis import PARALLEL_COSINE, short_axis

Array = NDArray[np.float64]

STRUCTURES: Mapping[int, str] = {
    1: "lv_myocardium",
    2: "lv_blood",
    3: "rv_blood",
    4: "la_blood",
    5: "ra_blood",
    6: "aorta",
    7: "pulmonary_artery",
    8: "rv_myocardium",
}
MASK_STRUCTURES: Mapping[int, str] = {**STRUCTURES, 9: "scar", 10: "border_zone"}
"""What a mask may mean besides: tissue of the left wall (scar_label.py)."""
ACDC: Mapping[int, str] = {1: "rv_blood", 2: "lv_myocardium", 3: "lv_blood"}
MMWHS: Mapping[int, str] = {
    205: "lv_myocardium",
    420: "la_blood",
    500: "lv_blood",
    550: "ra_blood",
    600: "rv_blood",
    820: "aorta",
    850: "pulmonary_artery",
}
"""Zhuang et al., Med Image Anal 58:101537 (2019)."""
MYOPS: Mapping[int, str] = {
    200: "lv_myocardium",
    500: "lv_blood",
    600: "rv_blood",
    1220: "lv_myocardium",
    2221: "scar",
}
"""Li et al., Med Image Anal 87:102808 (2023); 1220 is oedema, which this program takes for muscle."""
IMPORTED = "imported mask"
"""How ``made_by`` of what comes from a mask begins."""
THICK_MM = 4.0
LEAST_MM2 = 40.0
"""Smaller cuts say nothing of a ventricle."""
_SOFT_PX = 0.7
_NO_LONG_AXIS = "Contours come from an imported mask; no long axis was read, so the base follows the slices"
_WITH_POINTS = "Contours come from an imported mask; the base follows the valves' points that came with it"
_SAME_MOMENT = 0.1
"""Of the beat: frames further apart show another moment."""
_NEITHER = r"vein|valve|annulus|leaflet|papillary|appendage|interatrial|pericard|\bfat\b|coronary|trabecul"
"""Words of what stands beside a structure and is not it."""
_WHOLE = r"^(the )?(whole )?heart( whole)?$"
_WORDS = (
    ("pulmonary_artery", r"pulmonary|\bpa\b|pulm"),
    ("aorta", r"aort"),
    ("la_blood", r"left (cardiac |heart )?atri|atrium left|\bla\b"),
    ("ra_blood", r"right (cardiac |heart )?atri|atrium right|\bra\b"),
    ("border_zone", r"border|gr[ae]y zone|peri.?infarct|penumbra"),
    ("scar", r"scar|infarct|fibros|necro|\blge\b|late (gadolinium )?enhanc|no.?reflow|microvascular obstr"),
    ("rv_myocardium", r"(right|\brv).*(myo|wall|epicard)|(myo|wall|epicard).*(right|\brv)"),
    ("lv_myocardium", r"myo|\blvm\b|wall|septum|epicard"),
    ("rv_blood", r"right ventric|ventricle right|\brv|\brvc?\b"),
    ("lv_blood", r"left ventric|ventricle left|\blv|\blvc?\b"),
)


def name_mask(mask: Mask) -> tuple[Mapping[int, str], str]:
    """A guess for each number that occurs, "" for none, and why."""
    values = mask.values
    named = {value: _by_name(mask.names.get(value, "")) for value in values}
    if any(named.values()):
        return named, "By the names in the file"
    if any(re.match(_WHOLE, _plain(name)) for name in mask.names.values()):
        return named, "The mask shows the heart as a whole, not its chambers, of which a model is made"
    if set(values) <= set(MMWHS):
        return {value: MMWHS[value] for value in values}, "By the numbers of the MM-WHS challenge"
    if set(values) <= set(MYOPS):
        return {value: MYOPS[value] for value in values}, "By the numbers of the MyoPS challenge"
    thick = max(mask.grid.spacing_mm) >= THICK_MM
    if set(values) <= set(ACDC) and thick:
        return {value: ACDC[value] for value in values}, "By the numbers of the ACDC challenge: 1 RV, 2 muscle, 3 LV"
    return {value: MASK_STRUCTURES.get(value, "") for value in values}, "By this program's own numbers"


def _by_name(name: str) -> str:
    if name in MASK_STRUCTURES.values():
        return name
    plain = _plain(name)
    if not plain or re.search(_NEITHER, plain):
        return ""
    return next((structure for structure, words in _WORDS if re.search(words, plain)), "")


def _plain(name: str) -> str:
    return re.sub(r"[_\-.]+", " ", name.lower()).strip()


def contours_of_mask(
    mask: Mask, meaning: Mapping[int, str], stack: CineStack, phase: int | None = None
) -> CineContours:
    """Contours of both ventricles where the short-axis planes cut the mask.

    meaning: number -> structure. phase: the frame that a mask of one phase shows; by default the first, which follows
    the R wave. Blood within the wall counts with its cavity, as papillary muscles do. Raises SegmentationError where
    the stack has no short axis, or fewer than two slices show both the left cavity and its wall.
    """
    of: dict[str, list[int]] = {}
    for value, structure in meaning.items():
        of.setdefault(structure, []).append(value)
    for needed in ("lv_blood", "lv_myocardium"):
        if needed not in of:
            raise SegmentationError(f"No number of the mask means {needed}", remedy="Say which number it is")
    slices = short_axis(stack)
    found: list[CineContour] = []
    fullest = max(slices.planes, key=lambda plane: len(plane.frames))
    for index in slices.indices:
        plane = stack.planes[index]
        for t, frame in _frames(mask, plane, fullest, phase):
            found += _contours(mask, t, of, index, frame, plane)
    shown = {c.plane for c in found if c.structure == "lv_epicardium"}
    if len(shown) < 2:
        raise SegmentationError(
            f"The mask shows the left ventricle in {len(shown)} of {len(slices.indices)} short-axis slices: two are "
            "needed",
            remedy="Check that the mask belongs to this study and which number is which",
        )
    traced = CineContours(tuple(found), slices.indices, stack.uid, mask.made_by, points=mask.points)
    base = base_of_points(traced, stack)
    notes = [_NO_LONG_AXIS if base is None else _WITH_POINTS]
    base = base or base_of_ends(traced, stack)
    if not any(c.structure == "rv_endocardium" for c in found):
        notes.append("The mask shows no right ventricle: its shape is the template's, not this patient's")
    covered = sorted({c.phase for c in found if len(stack.planes[c.plane].frames) == len(fullest.frames)})
    most = len(fullest.frames)
    if len(covered) < most:
        listed = ", ".join(str(p + 1) for p in covered[:4]) + (" …" if len(covered) > 4 else "")
        notes.append(f"The mask covers {len(covered)} of {most} phases ({listed}): the model has no others")
    if base is None:
        return replace(traced, notes=tuple(notes))
    fraction, depth_mm, spread_mm = base
    return replace(traced, notes=tuple(notes), base_fraction=fraction, base_depth_mm=depth_mm, base_spread_mm=spread_mm)


def _frames(mask: Mask, plane: CinePlane, fullest: CinePlane, phase: int | None) -> list[tuple[int, int]]:
    """Phase of the mask and frame of the plane that go together. fullest: the plane with the most frames, whose phases
    those of the mask are; a plane that lacks some shows the nearest in the beat."""
    count, own = len(fullest.frames), beat_fraction(plane)
    if mask.phases == 1:
        chosen = 0 if phase is None else phase
        if not 0 <= chosen < count:
            raise SegmentationError(f"There is no phase {chosen + 1}: the study has {count}")
        wanted = {0: chosen}
    elif mask.phases == count:
        wanted = {t: t for t in range(count)}
    else:
        raise SegmentationError(
            f"The mask has {mask.phases} phases, the study {count}", remedy="Give a mask of all phases, or of one"
        )
    if len(plane.frames) == count:
        return list(wanted.items())
    moments = beat_fraction(fullest)
    out = []
    for t, place in wanted.items():
        away = np.abs(own - moments[place])
        away = np.minimum(away, 1.0 - away)
        if float(away.min()) <= _SAME_MOMENT:
            out.append((t, int(np.argmin(away))))
    return out


def _contours(
    mask: Mask, t: int, of: Mapping[str, list[int]], index: int, frame: int, plane: CinePlane
) -> list[CineContour]:
    cut = _cut(mask, t, plane)
    if cut is None:
        return []

    def region(*names: str) -> Array:
        values = [v for name in names for v in of.get(name, [])]
        return cut(values) if values else np.zeros(plane.frames.shape[1:])

    blood, muscle = region("lv_blood"), region("lv_myocardium")
    whole = _filled(blood + muscle)
    inner = _filled(blood)
    if muscle.sum() > 0:  # blood round papillary muscles, which a mask may count as wall
        inner = np.minimum(np.maximum(inner, blood), whole)
    pixel = float(np.linalg.norm(np.cross(plane.affine[:3, 0], plane.affine[:3, 1])))
    out = []
    # a slice without muscle is not of the ventricle's wall: atrium or outflow
    walled = float(muscle.sum()) * pixel >= LEAST_MM2
    for structure, image in (
        ("lv_endocardium", inner if walled else None),
        ("lv_epicardium", whole if walled else None),
        ("rv_endocardium", region("rv_blood")),
    ):
        outline = None if image is None else _outline(image, plane, pixel)
        if outline is not None:
            out.append(CineContour(index, frame, structure, outline, 1.0))
    return out


def _cut(mask: Mask, t: int, plane: CinePlane):  # type: ignore[no-untyped-def]
    """A function that gives the (j, i) share 0..1 of some numbers in each pixel; None where the plane misses the
    mask's slices."""
    _, rows, columns = plane.frames.shape
    jj, ii = np.mgrid[0:rows, 0:columns]
    pixels = np.stack([ii, jj, np.zeros_like(ii)], axis=-1).reshape(-1, 3)
    at = mask.grid.to_ijk(pixels @ plane.affine[:3, :3].T + plane.affine[:3, 3])
    k_count = mask.grid.shape[0]
    across = mask.grid.affine[:3, 2]
    thickness = float(np.linalg.norm(across))
    along = abs(float(across @ plane.normal)) / thickness
    data = mask.data[t]
    if along >= PARALLEL_COSINE and thickness >= THICK_MM:
        # one of the mask's own slices, not a mixture of two
        depth = float(np.median(at[:, 2]))
        k = round(depth)
        off_mm = abs(depth - k) * thickness
        if not 0 <= k < k_count or off_mm > max(0.5 * plane.thickness_mm, 1.0):
            return None
        data, places = data[k], at[:, [1, 0]].T
    else:
        places = at[:, ::-1].T
        if (at[:, 2].max() < -0.5) or (at[:, 2].min() > k_count - 0.5):
            return None

    def share(values: list[int]) -> Array:
        inside = np.isin(data, values).astype(np.float32)
        found = ndimage.map_coordinates(inside, places, order=1, mode="constant", cval=0.0)
        return np.asarray(found.reshape(rows, columns), dtype=np.float64)

    return share


def _filled(share: Array) -> Array:
    """The share with what it encloses."""
    solid = share >= 0.5
    holes = ndimage.binary_fill_holes(solid) & ~solid
    return np.where(holes, 1.0, np.minimum(share, 1.0))


def _outline(share: Array, plane: CinePlane, pixel_mm2: float) -> Array | None:
    """(n, 3) LPS mm, the border of the largest part at one half; None where it is small."""
    from skimage.measure import find_contours

    parts, count = ndimage.label(share >= 0.5)
    if count == 0:
        return None
    size = np.bincount(parts.ravel())[1:]
    if float(size.max()) * pixel_mm2 < LEAST_MM2:
        return None
    own = parts == int(np.argmax(size)) + 1
    near = ndimage.binary_dilation(own)
    image = np.pad(np.where(near, share, 0.0), 2)
    # pixels' corners are no border: softened by less than a pixel, which moves a straight border nowhere
    soft = ndimage.gaussian_filter(image, _SOFT_PX)
    lines = find_contours(soft, 0.5)
    if not lines:
        return None
    line = max(lines, key=len)[:-1] - 2.0
    points = np.column_stack([line[:, 1], line[:, 0], np.zeros(len(line))])
    out = points @ plane.affine[:3, :3].T + plane.affine[:3, 3]
    out.setflags(write=False)
    return out


def covered(contours: CineContours, stack: CineStack) -> tuple[CineContours, CineStack]:
    """Contours from a mask, and images, of the phases that it covers; both as they are where that is every phase.

    Long axes keep the frames nearest to those moments of the beat.
    """
    if not contours.made_by.startswith(IMPORTED):  # what was looked for and not found is not uncovered
        return contours, stack
    first = max((stack.planes[i] for i in contours.short_axis), key=lambda plane: len(plane.frames))
    full = [i for i in contours.short_axis if len(stack.planes[i].frames) == len(first.frames)]
    phases = sorted({c.phase for c in contours.contours if c.plane in full})
    if len(phases) >= len(first.frames) or not phases:
        return contours, stack
    moments = beat_fraction(first)[phases]
    planes: list[CinePlane] = []
    new: dict[tuple[int, int], int] = {}
    for index, plane in enumerate(stack.planes):
        own = beat_fraction(plane)
        nearest = [int(np.argmin(np.minimum(np.abs(own - m), 1.0 - np.abs(own - m)))) for m in moments]
        keep = phases if index in full else nearest
        new |= {(index, phase): number for number, phase in enumerate(keep)}
        beat_s = plane.rr_s or 1.0
        planes.append(replace(plane, frames=plane.frames[keep], trigger_s=moments * beat_s, rr_s=beat_s))
    kept = tuple(replace(c, phase=new[c.plane, c.phase]) for c in contours.contours if (c.plane, c.phase) in new)
    return replace(contours, contours=kept), replace(stack, planes=tuple(planes))
