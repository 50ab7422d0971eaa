"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Write data, and errors, as JSON.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Report progress even where stderr is no terminal.")]
Folder = Annotated[
    Path, typer.Argument(help="A folder of DICOM files, a ZIP archive of one, or a DICOMDIR.", show_default=False)
]
CaseFile = Annotated[Path, typer.Argument(help="A case file (.twin).", show_default=False)]
InProcess = Annotated[bool, typer.Option("--in-process", hidden=True, help="No worker process, for debugging.")]

Masks = Annotated[
    list[Path] | None,
    typer.Option(
        "--mask",
        help="Structures from files instead: NIfTI, NRRD, MetaImage, DICOM SEG, RTSTRUCT; or a folder. Repeat for a "
        "file a phase or a structure.",
    ),
]
MaskMap = Annotated[
    str, typer.Option("--mask-map", help="Which number of the mask is what: 1=lv_blood,2=lv_myocardium,5=scar.")
]
MaskPhase = Annotated[
    int | None,
    typer.Option("--mask-phase", min=1, help="Phase that a mask or mesh of one phase shows. Default: R wave."),
]
Interpolate = Annotated[
    bool, typer.Option("--interpolate", help="Fill between contours of an RTSTRUCT where slices are skipped.")
]
ByPlace = Annotated[
    bool,
    typer.Option(
        "--by-place", help="The mask lies where its coordinates say, also where it refers to other images than these."
    ),
]
Over = Annotated[
    bool, typer.Option("--over", help="Find the structures in the images too, and lay those that are given over them.")
]
Meshes = Annotated[
    list[Path] | None,
    typer.Option("--mesh", help="Structures from meshes instead: GLB, OBJ, STL, PLY, VTP, VTU, or a folder."),
]
MeshMap = Annotated[
    str, typer.Option("--mesh-map", help="Which part of the mesh is what, by name or number: LV=lv_blood,3=aorta.")
]
Units = Annotated[str, typer.Option("--units", help="Of the mesh: mm, cm or m. Default: as said in it, or guessed.")]
Frame = Annotated[
    str, typer.Option("--frame", help="Of the mesh: lps, ras or y_up. Default: as said in it, or guessed.")
]
With = Annotated[
    str, typer.Option("--with", help="Structures by another program, where it is installed: totalsegmentator.")
]
Task = Annotated[str, typer.Option(help="Its task: heartchambers_highres (default) or total.")]
AcceptTerms = Annotated[bool, typer.Option("--accept-terms", help="Accept the other program's terms of use.")]

OrganName = Annotated[
    str, typer.Option("--organ", help="Take the images as this organ: generic for any structure, geometry only.")
]
Outline = Annotated[
    str,
    typer.Option(
        "--outline", help="Find structures by their values: bone, lungs, body (CT), or low:high; organ generic."
    ),
]
Edge = Annotated[
    float, typer.Option("--edge-mm", help="Longest edge of the mesh of labels. Default: 3 mm, or by the organ's size.")
]
