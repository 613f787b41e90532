"""From a world that differs to the fewest lines and the simplest configuration that still differ."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.worlds.world import World

Differs = Callable[[World], bool]


def without_lines(world: World) -> Iterator[World]:
    """The world with runs of lines left out, long runs first."""
    size = len(world.lines) // 2
    while size > 0:
        for start in range(0, len(world.lines), size):
            yield replace(world, lines=world.lines[:start] + world.lines[start + size :])
        size //= 2


def simpler_lines(world: World) -> Iterator[World]:
    """The world with one field of one line left out."""
    for number, line in enumerate(world.lines):
        try:
            raw = json.loads(line)
        except ValueError:
            continue
        for name in raw if isinstance(raw, dict) else ():
            fewer = json.dumps({key: value for key, value in raw.items() if key != name}, ensure_ascii=False).encode()
            yield replace(world, lines=[*world.lines[:number], fewer, *world.lines[number + 1 :]])


def simpler_config(world: World) -> Iterator[World]:
    """The world with one part of its configuration left out."""

    def parts(node: Any) -> Iterator[Any]:
        if isinstance(node, dict):
            for key in node:
                yield {k: v for k, v in node.items() if k != key}
                yield from ({**node, key: smaller} for smaller in parts(node[key]))
        elif isinstance(node, list) and node and isinstance(node[0], dict):
            for index in range(len(node)):
                yield node[:index] + node[index + 1 :]
                yield from ([*node[:index], smaller, *node[index + 1 :]] for smaller in parts(node[index]))

    for config in parts(world.config):
        yield replace(world, config=config)


def shrink(world: World, differs: Differs, tries: int = 3000) -> World:
    """A smallest world, by greedy removal, that still differs. `differs` must not raise."""
    progress = True
    while progress and tries > 0:
        progress = False
        for steps in (without_lines, simpler_config, simpler_lines):
            for smaller in steps(world):
                tries -= 1
                if tries > 0 and differs(smaller):
                    world, progress = smaller, True
                    break
            if progress:
                break
    return world
