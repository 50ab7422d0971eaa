"""Key images as steps of the Case: marked, named, taken away, each named for the undo menu."""

import re
import uuid
from dataclasses import replace

import numpy as np

from twinviewer.domain import KeyImage, KeyLine, TwinviewerError
from twinviewer.session import fusion
from twinviewer.session.case import Case

LIMIT = 60
"""Key images a case."""
MOST_LETTERS = 120
MOST_NOTE = 1000
MOST_LINES, MOST_SEGMENTS = 60, 200_000
MOST_STRUCTURES = 255
HEX = re.compile(r"#[0-9A-Fa-f]{6}")
MOST_PX = 4096
SLABS = ("mean", "max", "min")


def add_key_image(case: Case, key: KeyImage) -> Case:
    """A new one, or in place of the one of the same uid. TwinviewerError where it cannot be."""
    title = " ".join(key.title.split())[:MOST_LETTERS]
    if not title:
        raise TwinviewerError("A key image needs a name", remedy="Type one")
    if case.image is None or key.image_uid != case.image.uid:
        raise TwinviewerError("This view is not of the images that are open", remedy="Mark it again")
    note = key.note.strip()
    if len(note) > MOST_NOTE:
        raise TwinviewerError(f"A note holds {MOST_NOTE} letters, and this one {len(note)}", remedy="Shorten it")
    done = replace(key, title=title, note=note, uid=key.uid or uuid.uuid4().hex[:12])
    there = any(one.uid == done.uid for one in case.key_images)
    if not there and len(case.key_images) >= LIMIT:
        raise TwinviewerError(f"A case holds {LIMIT} key images", remedy="Remove some first")
    others = {one.title for one in case.key_images if one.uid != done.uid}
    if not there and title in others:
        title = next(f"{title} ({n})" for n in range(2, LIMIT + 2) if f"{title} ({n})" not in others)
        done = replace(done, title=title)
    kept = tuple(done if one.uid == done.uid else one for one in case.key_images)
    before = next((one for one in case.key_images if one.uid == done.uid), None)
    what = "Mark" if before is None else "Rename" if before.title != title else "Note on"
    return case.changed(f"{what} key image, {title}",
                        key_images=kept if there else (*case.key_images, done))  # fmt: skip


def remove_key_image(case: Case, uid: str) -> Case:
    """Without one of them; the same Case where there is none such."""
    gone = next((one for one in case.key_images if one.uid == uid), None)
    if gone is None:
        return case
    return case.changed(
        f"Remove key image, {gone.title}", key_images=tuple(k for k in case.key_images if k is not gone)
    )


def sound(key: KeyImage) -> bool:
    """Whether one that came from a file can be drawn."""
    places = (key.centre_mm, key.right, key.down, key.cross_mm)
    numbers = all(one.shape == (3,) and one.dtype.kind == "f" and np.isfinite(one).all() for one in places)
    return bool(
        numbers
        and abs(float(key.right @ key.down)) < 1e-3
        and all(abs(float(np.linalg.norm(way)) - 1.0) < 1e-3 for way in (key.right, key.down))
        and len(key.size_px) == 2
        and all(isinstance(side, int) and 2 <= side <= MOST_PX for side in key.size_px)
        and all(np.isfinite((key.mm_per_px, key.window, key.level, key.slab_mm, key.fraction)))
        and 1e-4 < key.mm_per_px < 100.0
        and 0.0 <= key.slab_mm <= 500.0
        and key.slab in SLABS
        and key.frame >= 0
        and len(key.title) <= MOST_LETTERS
        and len(key.note) <= MOST_NOTE
        and _sound_over(key)
    )


def _sound_over(key: KeyImage) -> bool:
    """The same of what lay over it."""
    labels = key.labels
    return (
        (labels is None or (labels.ndim == 2 and labels.dtype == np.uint8 and max(labels.shape) <= MOST_PX))
        and 0.0 <= key.opacity <= 1.0
        and len(key.structures) <= MOST_STRUCTURES
        and all(0 < value < 256 and len(name) <= MOST_LETTERS and HEX.fullmatch(colour) is not None
                for value, name, colour in key.structures)
        and len(key.lines) <= MOST_LINES
        and all(map(_sound_line, key.lines))
        and (key.over is None or fusion.sound(key.over))
    )  # fmt: skip


def _sound_line(line: KeyLine) -> bool:
    ends = line.ends_mm
    return bool(
        HEX.fullmatch(line.colour) is not None
        and 0.0 < line.width_px <= 20.0
        and ends.ndim == 3
        and ends.shape[1:] == (2, 3)
        and len(ends) <= MOST_SEGMENTS
        and ends.dtype.kind == "f"
        and np.isfinite(ends).all()
    )
