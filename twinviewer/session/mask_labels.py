"""From a mask whose numbers have a meaning to the labels of a volume."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from twinviewer.domain import LabelMap, Mask, SegmentationError, Volume
from twinviewer.geometry.regrid import is_finer, regridded, same_lattice

NEAREST = "the nearest of its voxels was taken"


def parse_meaning(text: str) -> dict[int, str]:
    """ "1=lv_blood,2=lv_myocardium" as number -> structure. ValueError, naming the entry, for anything else."""
    out: dict[int, str] = {}
    for entry in filter(None, (one.strip() for one in text.split(","))):
        number, equals, name = (one.strip() for one in entry.partition("="))
        if not equals or not number.isdigit() or not name:
            raise ValueError(f"{entry!r} is not number=structure")
        out[int(number)] = name
    return out


def checked(meaning: Mapping[int, str], mask: Mask, structures: Mapping[int, str] | None) -> dict[int, str]:
    """The numbers that mean a structure. structures: those of the organ, None where any name is taken.
    SegmentationError for names or numbers that are not known."""
    known = set((meaning if structures is None else structures).values())
    if unknown := sorted({name for name in meaning.values() if name} - known):
        raise SegmentationError(
            f"{', '.join(unknown)} is no structure of this organ",
            remedy=f"Known: {', '.join((structures or {}).values())}",
        )
    if missing := sorted(set(meaning) - set(mask.values)):
        there = ", ".join(str(v) for v in mask.values)
        raise SegmentationError(
            f"The mask has no {', '.join(str(v) for v in missing)}", remedy=f"Its numbers are {there}"
        )
    out = {value: name for value, name in meaning.items() if name}
    if not out:
        there = ", ".join(str(v) for v in mask.values)
        raise SegmentationError(
            "No number of the mask means a structure", remedy=f"Say which is which; its numbers are {there}"
        )
    return out


def labels_of(
    mask: Mask, meaning: Mapping[int, str], volume: Volume, structures: Mapping[int, str], phase: int | None = None
) -> LabelMap:
    """The mask on the volume's own grid, in the organ's numbers; the nearest voxel where grids differ."""
    number = {name: value for value, name in structures.items()}
    for name in meaning.values():  # names that the organ does not number
        if name and name not in number:
            number[name] = next(value for value in range(1, 256) if value not in number.values())
    called = {value: name for name, value in number.items()}
    table = {value: number[name] for value, name in meaning.items() if name}
    kind = "mesh" if mask.made_by.startswith("imported mesh") else "mask"
    notes = [f"The structures were imported from a {kind}, not found by this program"]
    if mask.phases == volume.phases:
        percent = volume.phase_percent
    elif mask.phases == 1:
        chosen = int(np.argmin(np.minimum(volume.phase_percent, 100.0 - volume.phase_percent)))
        chosen = chosen if phase is None else phase
        if not 0 <= chosen < volume.phases:
            raise SegmentationError(f"There is no phase {chosen + 1}: the images have {volume.phases}")
        percent = volume.phase_percent[chosen : chosen + 1]
        notes.append(f"The mask shows one phase, taken as phase {chosen + 1} of {volume.phases} ({percent[0]:.0f} %)")
    else:
        raise SegmentationError(
            f"The mask has {mask.phases} phases, the images {volume.phases}",
            remedy="Give a mask of all phases, or of one",
        )
    data = np.stack([regridded(frame, mask.grid, volume.grid, table) for frame in mask.data])
    if not data.any():
        raise SegmentationError("Nothing of the mask is left in the images", remedy="Say which number is which")
    if not same_lattice(mask.grid, volume.grid):
        how = "distances to its borders were interpolated" if is_finer(mask.grid, volume.grid) else NEAREST
        notes.append(f"The mask has another grid than the images: {how}")
    notes += mask.notes
    present = {int(v): called[int(v)] for v in np.unique(data) if v}
    data.setflags(write=False)
    return LabelMap(data, volume.grid, present, percent, mask.made_by, volume.uid, tuple(notes))


def laid_over(base: LabelMap, new: LabelMap) -> LabelMap:
    """Labels with the structures of others in place of their own of the same name. SegmentationError where they are of
    different grids or phases."""
    if not base.grid.same_as(new.grid) or base.phases != new.phases:
        raise SegmentationError(
            f"The import has {new.phases} phases, the structures that there are {base.phases}",
            remedy="Import all phases, or replace the structures",
        )
    kept = {value: name for value, name in base.names.items() if name not in new.names.values()}
    data = np.where(np.isin(base.data, list(kept)), base.data, np.uint8(0))
    names, free = dict(kept), (value for value in range(1, 256) if value not in base.names)
    for value, name in new.names.items():
        number = next((v for v, known in base.names.items() if known == name), None)
        if number is None:
            number = value if value not in base.names else next(free)
        names[number] = name
        data[new.data == value] = number
    data.setflags(write=False)
    note = f"{', '.join(new.names.values())} imported over the structures that were there".replace("_", " ")
    rest = tuple(one for one in new.notes[1:] if one not in base.notes)
    made_by = f"{base.made_by}; {new.made_by}"
    return replace(
        base, data=data, names=dict(sorted(names.items())), made_by=made_by, notes=(*base.notes, note, *rest)
    )
