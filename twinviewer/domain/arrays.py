"""Where large arrays are made that a job gives back: a worker process has them in memory that the window can map.

Whoever makes such an array asks here, so that it is not copied on its way. Elsewhere it is numpy's own memory.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Maker = Callable[[tuple[int, ...], DTypeLike], NDArray[Any]]

_maker: Maker = np.empty


def make_with(maker: Maker | None) -> None:
    """From here on large arrays of this process are made by this; None: by numpy."""
    global _maker
    _maker = maker or np.empty


def empty(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """An array whose values are not set. MemoryError where there is no room."""
    return _maker(shape, dtype)
