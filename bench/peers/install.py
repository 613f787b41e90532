"""Installs the peers, each in an environment of its own under .cache/bench, once."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from bench.setting import CACHE, step
from bench.system import BenchError

HERE = Path(__file__).parent
SECONDS = 600

PYTHON = {
    "quix": ("quixstreams==3.28.1",),
    "bytewax": ("bytewax==0.21.1", "confluent-kafka==2.12.2"),
    "py-spy": ("py-spy==0.4.3",),
}
"""What an environment of Python holds."""
JAVA = ("streams", "flink")
"""Folders with a pom.xml and a Peer.java."""


def installed(name: str) -> bool:
    """Whether it is there already."""
    return (_folder(name) / "done").exists()


def python(name: str) -> Path:
    """The `bin` of an environment of Python; makes it. BenchError says what failed."""
    folder = _folder(name)
    if not installed(name):
        step(f"installing {' '.join(PYTHON[name])}")
        _begin(folder)
        _run(name, sys.executable, "-m", "venv", str(folder))
        _run(name, str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", *PYTHON[name])
        (folder / "done").touch()
    return folder / "bin"


def java(name: str) -> list[str]:
    """The command that starts a peer's Peer.java; fetches its jars and compiles it. BenchError says what failed."""
    folder, here = _folder(name), HERE / name
    program = shutil.which("java")
    if program is None:
        raise BenchError("no java on PATH")
    if not installed(name):
        step(f"installing {name}: jars by Maven")
        _begin(folder)
        into = f"-DoutputDirectory={folder / 'libs'}"
        _run(
            name,
            "mvn",
            "--quiet",
            "--batch-mode",
            "--file",
            str(here / "pom.xml"),
            "dependency:copy-dependencies",
            into,
        )
        compiler = [program, "-cp", f"{folder}/libs/*", "org.eclipse.jdt.internal.compiler.batch.Main"]
        options = ["-17", "-nowarn", "-cp", ":".join(map(str, (folder / "libs").glob("*.jar"))), "-d", str(folder)]
        _run(name, *compiler, *options, str(HERE / "Watch.java"), str(here / "Peer.java"))
        (folder / "done").touch()
    # Flink 2.0 on Java 17 reaches into java.util by reflection.
    opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in ("java.util", "java.lang", "java.time")]
    return [program, "-Xmx2g", *opened, "-cp", f"{folder}:{folder}/libs/*", "Peer"]


def _folder(name: str) -> Path:
    """Named by what is installed, so that a change of it is installed anew."""
    if name in PYTHON:
        return CACHE / f"{name}-{PYTHON[name][0].rpartition('=')[2]}"
    files = (HERE / "Watch.java", HERE / name / "pom.xml", HERE / name / "Peer.java")
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files))
    return CACHE / f"{name}-{digest.hexdigest()[:8]}"


def _begin(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _run(name: str, *command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchError(f"{name} cannot be installed: {error}") from error
    if done.returncode:
        said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise BenchError(f"{name} cannot be installed: {said[-1] if said else f'exit code {done.returncode}'}")
