"""Which images the Dockerfile, the compose file and the manifests start from, and whether each is named so that it
stays the same.

python -m deploy.checks.images             exit 1 if an image has no tag, or `latest`; says how many have a digest
python -m deploy.checks.images --pinned    exit 1 also if an image has no digest: for whoever builds a release
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

DEPLOY = Path(__file__).resolve().parents[1]
OURS = "kpi-stream"
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


def images() -> list[tuple[str, str]]:
    """(file, image) of everything that is not built here."""
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    dockerfile = (DEPLOY / "Dockerfile").read_text("utf-8")
    return [*_of_dockerfile(dockerfile), *_of_compose(compose), *_of_manifests()]


def _of_dockerfile(text: str) -> Iterator[tuple[str, str]]:
    defaults = dict(re.findall(r"^ARG (\w+)=(\S+)", text, re.MULTILINE))
    stages = {"scratch", *re.findall(r"^FROM \S+ AS (\S+)", text, re.MULTILINE)}
    for image in re.findall(r"^FROM (\S+)", text, re.MULTILINE):
        named = re.sub(r"\$\{?(\w+)\}?", lambda found: defaults.get(found[1], ""), image)
        if named not in stages:
            yield "Dockerfile", named


def _of_compose(document: dict[str, dict[str, dict[str, str]]]) -> Iterator[tuple[str, str]]:
    for service in document["services"].values():
        if "build" not in service:
            yield "compose.yaml", service["image"]


def _of_manifests() -> Iterator[tuple[str, str]]:
    """Those of pods, but our own, which an overlay names with its version."""
    for file in sorted((DEPLOY / "kubernetes").rglob("*.yaml")):
        for image in re.findall(r"^ +image: (\S+)", file.read_text("utf-8"), re.MULTILINE):
            if image != OURS:
                yield str(file.relative_to(DEPLOY)), image


def floating(image: str) -> bool:
    """Whether an image may be another one tomorrow without anybody's doing: no digest, and no tag or `latest`."""
    tag = image.rpartition("/")[2].partition(":")[2]
    return not DIGEST.search(image) and tag in ("", "latest")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Are images named so that they stay the same?")
    parser.add_argument("--pinned", action="store_true", help="refuse a tag without a digest, too")
    pinned = parser.parse_args(arguments).pinned
    found = sorted(set(images()))
    wrong = [(file, image) for file, image in found if floating(image) or (pinned and not DIGEST.search(image))]
    for file, image in wrong:
        print(f"deploy/{file}: {image}: {'no tag' if floating(image) else 'no digest'}")
    if not wrong:
        by_digest = sum(bool(DIGEST.search(image)) for _, image in found)
        print(f"images: {len(found)}, each with a tag, {by_digest} of them by digest (--pinned asks for all)")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
