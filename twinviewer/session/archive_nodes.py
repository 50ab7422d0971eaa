"""What the user has set up of archives: nodes beside the settings, secrets in a file of their own, images in a folder.

Nothing of this is ever in a case. A secret is where the user wants it: for as long as the program runs (whoever asked
for it keeps it), in a file that only this user can read, or in the environment, for scripts.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import platformdirs

from twinviewer.archive.landing import hashed
from twinviewer.archive.node import Node, from_document, to_document
from twinviewer.domain import ArchiveError
from twinviewer.session.settings import settings_path

VERSION = 1
SECRET_VARIABLE = "TWINVIEWER_ARCHIVE_SECRET"
FOLDER_VARIABLE = "TWINVIEWER_RETRIEVED"
MOST_NODES = 100


def nodes_path() -> Path:
    """The file of nodes, beside the settings."""
    return settings_path().with_name("archives.json")


def secrets_path() -> Path:
    """The file of tokens and passwords, readable by this user alone."""
    return settings_path().with_name("archive-secrets.json")


def load_nodes() -> tuple[Node, ...]:
    """The archives that are set up; none by default. What cannot be read is left out. Never raises."""
    listed = _read(nodes_path()).get("nodes")
    found: dict[str, Node] = {}
    for one in listed if isinstance(listed, list) else []:
        node = from_document(one)
        if node is not None and node.name and len(found) < MOST_NODES:
            found.setdefault(node.name, node)
    return tuple(found.values())


def save_nodes(nodes: Iterable[Node]) -> None:
    """Keep these archives. ArchiveError."""
    _write(nodes_path(), {"version": VERSION, "nodes": [to_document(one) for one in nodes]})


def node_named(name: str) -> Node:
    """The archive of this name. ArchiveError, which says what there is."""
    nodes = load_nodes()
    for one in nodes:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in nodes)
    raise ArchiveError(
        f"No archive is called {name!r}",
        remedy=f"There are: {known}"
        if known
        else "None is set up: File > From the archive…, or twinviewer archive add",
    )


def kept_secret(name: str) -> str:
    """The token or password that was kept for an archive, or the environment's; "" for none. Never raises."""
    from_environment = os.environ.get(SECRET_VARIABLE, "")
    value = _read(secrets_path()).get(name, "")
    return from_environment or (value if isinstance(value, str) else "")


def has_kept_secret(name: str) -> bool:
    """Whether a file of this user's holds a secret for the archive."""
    return bool(_read(secrets_path()).get(name))


def keep_secret(name: str, secret: str) -> None:
    """Keep a token or password in the user's own file (0600); "" forgets it. ArchiveError."""
    known = {key: value for key, value in _read(secrets_path()).items() if isinstance(value, str)}
    if known.get(name, "") == secret:
        return
    known.pop(name, None)
    if secret:
        known[name] = secret
    if known:
        _write(secrets_path(), known)
        return
    with suppress(OSError):
        secrets_path().unlink(missing_ok=True)


def retrieved_folder() -> Path:
    """Where retrieved images are kept, unless told otherwise."""
    override = os.environ.get(FOLDER_VARIABLE)
    return Path(override) if override else Path(platformdirs.user_data_dir("twinviewer", False)) / "retrieved"


def place_for(node: Node, patient_id: str, studies: Iterable[str]) -> Path:
    """The folder of a study, or of a patient where it is more than one. Its name says nothing of either."""
    wanted = sorted(set(studies))
    patient = retrieved_folder() / hashed(node.name, patient_id or (wanted[0] if wanted else ""))
    return patient / hashed(wanted[0]) if len(wanted) == 1 else patient


def retrieved_bytes() -> int:
    """How much is kept there."""
    total = 0
    with suppress(OSError):
        for path in retrieved_folder().rglob("*"):
            if path.is_file() and not path.is_symlink():
                total += path.stat().st_size
    return total


def forget_retrieved() -> None:
    """Delete what was retrieved. Cases that refer to it keep what they hold themselves. ArchiveError."""
    folder = retrieved_folder()
    if folder.exists():
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        raise ArchiveError("Not all that was retrieved could be deleted", remedy="Close what uses it and try again")


def _read(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _write(path: Path, document: Mapping[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".archive-")  # 0600
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)
        Path(name).replace(path)
    except OSError as error:
        raise ArchiveError(
            f"The settings of archives cannot be written: {error.strerror or type(error).__name__}",
            remedy="Check the rights and the free space of the settings' folder",
        ) from None
