"""WADO-RS: the instances of a series as files, as the archive has them stored."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from twinviewer.archive.identity import identity_of
from twinviewer.archive.landing import Landing
from twinviewer.archive.multipart import MultipartError, boundary_of, parts
from twinviewer.archive.node import Node
from twinviewer.archive.query import SeriesRow, checked_uid
from twinviewer.archive.watch import Watch
from twinviewer.archive.web import ROOT, WatchedSession, pieces, talk_failed
from twinviewer.domain import ArchiveError

ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*'
"""Any transfer syntax: as it is stored, nothing is transcoded on the way."""


@contextlib.contextmanager
def fetching(node: Node, secret: str, watch: Watch) -> Iterator[Callable[[SeriesRow, Landing], tuple[int, int]]]:
    """A way to fetch series one after the other, over connections that are kept. ArchiveError.

    It gives (instances announced, which is 0: DICOMweb does not say; parts that were no instance of the series).
    """
    with WatchedSession(node, secret, watch) as session:
        yield lambda series, landing: (0, _fetch(session, node, series, landing, watch))


def _fetch(session: WatchedSession, node: Node, series: SeriesRow, landing: Landing, watch: Watch) -> int:
    study, uid = checked_uid(series.study_uid), checked_uid(series.uid)
    url = f"{node.url.rstrip('/')}/studies/{study}/series/{uid}"
    patience = (watch.limits.connect_s, watch.limits.quiet_s)
    try:
        with session.get(url, headers={"Accept": ACCEPT}, stream=True, timeout=patience) as response:
            try:
                boundary = boundary_of(response.headers.get("Content-Type", ""))
            except MultipartError:
                raise ArchiveError("The archive did not send DICOM files", where=watch.where, remedy=ROOT) from None
            return _take(parts(pieces(response, watch), boundary), series, landing)
    except MultipartError:
        raise ArchiveError("The archive's answer is garbled", where=watch.where, remedy="Try again") from None
    except Exception as error:
        raise (watch.why or talk_failed(error, watch.where)) from None


def _take(bodies: Iterable[bytes | None], series: SeriesRow, landing: Landing) -> int:
    strangers = length = 0
    path: Path | None = None
    file: BinaryIO | None = None
    try:
        for body in bodies:
            if file is None or path is None:
                path, file = landing.open()
                length = 0
            if body is not None:
                length += len(body)
                landing.too_long(length)
                file.write(body)
                continue
            file.close()
            uid = identity_of(path, series.uid)
            if uid:
                landing.accept(path, uid)
            else:
                path.unlink()
                strangers += 1
            file = None
    finally:
        if file is not None:
            file.close()  # it broke off; keep() does not know its name
    return strangers
