"""Structures that were not found here, by whatever way they come: masks, meshes, another program. For scripts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from twinviewer.domain import Reporter, SegmentationError, part, silent
from twinviewer.session.case import Case
from twinviewer.session.mask_import import accept_mask, import_mask, organ_from_mask
from twinviewer.session.mesh_import import import_mesh
from twinviewer.session.outside_segmenter import NAME, compute_outside

WAYS = ("mask", "mesh", "segmenter")


def take(
    case: Case,
    report: Reporter = silent,
    *,
    mask: Sequence[Path] = (),
    mask_meaning: Mapping[int, str] | None = None,
    phase: int | None = None,
    interpolate: bool = False,
    over: bool = False,
    by_place: bool = False,
    mesh: Sequence[Path] = (),
    mesh_meaning: Mapping[str, str] | None = None,
    unit: str = "",
    frame: str = "",
    segmenter: str = "",
    task: str = "",
    accepted: bool = False,
) -> Case:
    """The case with the structures of one of these ways.

    over: keep the structures that the case has where these say nothing, else they are replaced. The other words are
    those of ``import_mask``, ``import_mesh`` and ``compute_outside``. LoadError, SegmentationError.
    """
    if mask:
        return import_mask(case, list(mask), mask_meaning, phase, report, interpolate=interpolate, over=over,
                           by_place=by_place)  # fmt: skip
    if mesh:
        return import_mesh(case, list(mesh), mesh_meaning, unit, frame, phase, report, over=over)
    if segmenter:
        if segmenter != NAME:
            raise SegmentationError(f"{segmenter} is not known", remedy=f"Known: {NAME}")
        if case.image is None:
            raise SegmentationError("No series is open", remedy="Open one first")
        organ = organ_from_mask(case.organ)
        chosen = {"task": task} if task else {}
        found = compute_outside(organ, case.image, case.patient, accepted=accepted, phase=phase,
                                report=part(report, 0.0, 0.95), **chosen)  # fmt: skip
        return accept_mask(case, organ, *found, over=over)
    return case


def given(ways: Mapping[str, Any]) -> bool:
    """Whether any way is given."""
    return any(ways.get(name) for name in WAYS)


def needs_no_images(ways: Mapping[str, Any]) -> bool:
    """Whether it makes structures without images: meshes do."""
    return bool(ways.get("mesh"))
