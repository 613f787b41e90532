"""Whether the hot modules of the core run compiled or as they are (ADR 0034).

`setup.py` compiles them beside their sources, and notes what the sources were. Python would take such an extension
module whatever became of its source; so where anything differs by a byte, or KPI_STREAM_PURE=1 is set, the sources run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from hashlib import sha256
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent
NOTE = "core.sha256"
"""What `setup.py` leaves beside this file: the digest of the sources that it compiled."""

ROOMS = ("facts", "windows", "ledger", "kpis", "alerts", "conduct", "engine")
"""The pure rooms. Compiled modules are bound to what they import, compiled or not; they import from these alone."""

MODULES = {
    "facts": "decode identity instant murmur",
    "windows": "measures packed sums",
    "ledger": (
        "calls cases columns complaints contribution debtor_index difference fold judge legal own payments promises "
        "reach running_totals state_timeline states visits"
    ),
    "ledger/store": "dossier dossier_cache held_facts large_dossier record",
    "conduct": "counts latecomers running seen sheet",
    "engine/debtors": "alone conduct entity_limits followed room stage touched",
    "engine/deltas": "buffer rows",
}
"""What is compiled, by folder: what was measured to gain. A class that msgspec makes cannot be compiled, nor one that
is pickled. This is the only list: `setup.py` reads it."""


def digest(package: Path = HERE) -> str:
    """Of all sources of the core."""
    found = sha256(sys.version.encode())
    for room in ROOMS:
        for source in sorted((package / room).rglob("*.py")):
            found.update(str(source.relative_to(package)).encode())
            found.update(source.read_bytes())
    return found.hexdigest()


def compiled_sources() -> list[str]:
    """The sources that are compiled, as paths from the repository's root."""
    return [f"stream/{folder}/{name}.py" for folder, names in MODULES.items() for name in names.split()]


def installed_version() -> str:
    """The product's version; `source` where it runs from a tree that is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("kpi-stream")
    except PackageNotFoundError:
        return "source"


def wants_pure() -> bool:
    """Whether the environment asks for the sources, at build time or at run time."""
    return os.environ.get("KPI_STREAM_PURE", "0") not in ("", "0")


def is_compiled() -> bool:
    """Whether compiled modules are in use: they are there, and of these sources."""
    note = HERE / NOTE
    return not wants_pure() and note.exists() and note.read_text().strip() == digest()


class _Sources:
    """Finds the modules of this package by their sources alone."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, _target: ModuleType | None = None) -> ModuleSpec | None:
        if not name.startswith("stream.") or path is None:
            return None
        for entry in path:
            found = FileFinder(entry, (SourceFileLoader, SOURCE_SUFFIXES)).find_spec(name)
            if found is not None and found.loader is not None:
                return found
        return None


COMPILED = is_compiled()
"""What runs in this process."""

if not COMPILED:
    sys.meta_path.insert(0, _Sources)
