"""Fields T_s(x) of single sites, solved when first asked for and kept as long as memory is granted.

Any delays and any choice among known sites are then a minimum over stored fields; a site that is new, because a lead is
being dragged, is solved only where it comes before the others (:meth:`Medium.earlier_ms`).
"""

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.eikonal import Medium

MOST_BYTES = 256 * 2**20


class SiteFields:
    """Activation of one medium by any sites with any delays. Threads may share it."""

    def __init__(self, medium: Medium, most_bytes: int = MOST_BYTES) -> None:
        self.medium = medium
        self._most = most_bytes
        self._fields: OrderedDict[int, NDArray[np.float32]] = OrderedDict()
        self._lock = Lock()

    def __contains__(self, node: int) -> bool:
        return node in self._fields

    @property
    def nbytes(self) -> int:
        """Bytes that the kept fields take."""
        with self._lock:
            return sum(field.nbytes for field in self._fields.values())

    def field_ms(self, node: int) -> NDArray[np.float32]:
        """(n,) first arrival from one site excited at 0, NaN off the tissue; kept. Raises EngineError as the medium."""
        with self._lock:
            if node in self._fields:
                self._fields.move_to_end(node)
                return self._fields[node]
        field = self.medium.activation_ms([node]).astype(np.float32)
        field.flags.writeable = False
        with self._lock:
            self._fields[node] = field
            while len(self._fields) > 1 and sum(one.nbytes for one in self._fields.values()) > self._most:
                self._fields.popitem(last=False)
        return field

    def activation_ms(self, times_ms: Mapping[int, float], *, passing: bool = False) -> NDArray[np.float64]:
        """(n,) first arrival over sites excited at times_ms[node]; NaN off the tissue.

        passing: sites that are not known yet are in passing (a lead under the mouse): they are solved only where they
        come first and not kept. At least one site must be known for that, else all are solved as usual. Raises
        EngineError without sites, for times that are not finite, and as the medium does.
        """
        if not times_ms or not np.isfinite(list(times_ms.values())).all():
            raise EngineError("Excitation needs sites and finite times", where=f"{dict(times_ms)}")
        known = {node: time for node, time in times_ms.items() if node in self or not passing} or dict(times_ms)
        total: NDArray[np.float64] | None = None
        for node, time in known.items():
            field = self.field_ms(node) + np.float64(time)
            total = field if total is None else np.minimum(total, field, out=total)
        assert total is not None
        further = {node: time for node, time in times_ms.items() if node not in known}
        if further:
            total = self.medium.earlier_ms(total, list(further), list(further.values()))
        return total
