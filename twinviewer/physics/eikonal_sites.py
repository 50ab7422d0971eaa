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
from twinviewer.physics.eikonal import Medium, combine

MOST_BYTES = 48 * 2**20
"""Room for 290 fields of 43 000 points, 41 of 300 000."""

Together = tuple[tuple[int, ...], tuple[float, ...]]
"""Sites that always fire one after the other in the same way: nodes, and ms of each after the first."""


class SiteFields:
    """Activation of one medium by any sites with any delays. Threads may share it."""

    def __init__(self, medium: Medium, most_bytes: int = MOST_BYTES) -> None:
        self.medium = medium
        self._most = most_bytes
        self._fields: OrderedDict[int | Together, NDArray[np.float32]] = OrderedDict()
        self._lock = Lock()

    def __contains__(self, site: int | Together) -> bool:
        return site in self._fields

    @property
    def nbytes(self) -> int:
        """Bytes that the kept fields take."""
        with self._lock:
            return sum(field.nbytes for field in self._fields.values())

    def field_ms(self, site: int | Together) -> NDArray[np.float32]:
        """(n,) first arrival from a site, the first of several excited at 0; NaN off the tissue. Kept.

        Raises EngineError as the medium.
        """
        with self._lock:
            if site in self._fields:
                self._fields.move_to_end(site)
                return self._fields[site]
        field = self.medium.activation_ms(*_sites(site)).astype(np.float32)
        field.flags.writeable = False
        with self._lock:
            self._fields[site] = field
            while len(self._fields) > 1 and sum(one.nbytes for one in self._fields.values()) > self._most:
                self._fields.popitem(last=False)
        return field

    def activation_ms(self, times_ms: Mapping[int | Together, float], *, passing: bool = False) -> NDArray[np.float64]:
        """(n,) first arrival over sites excited at times_ms[site]; NaN off the tissue.

        passing: sites that are not known yet are in passing (a lead under the mouse): they are solved only where they
        come first and not kept. At least one site must be known for that, else all are solved as usual. Raises
        EngineError without sites, for times that are not finite, and as the medium does.
        """
        if not times_ms or not np.isfinite(list(times_ms.values())).all():
            raise EngineError("Excitation needs sites and finite times", where=f"{dict(times_ms)}")
        known = {site: time for site, time in times_ms.items() if site in self or not passing} or dict(times_ms)
        total = combine([self.field_ms(site) for site in known], list(known.values()))
        for site, time in times_ms.items():
            if site not in known:
                nodes, after = _sites(site)
                total = self.medium.earlier_ms(total, nodes, [time + ms for ms in after])
        return total


def _sites(site: int | Together) -> Together:
    return site if isinstance(site, tuple) else ((site,), (0.0,))
