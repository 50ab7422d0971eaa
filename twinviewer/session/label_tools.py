"""The tools that mend labels, declared once: the window's forms and the command line are made from this list.

A tool's parameters are in mm, mL and grey values, never in voxels. A parameter with ``pick`` is filled in from the
labels or the window: "structure" and "other" name a structure, "structures" one or all, "over" what may be replaced,
"name" is a new structure's name, free text.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from twinviewer.domain import Choice, LabelMap, Parameter, ParameterValue, SegmentationError
from twinviewer.session.label_work import ALL, ANYTHING, BACKGROUND, sound_name, spoken

Group = Literal["draw", "surface", "pieces", "slices", "structures"]
_BY_CHOICE = "chosen by the user; the default suits a heart at 0.5 mm to 1 mm"


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool.

    name: that of the function in ``label_acts`` too, which is loaded with its libraries where the tool acts and not
    where it is offered. points: how many places are clicked in the images ("none", "maybe": one for some values, "one",
    "many": one or more); normal: whether it takes the plane of the view that was clicked in. reach_mm: from the values,
    how far from the structures or places (from_points) the tool looks and acts; None for all of the grid. phases: which
    phases it needs: as the switch all_phases says, all, or others that it writes to.
    """

    name: str
    label: str
    summary: str
    group: Group
    parameters: tuple[Parameter, ...] = ()
    points: Literal["none", "maybe", "one", "many"] = "none"
    normal: bool = False
    needs_image: bool = False
    reach_mm: Callable[[Mapping[str, ParameterValue]], float | None] = lambda values: 0.0
    phases: Literal["choice", "all", "other"] = "choice"
    from_points: bool = False


def _number(
    name: str, label: str, default: float, unit: str, low: float, high: float, step: float = 0.5, help_: str = ""
) -> Parameter:
    return Parameter(name, label, "number", default, _BY_CHOICE, unit, low, high, step, help=help_)


def _choice(name: str, label: str, *choices: tuple[str, str], help_: str = "") -> Parameter:
    made = tuple(Choice(key, text) for key, text in choices)
    return Parameter(name, label, "choice", choices[0][0], _BY_CHOICE, choices=made, help=help_)


def _pick(name: str, label: str, pick: str, help_: str = "") -> Parameter:
    return Parameter(name, label, "choice", "", _BY_CHOICE, pick=pick, help=help_)


def _switch(name: str, label: str, default: bool, help_: str = "") -> Parameter:
    return Parameter(name, label, "switch", default, _BY_CHOICE, help=help_)


_STRUCTURE = _pick("structure", "Structure", "structure")
_STRUCTURES = _pick("structure", "Structure", "structures")
_OTHER = _pick("other", "Other structure", "other")
_OVER = _pick("over", "May replace", "over", "What the tool may write over; other structures are protected")
_ALL_PHASES = _switch("all_phases", "In all phases", False)
_SLICES = _choice(
    "orientation", "Slices", ("axial", "Axial"), ("coronal", "Coronal"), ("sagittal", "Sagittal"),
    help_="Across which direction of the body; on oblique stacks the nearest direction of the voxels",
)  # fmt: skip
_LOW = _number("low", "Lowest grey value", 150.0, "", -32768.0, 65535.0, 10.0)
_HIGH = _number("high", "Highest grey value", 600.0, "", -32768.0, 65535.0, 10.0)
_NAME = _pick("name", "Name", "name")


def _mm(name: str) -> Callable[[Mapping[str, ParameterValue]], float]:
    return lambda values: abs(float(values[name]))


