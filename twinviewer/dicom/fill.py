"""Planes decoded by several threads straight into one array that was made for all of them.

Decoders and file reads leave the interpreter's lock, so threads serve as well as processes would, and nothing is copied
between them: the peak is the volume, and one plane a thread.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.dicom.decode import PixelReader, check_budget
from twinviewer.dicom.phases import Plane
from twinviewer.domain import LoadError, Reporter, arrays, silent

Array = NDArray[np.generic]

MOST_THREADS = 8
_INT16 = np.iinfo(np.int16)


class _WideError(Exception):
    """A value does not fit into 16 bits."""


class Along:
    """What is done with planes while others are still read: their fingerprint, and a first look.

    shape: what the planes' number becomes in the end, e.g. (phases, slices). early: is given the array once its middle
    plane has come; the others come into it later. digest: SHA-256 of type, whole shape and all planes.
    """

    def __init__(self, shape: tuple[int, ...], early: Callable[[Array], None] | None = None) -> None:
        self.shape, self.early = shape, early
        self.digest = hashlib.sha256()

    def begin(self, data: Array) -> None:
        """Planes are about to come into this array."""
        self.digest = hashlib.sha256(f"{data.dtype.str}{(*self.shape, *data.shape[1:])}".encode())

    def first(self, data: Array) -> None:
        """The middle plane is there."""
        if self.early is not None:
            self.early(data)

    def next(self, plane: Array) -> None:
        """A plane is there, in their order."""
        self.digest.update(plane.data)


def filled(
    planes: Sequence[Plane], report: Reporter = silent, along: Along | None = None, one_by_one: bool = False
) -> Array:
    """(n, rows, columns) values of planes of one size, after rescale: int16 where all fit, else float32. LoadError.

    one_by_one: not in several threads, where it must be known which file ends the program.
    """
    along = along or Along((len(planes),))
    header = planes[0].header
    if all(is_integral(plane) for plane in planes):
        try:
            return _fill(planes, np.dtype(np.int16), report, along, one_by_one)
        except _WideError:
            pass
    check_budget(len(planes), header, 4)
    return _fill(planes, np.dtype(np.float32), report, along, one_by_one)


def is_integral(plane: Plane) -> bool:
    """Whether whole stored values stay whole by the plane's rescale."""
    slope, intercept = rescale_of(plane)
    return slope == int(slope) and intercept == int(intercept) and not plane.header.floating


def rescale_of(plane: Plane) -> tuple[float, float]:
    """(slope, intercept) from stored values to the unit that the header names. LoadError where they cannot be true."""
    factor = plane.header.unit_factor
    slope, intercept = plane.frame.slope * factor, plane.frame.intercept * factor
    if not (abs(slope) < 1e30 and abs(intercept) < 1e30):
        raise LoadError("The rescale of an image cannot be true", where=Path(plane.header.path).name)
    return slope, intercept


def _fill(
    planes: Sequence[Plane], dtype: np.dtype[np.generic], report: Reporter, along: Along, one_by_one: bool
) -> Array:
    header = planes[0].header
    check_budget(len(planes), header, dtype.itemsize)
    data: Array = arrays.empty((len(planes), header.rows, header.columns), dtype)
    reader, total = PixelReader(), len(planes)
    threads = 1 if one_by_one else min(MOST_THREADS, os.cpu_count() or 1, total)
    middle = total // 2
    along.begin(data)
    if along.early is not None and not header.native:  # slow to come: until then it looks like air
        data.fill(min(max(rescale_of(planes[0])[1], _INT16.min), _INT16.max))

    def one(number: int) -> None:
        into(data[number], reader.read(planes[number]), planes[number])

    with ThreadPoolExecutor(threads, "decode") as pool:
        coming: dict[int, Future[None]] = {}
        done = 0  # planes that are there and in the fingerprint, from the first on
        try:
            for number in [middle, *(n for n in range(total) if n != middle)]:
                report(len(coming) / total, f"Reading images, {len(coming) + 1} of {total}")
                coming[number] = pool.submit(one, number)
                if len(coming) == min(threads, total):
                    coming[middle].result()
                    along.first(data)
                while len(coming) - done >= 4 * threads and done in coming:
                    coming[done].result()
                    along.next(data[done])
                    done += 1
            for number in range(done, total):
                coming[number].result()
                report(1.0, f"Reading images, {total} of {total}")
                along.next(data[number])
        except BaseException:  # cancelled, or one plane is bad: the others need not be read
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return data


def into(target: Array, stored: Array, plane: Plane) -> None:
    """Put a plane's stored values, rescaled, into its place; _WideError if they do not fit there."""
    slope, intercept = rescale_of(plane)
    if target.dtype != np.int16:
        if plane.header.floating:  # maps hold NaN where there is nothing
            stored = np.nan_to_num(stored, nan=0.0, posinf=0.0, neginf=0.0)
        if slope == 1.0 and intercept == 0.0:
            target[...] = stored
        else:  # in double: a float32 has no room for 32 bits times a slope
            target[...] = stored.astype(np.float64) * slope + intercept
        return
    low, high = int(stored.min()), int(stored.max())  # type: ignore[call-overload]
    ends = sorted((low * int(slope) + int(intercept), high * int(slope) + int(intercept)))
    if ends[0] < _INT16.min or ends[1] > _INT16.max:
        raise _WideError
    if slope == 1.0:
        # in 16 bits round the clock: the ends fit, so what overflows on the way comes back
        whole = stored.view(np.int16) if stored.dtype.itemsize == 2 else stored.astype(np.int16)
        np.add(whole, np.array(int(intercept)).astype(np.int16), out=target)
    else:
        target[...] = stored.astype(np.int64) * int(slope) + int(intercept)
