"""Labels of a saved case, mended by a tool or by undoing what a hand did."""

import json
from pathlib import Path
from typing import Annotated

import typer

from twinviewer.cli.options import AsJson, InProcess, Verbose
from twinviewer.cli.shell import load_case, pairs, show_files, speaking, work


def edit(
    case_file: Annotated[Path | None, typer.Argument(help="A case file (.twin).", show_default=False)] = None,
    tool: Annotated[str, typer.Option(help="Name of the tool; --list shows them.")] = "",
    structure: Annotated[str, typer.Option(help="Structure to act on, e.g. lv_blood; * for all, where it may.")] = "",
    values: Annotated[list[str] | None, typer.Option("--set", help="parameter=value of the tool; repeat.")] = None,
    at: Annotated[list[str] | None, typer.Option(help="A place x,y,z in LPS mm, as if clicked there; repeat.")] = None,
    normal: Annotated[str, typer.Option(help="Normal x,y,z (LPS) of the plane that is clicked in.")] = "",
    phase: Annotated[int, typer.Option(help="Phase to act on, from 1.", min=1)] = 1,
    undo: Annotated[int, typer.Option(help="Take back so many of the last edits, before the tool acts.", min=0)] = 0,
    out: Annotated[Path | None, typer.Option(help="Case file to write. Default: the one that was given.")] = None,
    show: Annotated[bool, typer.Option("--list", help="List the tools, or with a case its edits too.")] = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
    in_process: InProcess = False,
) -> None:
    """Mend the labels of a saved case: smooth, fill, split, interpolate … All lengths in mm. The model is made anew."""
    places = [_numbers(text, "--at") for text in at or []]
    plane = _numbers(normal, "--normal") if normal else None
    if case_file is None and not show:
        raise typer.BadParameter("Which case file? (or --list)", param_hint="CASE_FILE")
    with speaking(as_json):
        from twinviewer.session import store
        from twinviewer.session.history import History
        from twinviewer.session.label_edits import labels_of, volumes_ml
        from twinviewer.session.label_jobs import edit_case

        if case_file is None:
            _list_tools(as_json)
            return
        case = load_case(case_file)
        before = volumes_ml(labels_of(case), phase)
        if show:
            _list_edits([one.action for one in case.label_edits], as_json)
            return
        if undo > len(case.label_edits):
            raise typer.BadParameter(f"the case has {len(case.label_edits)} edits to take back", param_hint="--undo")
        history = History(case)
        undone = []
        for _ in range(undo):
            undone.append(history.undo_text)
            case = history.undo()
        if tool:
            given: dict[str, float | str | bool] = dict(pairs(values or [], "--set"))
            if structure:
                given["structure"] = structure
            case = work(
                edit_case, case, tool, given, phase=phase - 1, points_mm=places or None, normal=plane,
                name=f"Edit: {tool}", verbose=verbose, in_process=in_process,
            )  # fmt: skip
        after = volumes_ml(labels_of(case), phase)
        volumes = {name: [before.get(name), after.get(name)] for name in {**before, **after}}
        if not tool and not undo:
            raise typer.BadParameter("Nothing to do: give --tool, --undo or --list", param_hint="--tool")
        path = store.save(case, out or case_file)
        if as_json:
            done = {"undone": undone, "edits": [one.action for one in case.label_edits], "phase": phase}
            show_files({"case": str(path)}, True, schema=1, **done, volumes_ml=volumes)
            return
        for name in undone:
            typer.echo(f"undone: {name}")
        if tool:
            typer.echo(f"done: {case.label_edits[-1].action}")
        for name, (was, is_now) in volumes.items():
            if was != is_now:
                said = ["none" if volume is None else f"{volume:.2f} mL" for volume in (was, is_now)]
                typer.echo(f"{name:20s} {said[0]:>12s} -> {said[1]:>12s}")
        show_files({"case": str(path)}, False)


def _numbers(text: str, option: str) -> list[float]:
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if len(found) != 3:
        raise typer.BadParameter(f"{text!r} is not x,y,z", param_hint=option)
    return found


def _list_edits(actions: list[str], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"schema": 1, "edits": actions}, indent=2))
        return
    typer.echo("\n".join(f"{n:3d}  {action}" for n, action in enumerate(actions, 1)) or "no edits by hand")


def _list_tools(as_json: bool) -> None:
    from dataclasses import asdict

    from twinviewer.session.label_tools import TOOLS

    if as_json:
        tools = [
            {"name": one.name, "label": one.label, "summary": one.summary, "places": one.points, "plane": one.normal,
             "parameters": [asdict(parameter) for parameter in one.parameters]}
            for one in TOOLS.values()
        ]  # fmt: skip
        typer.echo(json.dumps({"schema": 1, "tools": tools}, indent=2))
        return
    for one in TOOLS.values():
        clicks = {"none": "", "maybe": " [--at]", "one": " --at", "many": " --at …"}[one.points]
        typer.echo(f"{one.name:12s} {one.summary}{clicks}{' --normal' if one.normal else ''}")
        for parameter in one.parameters:
            if parameter.kind == "number":
                bounds = f"{parameter.minimum:g} … {parameter.maximum:g} {parameter.unit}".rstrip()
            else:
                bounds = " | ".join(choice.key for choice in parameter.choices) or {
                    "structure": "a structure", "structures": "a structure, or *", "other": "a structure",
                    "over": "background | anything | a structure", "lumen": "background | a structure",
                    "name": "a new name",
                }.get(parameter.pick, "on | off")  # fmt: skip
            default = "" if parameter.pick else f" (default {parameter.default})"
            typer.echo(f"    {parameter.name:14s} {parameter.label}: {bounds}{default}")
