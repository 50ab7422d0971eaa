"""What a hand may change: which labels it may paint over, and in which grey values."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Rule:
    """over: label values that may be replaced, None for all. low, high: the image must lie within, where given."""

    over: frozenset[int] | None = None
    low: float | None = None
    high: float | None = None

    @property
    def looks(self) -> bool:
        """Whether the image matters."""
        return self.low is not None or self.high is not None

    def allowed(self, labels: NDArray[np.uint8], image: NDArray[np.generic] | None = None) -> NDArray[np.bool_]:
        """Mask of the shape of labels. image: the grey values there, where the rule looks at them."""
        if self.over is None:
            mask = np.ones(labels.shape, np.bool_)
        else:
            table = np.zeros(256, np.bool_)
            table[list(self.over)] = True
            mask = table[labels]
        if image is not None:
            if self.low is not None:
                mask &= image >= self.low  # type: ignore[operator]
            if self.high is not None:
                mask &= image <= self.high  # type: ignore[operator]
        return mask
