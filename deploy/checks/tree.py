"""Rules about tracked files that no linter knows: sizes, one name for one thing, nothing of one machine or registry.

python -m deploy.checks.tree        prints one line per breach, exit 1 if there is any
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

FILE_LINES = 400
FUNCTION_LINES = 60
CODE = {".py", ".js", ".css", ".html", ".sh", ".yaml", ".yml"}

# Written so that this file does not hold what it looks for.
FOREIGN = re.compile(
    r"/(?:work|farm)/|/opt[/]wheels|[.]library/|\.\./shared/(?:design|reference|hooks)"
    r"|pypi[.]org|pythonhosted[.]org|maven[.]org|repo[.]maven|npmjs[.]org|crates[.]io|proxy[.]golang|deb[.]debian"
)


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True)
    return [path for name in listed.stdout.split("\0") if name and (path := Path(name)).is_file()]


def breaches(path: Path) -> Iterator[str]:
    """One line per breach of a rule in this file; a file that is not text has none."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if found := FOREIGN.search(line):
            yield f"{path}:{number}: names a machine's path or a registry: {found.group()}"
    if path.suffix in CODE and len(lines) > FILE_LINES:
        yield f"{path}: {len(lines)} lines, more than {FILE_LINES}"
    if path.suffix == ".py":
        yield from _long_functions(path, text)


def _long_functions(path: Path, text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            # The body alone: a command's options are a table that stands in its signature.
            length = (node.end_lineno or node.lineno) - node.body[0].lineno + 1
            if length > FUNCTION_LINES:
                yield f"{path}:{node.lineno}: {node.name} has {length} lines, more than {FUNCTION_LINES}"


def repeated_classes(paths: Iterable[Path]) -> Iterator[str]:
    """One line per name that public classes of several rooms of stream/ have: one name means one thing."""
    rooms: dict[str, dict[str, Path]] = {}
    for path in paths:
        if path.suffix == ".py" and path.parts[0] == "stream" and len(path.parts) > 2:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    rooms.setdefault(node.name, {}).setdefault(path.parts[1], path)
    for name, found in sorted(rooms.items()):
        if len(found) > 1:
            yield f"{name} is a class of several rooms: {', '.join(map(str, found.values()))}"


def main() -> int:
    paths = tracked()
    found = [*(line for path in paths for line in breaches(path)), *repeated_classes(paths)]
    print("\n".join(found) or "tree: sizes and words are in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
