"""Whether what is cited is there: `contract 2`, `definitions 5b`, `live 1`, `feeds 3`, `ADR 0012`, `fold.py` on a page.

python -m deploy.checks.citations        prints one line per citation that leads nowhere, exit 1 if there is any

A citation names a page of docs/ and a numbered heading of it, a decision record, or (on a page) a Python file by its
name, with as many of its folders as one likes. The pages are in this repository,
so that a reader has all that the code refers to.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.checks.tree import tracked

DOCS = Path("docs")
CITED = re.compile(
    r"\b(alerting|conduct|contract|definitions|live|internals|feeds|scores)(?:,? sections?)? (\d+)[a-d]?\b"
)
DECISION = re.compile(r"\bADRs? (\d{4})")
MODULE = re.compile(r"`([\w/]+\.py)\b")
FOREIGN = re.compile(r"\b(semantics|architecture|operations|domain)(?:,? sections?)? \d")
"""Pages that a reader of this repository does not have."""


def headings(page: str) -> set[str]:
    """The numbers of a page's sections."""
    return set(re.findall(r"^## (\d+)\. ", (DOCS / f"{page}.md").read_text("utf-8"), re.MULTILINE))


def dangling(path: Path, sections: dict[str, set[str]], decisions: set[str], modules: str) -> Iterator[str]:
    """One line per citation in this file that leads nowhere; a file that is not text has none. `modules`: the paths of
    all Python files, each on a line with a slash before it."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        return
    for number, line in enumerate(lines, 1):
        for page, section in CITED.findall(line):
            if section not in sections[page]:
                yield f"{path}:{number}: docs/{page}.md has no section {section}"
        for decision in DECISION.findall(line):
            if decision not in decisions:
                yield f"{path}:{number}: docs/adr has no {decision}"
        for module in MODULE.findall(line) if path.suffix == ".md" and path.name != "CHANGELOG.md" else ():
            if f"/{module}\n" not in modules:
                yield f"{path}:{number}: there is no {module}"
        for page in FOREIGN.findall(line):
            yield f"{path}:{number}: cites {page}, which is not in this repository"


def main() -> int:
    sections = {
        page: headings(page)
        for page in ("alerting", "conduct", "contract", "definitions", "live", "internals", "feeds", "scores")
    }
    decisions = {path.name[:4] for path in (DOCS / "adr").glob("*.md")}
    modules = "".join(f"/{path}\n" for path in tracked() if path.suffix == ".py")
    files = [path for path in tracked() if path.suffix in {".py", ".md", ".yaml", ".toml", ".html", ".js"}]
    found = [line for path in files for line in dangling(path, sections, decisions, modules)]
    print("\n".join(found) or f"citations: all of {len(files)} files lead somewhere")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
