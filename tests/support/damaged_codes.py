"""Coded images, damaged at random and decoded in a process of their own: a crash is that process's end, not the tests'.

As a program: ``python damaged_codes.py FOLDER EACH``; it prints how many mutants were decoded all the same.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

SEED = 20261122
LIMIT_S = 120.0


class Code(NamedTuple):
    """One frame as a coding has it. shape: (rows, columns, samples) that it decodes to. head: bytes at its beginning
    that say what it is, where half of all changes are made."""

    syntax: str
    shape: tuple[int, int, int]
    encoded: bytes
    head: int = 150


def decoded_of_mutants(codes: Sequence[Code], each: int, folder: Path) -> int:
    """How many of ``each`` mutants of every code are decoded, the others being refused. AssertionError if the process
    dies, raises anything but the decoders' own errors, or makes an image of another size."""
    for number, (syntax, shape, encoded, head) in enumerate(codes):
        (folder / "_".join(map(str, (number, syntax, *shape, head)))).write_bytes(encoded)
    done = subprocess.run(
        [sys.executable, __file__, str(folder), str(each)], capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return int(done.stdout)


def damaged(whole: bytes, head: int, random: np.random.Generator) -> bytes:
    """With one to five changes: bytes replaced, taken out, put in, a marker written, a bit turned."""
    bad = bytearray(whole)
    for _ in range(int(random.integers(1, 6))):
        at = int(random.integers(0, min(len(bad), head) if random.random() < 0.5 else len(bad)))
        kind = random.integers(5)
        if kind == 0:
            bad[at : at + 1] = random.bytes(1)
        elif kind == 1:
            bad[at : at + 2] = b"\xff\xff"
        elif kind == 2 and len(bad) > 40:
            del bad[at : at + int(random.integers(1, 40))]
        elif kind == 3:
            bad[at:at] = random.bytes(int(random.integers(1, 20)))
        else:
            bad[at] ^= 1 << int(random.integers(8))
    return bytes(bad)


def main() -> None:
    """Decode the mutants of every code in a folder."""
    from twinviewer.dicom.codecs import decode

    random, decoded = np.random.default_rng(SEED), 0
    for path in sorted(Path(sys.argv[1]).iterdir()):
        _, syntax, *numbers = path.name.split("_")
        rows, columns, samples, head = map(int, numbers)
        whole = path.read_bytes()
        bits = 16 if samples == 1 else 8
        for _ in range(int(sys.argv[2])):
            try:
                found = decode(damaged(whole, head, random), syntax, (rows, columns, samples), bits, True)
            except (ValueError, RuntimeError):
                continue
            assert found.shape[:2] == (rows, columns), found.shape
            decoded += 1
    print(decoded)


if __name__ == "__main__":
    main()
