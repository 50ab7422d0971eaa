"""A model of typed numbers, where images give none or there are none."""

from collections.abc import Mapping

from twinviewer.domain import MeshError, OrganMesh, ParameterValue, Quantity, Reporter, silent
from twinviewer.session import catalog
from twinviewer.session.case import NO_IMAGE, Case

Imagined = tuple[OrganMesh, dict[str, Quantity]]
ACTION = "Model from typed numbers"


def organ_from_numbers(wanted: str = "") -> str:
    """The organ to make: the one wanted, or the first that can. MeshError where there is none."""
    found = catalog.organs_from_numbers()
    if wanted in found:
        return wanted
    if not found:
        raise MeshError("No organ can be made of typed numbers", remedy="Open images instead")
    return next(iter(found))


def compute_typed(organ: str, values: Mapping[str, ParameterValue], report: Reporter = silent) -> Imagined:
    """Scale the organ's template to what was typed: seconds, so a worker may do it. MeshError."""
    found = catalog.organs_from_numbers()
    if organ not in found:
        raise MeshError(f"{organ} cannot be made of typed numbers", remedy="Open images instead")
    mesh, quantities = found[organ].from_numbers(values, report)
    return mesh, dict(quantities)


def accept_typed(case: Case, organ: str, values: Mapping[str, ParameterValue], made: Imagined) -> Case:
    """Take such a model in. Images that were open are closed, since the model does not lie in them; the list of series
    stays, and undo brings the images back."""
    mesh, quantities = made
    case = case.changed(
        ACTION,
        active_series_uid="",
        image=None,
        contours=None,
        labels=None,
        mesh=mesh,
        measurements=dict(quantities),
        organ=organ,
        typed=dict(values),
        title=case.title if case.series else "Typed numbers",
    )
    return case.with_message("Segment", "").with_message("Model", NO_IMAGE)


def make_typed(case: Case, values: Mapping[str, ParameterValue], report: Reporter = silent) -> Case:
    """Both halves, where the caller can wait. MeshError."""
    organ = organ_from_numbers(case.organ)
    return accept_typed(case, organ, values, compute_typed(organ, values, report))
