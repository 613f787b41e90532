"""Whether the hash-locked requirement files still hold what pyproject.toml asks for (`make lock` writes them anew).

python -m deploy.checks.locks       prints one line per difference, exit 1 if there is any
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s\\;]+)", re.MULTILINE)


def pins(text: str) -> dict[str, str]:
    """Version by canonical name."""
    return {canonicalize_name(name): version for name, version in PIN.findall(text)}


def unmet(wanted: Iterable[str], pinned: dict[str, str], file: str) -> Iterator[str]:
    for requirement in map(Requirement, wanted):
        version = pinned.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            yield f"{file}: pins {version or 'nothing'} for {requirement}: run `make lock`"


def differing(product: dict[str, str], dev: dict[str, str]) -> Iterator[str]:
    for name, version in product.items():
        if dev.get(name) != version:
            yield f"requirements-dev.txt: {name} is {dev.get(name)}, requirements.txt has {version}: run `make lock`"


def main() -> int:
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    product, dev = (pins(Path(file).read_text()) for file in ("requirements.txt", "requirements-dev.txt"))
    asked = project["dependencies"]
    found = [
        *unmet(asked, product, "requirements.txt"),
        *unmet([*asked, *project["optional-dependencies"]["dev"]], dev, "requirements-dev.txt"),
        *differing(product, dev),
    ]
    print("\n".join(found) or "locks: as pyproject.toml asks")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
