"""Progress travels down as a callable: a step calls it often; it raises Cancelled when the user has had enough."""

from collections.abc import Callable

Reporter = Callable[[float, str], None]
"""``report(fraction, text)`` with fraction in 0..1. May raise :class:`~twinviewer.domain.errors.Cancelled`."""


def silent(fraction: float, text: str) -> None:
    """A reporter that says nothing and never cancels."""


def part(report: Reporter, start: float, stop: float) -> Reporter:
    """The reporter of a sub-step that fills ``start..stop`` of its parent's progress."""

    def inner(fraction: float, text: str) -> None:
        report(start + (stop - start) * min(max(fraction, 0.0), 1.0), text)

    return inner
