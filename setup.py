"""Compiles the hot modules of the core from their sources (ADR 0034); everything else is in pyproject.toml.

python setup.py --quiet build_ext --inplace

Without a C compiler, without mypyc, or with KPI_STREAM_PURE=1, nothing is compiled and the sources run as they are.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from runpy import run_path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).parent
CORE = run_path(str(HERE / "stream/core.py"), run_name="core")
SOURCES = CORE["digest"](HERE / "stream")


def extensions() -> list[Extension]:
    """The extension modules that a build makes; none for a command that builds nothing."""
    if CORE["wants_pure"]() or not {"build", "build_ext", "bdist_wheel"}.intersection(sys.argv):
        return []
    try:
        from mypyc.build import mypycify
    except ImportError:
        return refused("mypyc is not installed")
    if not has_compiler():
        return refused("there is no C compiler with Python's headers")
    found: list[Extension] = mypycify(CORE["compiled_sources"](), group_name="stream.core", debug_level="0")
    return found


def refused(why: str) -> list[Extension]:
    sys.stderr.write(f"warning: the core is not compiled, and a third slower: {why}\n")
    return []


def has_compiler() -> bool:
    """Whether a C file that includes Python's headers can be compiled."""
    command = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    command += [f"-I{sysconfig.get_path('include')}", "-fsyntax-only", "-x", "c", "-"]
    try:
        return subprocess.run(command, input=b"#include <Python.h>", capture_output=True, check=False).returncode == 0
    except OSError:
        return False


class Build(build_ext):  # type: ignore[misc]  # setuptools ships no types
    """Notes, once all is built, of which sources."""

    def run(self) -> None:
        package = Path("." if self.inplace else self.build_lib) / "stream"
        note = package / CORE["NOTE"]
        note.unlink(missing_ok=True)
        for former in package.rglob("*" + sysconfig.get_config_var("EXT_SUFFIX")):
            former.unlink()
        super().run()
        if self.extensions:
            note.write_text(f"{SOURCES}\n")


setup(ext_modules=extensions(), cmdclass={"build_ext": Build})
