"""Many mutants in one worker process, one after another; the one under way is written down before it is tried."""

import contextlib
import json
import shutil
import struct
import time
import traceback
import warnings
from pathlib import Path

from mutants.change import Edit, applied, edits_of
from mutants.readers import READERS
from mutants.seeds import Seed, seeds_of
from twinviewer.domain import TwinviewerError

SLOW_S = 1.0
_MARK = struct.Struct("<Q")


def warm() -> None:
    """What every worker needs before it may be timed."""


def try_batch(reader: str, first: int, count: int, folder: str) -> dict[str, object]:
    """Mutants first … first + count - 1 of a reader.

    Gives "findings", (number, what) each; "slow", (number, s) of those beyond SLOW_S; "typed", how many were refused;
    "slowest_s"; and the process's "cpu_s".
    """
    found: list[tuple[int, str]] = []
    slow: list[tuple[int, float]] = []
    slowest_s, typed = 0.0, 0
    before_s = time.process_time()
    seeds_of(reader)
    with Path(folder, "now").open("r+b", buffering=0) as mark, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(first, first + count):
            mark.seek(0)
            mark.write(_MARK.pack(number))
            seed = seed_of(reader, number)
            start_s = time.perf_counter()
            what = outcome(reader, seed, edits_of(seed.content, seed.kind, number), Path(folder))
            took_s = time.perf_counter() - start_s
            slowest_s = max(slowest_s, took_s)
            typed += what == "typed"
            if what not in ("", "typed"):
                found.append((number, f"{seed.name}: {what}"))
            if took_s > SLOW_S:
                slow.append((number, took_s))
    cpu_s = time.process_time() - before_s
    return {"findings": found, "slow": slow, "typed": typed, "slowest_s": slowest_s, "cpu_s": cpu_s}


def seed_of(reader: str, number: int) -> Seed:
    """The seed that a mutant of this number is made from."""
    seeds = seeds_of(reader)
    return seeds[number % len(seeds)]


def outcome(reader: str, seed: Seed, edits: tuple[Edit, ...], folder: Path) -> str:
    """ "" where the mutant was read, "typed" where it was refused, else what escaped and from where."""
    content = applied(seed.content, edits)
    if seed.mend is not None:
        content = seed.mend(content)
    place = folder / "mutant"
    place.mkdir()
    try:
        for name, beside in seed.beside.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(beside)
        path = place / f"m{seed.suffix}" if not seed.beside else place / seed.name
        path.write_bytes(content)
        READERS[reader](path)
    except TwinviewerError:
        return "typed"
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # panics of a decoder in Rust are no Exception
        steps = [one for one in traceback.extract_tb(error.__traceback__) if "twinviewer" in one.filename]
        where = f"{Path(steps[-1].filename).name}:{steps[-1].lineno}" if steps else "?"
        return f"{type(error).__name__} at {where}: {str(error)[:120]}"
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(place)
    return ""


def try_kept(reader: str, name: str, edits: list[list[object]], folder: str) -> str:
    """What comes of a mutant that was kept: :func:`outcome` of it."""
    seed = next(seed for seed in seeds_of(reader) if seed.name == name)
    kept = tuple((int(str(at)), int(str(gone)), bytes.fromhex(str(new))) for at, gone, new in edits)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return outcome(reader, seed, kept, Path(folder))


def row_of(reader: str, number: int) -> str:
    """A line of the table of kept mutants: reader, seed, edits as JSON with the new bytes in hex."""
    seed = seed_of(reader, number)
    edits = [[at, gone, new.hex()] for at, gone, new in edits_of(seed.content, seed.kind, number)]
    return json.dumps({"reader": reader, "seed": seed.name, "edits": edits})


def now(folder: str) -> int:
    """The number of the mutant under way."""
    return int(_MARK.unpack(Path(folder, "now").read_bytes())[0])


def begin(folder: str, number: int) -> None:
    """Say that nothing was tried yet."""
    Path(folder, "now").write_bytes(_MARK.pack(number))
