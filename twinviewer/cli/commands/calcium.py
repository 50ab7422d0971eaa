"""Calcium score of a CT without contrast: candidates in a region, and the score of those that are taken."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twinviewer.cli.options import AsJson
from twinviewer.cli.shell import load_case, speaking

if TYPE_CHECKING:
    from twinviewer.session.calcium import Region


def calcium(
    source: Annotated[Path, typer.Argument(help="A DICOM folder, or a case file (.twin).", show_default=False)],
    ball: Annotated[str, typer.Option(help="Where to look: x,y,z,radius in LPS mm.")] = "",
    structure: Annotated[str, typer.Option(help="Where to look: a structure of the case's labels.")] = "",
    take: Annotated[str, typer.Option(help="Numbers of the lesions that count, as 1,3,4, or all.")] = "",
    series: Annotated[str, typer.Option(help="Which series: its number in the list, or UID.")] = "",
    save: Annotated[Path | None, typer.Option(help="Keep the score in this case file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Calcium score (Agatston) of a CT without contrast. Without --take it lists the candidates and scores nothing."""
    with speaking(as_json):
        from twinviewer.session import calcium as of
        from twinviewer.session import steps, store
        from twinviewer.session.case import Case

        if bool(ball) == bool(structure):
            raise typer.BadParameter("give either --ball or --structure")
        if source.suffix == ".twin":
            case = load_case(source)
        else:
            case = steps.scan_folder(Case(), source)
            case = steps.open_series(case, steps.choose_series(case, series))
        region = of.Region(structure) if structure else _ball(ball)
        found = of.compute_candidates(case, region)
        chosen = [one for one in found if one.number in _taken(take, len(found))]
        numbers = of.calcium_numbers(case, region, chosen, len(found)) if take else {}
        if save is not None and take:
            store.save(of.accept_calcium(case, region, chosen, len(found)), save)
        if as_json:
            from twinviewer.session.metrics import quantity_document

            candidates = [{**asdict(one), "doubt": one.doubt} for one in found]
            score = {name: quantity_document(q) for name, q in numbers.items()}
            typer.echo(json.dumps({"schema": 1, "candidates": candidates, "score": score or None}, indent=2))
            return
        for one in found:
            x, y, z = one.centre_mm
            where = f"{x:7.1f} {y:7.1f} {z:7.1f}  slices {one.slices[0] + 1}-{one.slices[1] + 1}"
            mark = "*" if one in chosen else " "
            typer.echo(
                f"{mark}{one.number:4d} {one.agatston:9.1f}  {one.peak_hu:5.0f} HU  {where}  {one.doubt}".rstrip()
            )
        if not numbers:
            typer.echo(f"note: {len(found)} candidates, none counted: choose with --take", err=True)
        for name, q in numbers.items():
            typer.echo(f"{name:22s} {q.value:10.1f} {q.unit}  {q.source}")


def _ball(text: str) -> "Region":
    from twinviewer.session.calcium import Region

    try:
        x, y, z, radius = (float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not x,y,z,radius", param_hint="--ball") from None
    return Region(centre_mm=(x, y, z), radius_mm=radius)


def _taken(text: str, count: int) -> set[int]:
    if text == "all":
        return set(range(1, count + 1))
    try:
        return {int(part) for part in text.split(",") if part.strip()}
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no list of numbers", param_hint="--take") from None
