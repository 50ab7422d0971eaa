"""What the program remembers between starts. Small, versioned; a file that cannot be read costs only the settings."""

import contextlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import platformdirs

VERSION = 1


@dataclass(frozen=True, slots=True)
class Settings:
    """User settings. Nothing of a patient is kept here, no names of files either.

    window_geometry, window_state: Qt's own, in base64. speed: of playback, 1 = true heart rate.
    """

    theme: Literal["dark", "light"] = "dark"
    colour_blind_safe: bool = False
    speed: float = 1.0
    window_geometry: str = ""
    window_state: str = ""


def settings_path() -> Path:
    """Where the settings lie; TWINVIEWER_SETTINGS names another file."""
    override = os.environ.get("TWINVIEWER_SETTINGS")
    return Path(override) if override else Path(platformdirs.user_config_dir("twinviewer", False)) / "settings.json"


def load_settings(path: Path | None = None) -> Settings:
    """The settings, with the default for whatever is absent, unknown or of a wrong type. Never raises."""
    try:
        document = json.loads((path or settings_path()).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return Settings()
    if not isinstance(document, dict) or document.get("version") != VERSION:
        return Settings()
    hints = get_type_hints(Settings)
    kept: dict[str, Any] = {}
    for one in fields(Settings):
        if one.name in document and _fits(document[one.name], hints[one.name]):
            kept[one.name] = document[one.name]
    return Settings(**kept)


def save_settings(settings: Settings, path: Path | None = None) -> bool:
    """Write them, atomically. False where that is not possible: settings are never worth an error."""
    target = path or settings_path()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".settings-")
    except OSError:
        return False
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"version": VERSION, **asdict(settings)}, file, indent=2)
        Path(name).replace(target)
    except OSError:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        return False
    return True


def _fits(value: Any, hint: Any) -> bool:
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, hint)