_ALL_TOOLS = (
    Tool(
        "threshold", "Threshold", "All that lies between two grey values becomes the structure.", "draw",
        (_STRUCTURE, _LOW, _HIGH,
         _number("least_ml", "Without pieces below", 0.0, "mL", 0.0, 1000.0), _OVER, _ALL_PHASES),
        needs_image=True, reach_mm=lambda values: None,
    ),
    Tool(
        "grow", "Grow from seeds", "All that is as bright as the place clicked and hangs together with it.", "draw",
        (_STRUCTURE,
         _choice("range", "Grey values", ("like", "Like the place clicked"), ("typed", "As typed below")),
         _number("spread", "Spread", 2.5, "SD", 0.5, 10.0, 0.5, "How far from the mean round the place clicked"),
         _LOW, _HIGH,
         _number("reach_mm", "No further than", 60.0, "mm", 2.0, 400.0, 5.0),
         _number("neck_mm", "Not through passages below", 0.0, "mm", 0.0, 40.0, 0.5, "Holds leaks through thin walls"),
         _OVER),
        points="many", needs_image=True, reach_mm=lambda values: float(values["reach_mm"]) + 3.0, from_points=True,
    ),
    Tool(
        "compete", "Grow several at once", "Structures of which a little is painted grow until they meet at edges.",
        "draw",
        (_choice("method", "Method", ("watershed", "Watershed"), ("random_walker", "Random walker (slower)")),
         _number("margin_mm", "Beyond what is painted", 10.0, "mm", 0.0, 200.0, 5.0),
         _number("edge_mm", "Scale of edges", 1.0, "mm", 0.3, 10.0, 0.1),
         _switch("bounded", "Background round the box", True, "The rim of the box competes as background"),
         _switch("limited", "Only in a range of grey values", False), _LOW, _HIGH),
        needs_image=True, reach_mm=_mm("margin_mm"),
    ),
    Tool(
        "trace", "Level tracing", "What the line of equal brightness through the place clicked encloses in the slice.",
        "draw",
        (_STRUCTURE, _choice("operation", "Do", ("add", "Add"), ("erase", "Erase")),
         _number("reach_mm", "No further than", 80.0, "mm", 2.0, 400.0, 5.0), _OVER),
        points="one", normal=True, needs_image=True, reach_mm=lambda values: float(values["reach_mm"]),
        from_points=True,
    ),
    Tool(
        "smooth", "Smooth", "Rounds off detail; the volume stays.", "surface",
        (_STRUCTURES, _number("size_mm", "Detail that goes", 2.0, "mm", 0.2, 20.0),
         _choice("kind", "Method", ("gaussian", "Gaussian"), ("median", "Median"), help_="All together: Gaussian"),
         _OVER, _ALL_PHASES),
        reach_mm=lambda values: 3.0 * float(values["size_mm"]) + 2.0,
    ),
    Tool(
        "fill", "Fill holes", "What the structure encloses becomes part of it.", "surface",
        (_STRUCTURE,
         _choice("where", "Holes", ("space", "Closed in space"), ("axial", "In axial slices"),
                 ("coronal", "In coronal slices"), ("sagittal", "In sagittal slices")),
         _OVER, _ALL_PHASES),
    ),
    Tool(
        "close", "Close gaps", "Fills gaps and notches that a ball of this radius cannot enter.", "surface",
        (_STRUCTURE, _number("radius_mm", "Radius", 2.0, "mm", 0.2, 30.0), _OVER, _ALL_PHASES),
        reach_mm=lambda values: 2.0 * float(values["radius_mm"]) + 2.0,
    ),
    Tool(
        "open", "Remove spurs", "Takes off what a ball of this radius cannot reach inside.", "surface",
        (_STRUCTURE, _number("radius_mm", "Radius", 2.0, "mm", 0.2, 30.0), _ALL_PHASES),
        reach_mm=lambda values: 2.0 * float(values["radius_mm"]) + 2.0,
    ),
    Tool(
        "resize", "Grow or shrink", "Moves the surface outwards, or inwards for a negative margin.", "surface",
        (_STRUCTURE, _number("margin_mm", "Margin", 1.0, "mm", -30.0, 30.0), _OVER, _ALL_PHASES),
        reach_mm=_mm("margin_mm"),
    ),
    Tool(
        "hollow", "Hollow", "Makes a shell of the structure.", "surface",
        (_STRUCTURE, _number("wall_mm", "Thickness", 3.0, "mm", 0.3, 30.0),
         _choice("side", "Shell", ("inside", "Inside its surface"), ("outside", "Outside its surface")),
         _pick("lumen", "What it encloses", "lumen"), _OVER, _ALL_PHASES),
        reach_mm=_mm("wall_mm"),
    ),
    Tool(
        "islands", "Islands", "Keeps, drops or parts pieces that do not touch.", "pieces",
        (_STRUCTURE,
         _choice("what", "Do", ("largest", "Keep the largest"), ("small", "Remove small ones"),
                 ("clicked", "Keep the one clicked"), ("split", "Make each a structure")),
         _number("least_ml", "Small is below", 0.5, "mL", 0.0, 1000.0, 0.1), _ALL_PHASES),
        points="maybe",
    ),
    Tool(
        "cut", "Split by a plane", "The part beyond the plane becomes a structure.", "pieces",
        (_STRUCTURE, _NAME, _ALL_PHASES), points="one", normal=True,
    ),
    Tool(
        "part", "Split at necks", "Parts a structure where it is narrow.", "pieces",
        (_STRUCTURE, _number("parts", "Parts", 2.0, "", 2.0, 8.0, 1.0)),
    ),
    Tool(
        "interpolate", "Interpolate slices", "Draws the slices between drawn ones by their shapes.", "slices",
        (_STRUCTURES, _SLICES,
         _number("mend_mm", "Make anew round the place clicked", 0.0, "mm", 0.0, 100.0, 0.5,
                 "Thickness of slices that are made from their neighbours; 0 fills empty slices only"), _OVER),
        points="maybe", reach_mm=lambda values: float(values["mend_mm"]) + 2.0,
    ),
    Tool(
        "copy", "Copy to phases", "Takes structures of this phase to others.", "slices",
        (_STRUCTURES,
         _choice("to", "To", ("next", "The next phase"), ("previous", "The phase before"), ("all", "All others")),
         _choice("how", "How", ("plain", "As they are"), ("carried", "Carried by the motion of the images")), _OVER),
        reach_mm=lambda values: 17.0, phases="other",
    ),
    Tool(
        "combine", "Combine", "Adds another structure, takes it away, or keeps what is common.", "structures",
        (_STRUCTURE, _OTHER,
         _choice("operation", "Do", ("subtract", "Take the other away"), ("intersect", "Keep only within the other"),
                 ("add", "Add the other")),
         _number("margin_mm", "The other grown by", 0.0, "mm", 0.0, 50.0), _OVER, _ALL_PHASES),
        reach_mm=_mm("margin_mm"),
    ),
    Tool(
        "merge", "Merge", "The other structure becomes part of this one, in all phases.", "structures",
        (_STRUCTURE, _OTHER), phases="all",
    ),
    Tool("rename", "Rename", "Gives a structure another name.", "structures", (_STRUCTURE, _NAME)),
    Tool("add", "Add structure", "A new structure, empty as yet.", "structures", (_NAME,)),
    Tool(
        "clear", "Clear", "Empties a structure in this phase or in all.", "structures",
        (_STRUCTURE, _ALL_PHASES),
    ),
    Tool(
        "remove", "Remove structure", "Takes a structure away, in all phases.", "structures",
        (_STRUCTURE,), phases="all",
    ),
)  # fmt: skip

