"""``python -m tests.support.mutants --count 500000 [--first N] [--reader NAME]``: for the night."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mutants.campaign import Tally

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main() -> int:
    """Run a campaign and print what came of it; 1 where anything escaped or hung."""
    from mutants.campaign import SHARES, run

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000, help="mutants in all")
    parser.add_argument("--first", type=int, default=0, help="number of the first one: other numbers, other mutants")
    parser.add_argument("--reader", choices=sorted(SHARES), help="this one only")
    parser.add_argument("--keep", metavar="READER:NUMBER", help="print the row of one for kept_mutants.jsonl")
    asked = parser.parse_args()
    if asked.keep:
        from mutants.batch import row_of

        name, number = asked.keep.split(":")
        print(row_of(name, int(number)))
        return 0
    tallies = run(asked.count, asked.first, {asked.reader: 1.0} if asked.reader else SHARES, tell)
    return int(any(tally.findings or tally.hangs for tally in tallies.values()))


def tell(reader: str, tally: "Tally") -> None:
    """Print what came of one reader's mutants."""
    print(f"{reader}: {tally.tried} tried, {tally.typed} refused, slowest {tally.slowest_s:.2f} s, ", end="")
    print(f"{tally.cpu_s:.1f} CPU s, {len(tally.findings)} escaped, {len(tally.deaths)} workers dead, ", end="")
    print(f"{len(tally.given_up)} given up, {len(tally.hangs)} hangs")
    hangs = [(number, "hangs") for number in tally.hangs]
    for number, what in [*tally.findings, *tally.deaths, *tally.given_up, *hangs]:
        print(f"  {reader} {number}: {what}")
    for number, took_s in tally.slow:
        print(f"  {reader} {number}: slow, {took_s:.1f} s")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
