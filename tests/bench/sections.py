"""docs/benchmarks.md is written by several benches: each its own section between two marks, the others' stay."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
HEAD = "# Benchmarks\n"


def with_section(page: str, name: str, text: str) -> str:
    """The page with a section replaced, or put at its end if it is new; one that is found without marks is lost."""
    whole = f"<!-- bench: {name} -->\n{text.strip()}\n<!-- end -->"
    known = re.compile(f"<!-- bench: {re.escape(name)} -->\n.*?<!-- end -->", re.DOTALL)
    if known.search(page):
        return known.sub(lambda _: whole, page)
    return f"{page.rstrip() or HEAD.rstrip()}\n\n{whole}\n"


def write_section(name: str, text: str, path: Path = PAGE) -> None:
    """Write one bench's section into the page as it stands now."""
    path.write_text(with_section(path.read_text() if path.exists() else "", name, text))
