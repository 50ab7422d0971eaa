"""Start the window, or one command of the command line."""

import multiprocessing
import os
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """The window without arguments, for a folder, a case file, or ``demo`` with a display; else the command line."""
    multiprocessing.freeze_support()  # in a packaged build workers start through this program
    given = list(sys.argv[1:] if arguments is None else arguments)
    wanted = window(given)
    if wanted is not None:
        from twinviewer.ui.app import start

        path, demo = wanted
        return start(path, demo)
    from twinviewer import cli

    return cli.main(given)


def window(given: Sequence[str], environment: dict[str, str] | None = None) -> tuple[str | None, bool] | None:
    """(path or None, whether to open the demo) if these arguments ask for the window, None if for the command line."""
    if not given:
        return None, False
    if given[0] == "demo":
        return (None, True) if len(given) == 1 and has_display(environment) else None
    if len(given) == 1 and not given[0].startswith("-"):
        path = Path(given[0])
        if path.is_dir() or (path.suffix == ".twin" and path.is_file()):
            return str(path), False
    return None


def has_display(environment: dict[str, str] | None = None) -> bool:
    """Whether a window can be shown here."""
    known = dict(os.environ) if environment is None else environment
    return sys.platform in ("win32", "darwin") or bool(known.get("DISPLAY") or known.get("WAYLAND_DISPLAY"))


if __name__ == "__main__":
    sys.exit(main())
