"""What a bundle says of itself: every file with its hash, versions, the machine, runs and seeds."""

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from twinviewer import __version__
from twinviewer.domain import StoreError
from twinviewer.report import RESEARCH_ONLY
from twinviewer.report.pages.provenance import versions
from twinviewer.session.case import Case

FORMAT, SCHEMA = "twinviewer bundle", 1
MANIFEST, README, CASE, NUMBERS = "manifest.json", "README.txt", "case.twin", "numbers/metrics.json"
MOST_BYTES = 4 << 20
COMPUTING = ("domain", "geometry", "physics", "segmentation", "organs", "engines", "therapies")
"""Rooms whose code decides a number."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """versions, machine: of the program and computer that made it. files: name -> (sha256, bytes) of all but itself.
    runs: scenario -> hash of its inputs. seeds: what was drawn at random -> seed. images: whether they are inside."""

    versions: Mapping[str, str]
    machine: Mapping[str, str]
    files: Mapping[str, tuple[str, int]]
    runs: Mapping[str, str]
    seeds: Mapping[str, Any]
    images: bool
    made: str = field(default_factory=lambda: date.today().isoformat())

    def text(self) -> str:
        """As JSON."""
        document = {
            "format": FORMAT, "schema": SCHEMA, "notice": RESEARCH_ONLY, "made": self.made, "made_by":
            f"twinviewer {__version__}", "images_inside": self.images, "versions": dict(self.versions),
            "machine": dict(self.machine), "runs": dict(self.runs), "seeds": dict(self.seeds),
            "files": {name: {"sha256": sha, "bytes": size} for name, (sha, size) in sorted(self.files.items())},
        }  # fmt: skip
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def manifest_of(case: Case, files: Mapping[str, tuple[str, int]]) -> Manifest:
    """Of a case as it is now."""
    runs = {one.name: one.run.uid for one in case.scenarios if one.run is not None}
    seeds = {
        f"{study.name}: {name}": value
        for study in case.studies
        for name, value in study.settings.items()
        if "seed" in name
    }
    return Manifest(versions(), machine(), files, runs, seeds, case.image is not None)


def machine() -> dict[str, str]:
    """What decides whether the same program gives the same last digits: system, processor, the code made for it."""
    found = {"system": platform.system(), "machine": platform.machine()}
    if numerics := _numerics():
        found["numerics"] = numerics
    try:
        from llvmlite import binding

        found["processor"] = binding.get_host_cpu_name()
    except (ImportError, RuntimeError):
        pass
    return found


@cache
def _numerics() -> str:
    """Hash of the source that computes: two builds may have one version number. "" where no source is installed."""
    root, digest = Path(__file__).parents[2], hashlib.sha256()
    for room in COMPUTING:
        for path in sorted((root / room).rglob("*")):
            if path.suffix in (".py", ".toml", ".csv", ".json"):
                digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16] if (root / COMPUTING[0]).is_dir() else ""


def read_manifest(content: bytes) -> Manifest:
    """StoreError for anything that is not a manifest of this schema."""
    try:
        document = json.loads(content.decode("utf-8"))
        if document["format"] != FORMAT or document["schema"] != SCHEMA:
            raise StoreError("This is not a bundle of this version", remedy="Use the Twinviewer that made it")
        files = {
            _text(name): (_text(entry["sha256"]), int(entry["bytes"])) for name, entry in document["files"].items()
        }
        return Manifest(
            _texts(document["versions"]), _texts(document["machine"]), files, _texts(document["runs"]),
            dict(document["seeds"]), bool(document["images_inside"]), _text(document["made"]),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StoreError("The bundle's manifest is not sound", where=MANIFEST) from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _texts(values: Any) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in values.items()}
