"""A contract of import-linter: a room's inner modules are imported by that room alone.

What a room shows to others are the modules (and names) that its `__init__.py` lists in `__all__`: its face. A package
within a room is a room of its own. `lint-imports` names every import of a module that is not in its room's face, and
every module in a face that nobody outside imports.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, output

ROOT = Path(__file__).resolve().parents[2]


class FacesContract(Contract):
    """`rooms: all`; nothing else to configure."""

    type_name = "faces"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002  the interface asks for it
        """Kept where every import from outside a room goes to its face."""
        rooms = {room: face(room) for room in packages()}
        breaches, used = [], set()
        for module in sorted(graph.modules):
            room, _, name = module.rpartition(".")
            if module in rooms or room not in rooms or room == "stream":
                continue
            for importer in sorted(graph.find_modules_that_directly_import(module)):
                if importer.startswith(f"{room}.") or importer == room:
                    continue
                used.add(module)
                if name not in rooms[room]:
                    breaches.append(f"{importer} imports {module}, which is not in the face of {room}")
        shown = {f"{room}.{name}" for room, names in rooms.items() for name in names} & graph.modules
        breaches += [
            f"{module} is in its room's face, and nobody outside imports it" for module in sorted(shown - used)
        ]
        return ContractCheck(kept=not breaches, metadata={"breaches": breaches})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """A line for each breach."""
        for breach in check.metadata["breaches"]:
            output.print_error(breach)


def packages() -> list[str]:
    """Every package under `stream`, by its dotted name."""
    found = (path.parent.relative_to(ROOT) for path in (ROOT / "stream").rglob("__init__.py"))
    return [".".join(path.parts) for path in found]


def face(room: str) -> frozenset[str]:
    """The modules that a room lists in `__all__`; none where it has no such list."""
    tree: Any = ast.parse((ROOT / Path(*room.split(".")) / "__init__.py").read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]:
            return frozenset(ast.literal_eval(node.value))
    return frozenset()
