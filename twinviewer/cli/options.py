"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Write data, and errors, as JSON.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Report progress even where stderr is no terminal.")]
Folder = Annotated[Path, typer.Argument(help="A folder of DICOM files.", show_default=False)]
CaseFile = Annotated[Path, typer.Argument(help="A case file (.twin).", show_default=False)]
InProcess = Annotated[bool, typer.Option("--in-process", hidden=True, help="No worker process, for debugging.")]
