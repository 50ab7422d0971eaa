"""``python -m tests.verification [case ...] [--write]``: run the cases and write docs/verification.md.

A case is a module of this package with ``section() -> str``: Markdown that begins with a heading of the second level,
pictures saved by :func:`tests.verification.pictures.save`. Cases are found by themselves and stand in the order of
their ORDER (default 50), then name. With names only those are run; the others' sections stay as they are in the page.
"""

import argparse
import importlib
import pkgutil
import re
import sys
import time
from pathlib import Path

import tests.verification as package

PAGE = Path(__file__).parents[2] / "docs" / "verification.md"
HEAD = """# Verification

`python -m tests.verification --write` computes and rewrites this page; with names of cases only those. What is
compared with patients and published cohorts is in validation.md, how long things take in benchmarks.md.
"""


def cases() -> dict[str, int]:
    """Names of the modules that have a section, and their ORDER."""
    found = {}
    for one in pkgutil.iter_modules(package.__path__):
        if one.name == "__main__":
            continue
        module = importlib.import_module(f"{package.__name__}.{one.name}")
        if hasattr(module, "section"):
            found[one.name] = int(getattr(module, "ORDER", 50))
    return dict(sorted(found.items(), key=lambda item: (item[1], item[0])))


def standing(page: str) -> dict[str, str]:
    """The sections that a page has, by case."""
    return dict(re.findall(r"<!-- case: (\w+) -->\n(.*?)\n<!-- end -->", page, re.DOTALL))


def main() -> int:
    """Run what is asked for; print it, and write the page if asked."""
    known = cases()
    parser = argparse.ArgumentParser(prog="python -m tests.verification", description=__doc__)
    parser.add_argument("cases", nargs="*", help="default all")
    parser.add_argument("--write", action="store_true", help=f"rewrite {PAGE.name}")
    asked = parser.parse_args()
    unknown = set(asked.cases) - set(known)
    if unknown:
        parser.error(f"no such case: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    for name in asked.cases or known:
        start = time.perf_counter()
        text = importlib.import_module(f"{package.__name__}.{name}").section()
        print(f"{text.strip()}\n\n{name}: {time.perf_counter() - start:.0f} s\n", flush=True)
        if asked.write:  # after each, and into the page as it stands by then: some take minutes, others run meanwhile
            sections = (standing(PAGE.read_text()) if PAGE.exists() else {}) | {name: text.strip()}
            bodies = [f"<!-- case: {case} -->\n{sections[case]}\n<!-- end -->\n" for case in known if case in sections]
            PAGE.write_text("\n".join([HEAD, *bodies]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
