"""Builds what the image holds as deploy/Dockerfile says, without containers and without a network.

    make wheels                    every package of the locks, into build/wheels
    make image                     goes through the stage that builds, and starts what came out

It does what the lines of the Dockerfile say, in a folder that is thrown away and in a network namespace of its own, in
which nothing but the machine itself is reached. What is left to whoever has containers: the base images.
"""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
STAGE = "build"
FOLDERS = re.compile(r"(?<![\w./-])/(opt|wheels|source|dist)\b")
"""Those of the image that the stage speaks of."""
QUIET_OFFLINE = {"PIP_NO_INDEX": "1", "PIP_QUIET": "1"}


class Step(NamedTuple):
    """An instruction of the Dockerfile, such as RUN, and what it says."""

    name: str
    words: str


def steps(text: str, stage: str = STAGE) -> Iterator[Step]:
    """The instructions of a stage, in order; what only Docker's cache or mounts are about is left out."""
    lines = re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", text)).splitlines()
    within = False
    for line in filter(None, map(str.strip, lines)):
        name, _, words = line.partition(" ")
        if name == "FROM":
            within = words.endswith(f" AS {stage}")
        elif within:
            yield Step(name, re.sub(r"--mount=\S+ ", "", words))


def build(folder: Path, wheels: Path) -> Path:
    """Does what the stage says within `folder`; returns the program that came out.

    CalledProcessError: a step failed.
    """
    (folder / "opt").mkdir()
    (folder / "wheels").symlink_to(wheels)
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(folder)} | QUIET_OFFLINE
    at = folder
    for step in steps(DOCKERFILE.read_text("utf-8")):
        words = FOLDERS.sub(lambda found: f"{folder}/{found[1]}", step.words)
        if step.name == "WORKDIR":
            at = Path(words)
            at.mkdir()
        elif step.name == "ENV":
            environment |= dict(word.partition("=")[::2] for word in shlex.split(words))
        elif step.name == "COPY":
            *sources, target = words.split()
            for source in sources:
                _copy(ROOT / source, at / target)
        elif step.name == "RUN":
            print(f"image: {step.words}", flush=True)
            alone = ["unshare", "--map-root-user", "--net", "bash", "-euo", "pipefail", "-c", words]
            subprocess.run(alone, cwd=at, env=environment, check=True)
    return folder / "opt" / "kpi-stream" / "bin" / "kpi-stream"


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    else:
        shutil.copy(source, target)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Builds what the image holds, without a network.")
    parser.add_argument("--wheels", type=Path, default=ROOT / "build" / "wheels", help="default build/wheels")
    wheels: Path = parser.parse_args(arguments).wheels.resolve()
    if not wheels.is_dir():
        print(f"image: no {wheels}: run `make wheels`", file=sys.stderr)
        return 1
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        try:
            program = build(Path(folder), wheels)
            said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, cwd=folder)
        except subprocess.CalledProcessError as error:
            print(f"image: {' '.join(map(str, error.cmd))}: exit code {error.returncode}", file=sys.stderr)
            return 1
        size = sum(each.stat().st_size for each in program.parents[1].rglob("*") if each.is_file())
    print(f"image: {said.stdout.strip()}, {size >> 20} MiB, in {time.monotonic() - begun:.0f} s without a network")
    return 0


if __name__ == "__main__":
    sys.exit(main())