TOOLS: Mapping[str, Tool] = {tool.name: tool for tool in _ALL_TOOLS}


def tool(name: str) -> Tool:
    """The tool of that name. SegmentationError with the known ones."""
    if name not in TOOLS:
        raise SegmentationError(f"There is no tool {name!r}", remedy=f"Known: {', '.join(TOOLS)}")
    return TOOLS[name]


def parameters_of(one: Tool, labels: LabelMap, active: str = "") -> tuple[Parameter, ...]:
    """The tool's parameters with these labels' structures to choose from. active: the structure that is at hand."""
    names = [labels.names[value] for value in sorted(labels.names)]
    if active not in names:
        active = names[0] if names else ""
    own = tuple(Choice(name, spoken(name)) for name in names)
    extra = {
        "structure": (own, active),
        "other": (own, next((name for name in names if name != active), active)),
        "structures": ((*own, Choice(ALL, "All together")), active),
        "over": ((Choice(BACKGROUND, "Background only"), Choice(ANYTHING, "Anything"), *own), BACKGROUND),
        "lumen": ((Choice(BACKGROUND, "Background"), *own), BACKGROUND),
    }
    filled = []
    for parameter in one.parameters:
        if parameter.pick in extra:
            choices, default = extra[parameter.pick]
            parameter = replace(parameter, choices=choices, default=default)
        filled.append(parameter)
    return tuple(filled)


def checked(one: Tool, labels: LabelMap, values: Mapping[str, ParameterValue]) -> dict[str, ParameterValue]:
    """All values of a tool, those not given at their defaults. SegmentationError for what is out of bounds."""
    parameters = {parameter.name: parameter for parameter in parameters_of(one, labels)}
    if unknown := sorted(set(values) - set(parameters)):
        raise SegmentationError(
            f"{one.label} has no {', '.join(unknown)}", remedy=f"It has: {', '.join(parameters) or 'nothing to set'}"
        )
    found: dict[str, ParameterValue] = {}
    for name, parameter in parameters.items():
        value = values.get(name, parameter.default)
        try:
            found[name] = sound_name(str(value), labels) if parameter.pick == "name" else parameter.check(value)
        except ValueError as error:
            raise SegmentationError(str(error), where=one.label) from error
    return found
