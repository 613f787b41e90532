"""The page of all commands, made of the program itself: what `--help` says, in the order of the program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer
import typer.main
from typer.core import TyperArgument, TyperGroup

from stream.cli.main import PROGRAM, app

INTRODUCTION = f"""\
# Commands

Generated from `stream/cli/` by `docs/generate.py`: what `--help` says. After `make setup` the program is
`.venv/bin/{PROGRAM}`. Every command takes `--help` and `--config FILE`, the configuration; without it the file that
`KPI_STREAM_CONFIG` names is taken, else the [defaults](configuration-keys.md). What results look like, in files and on
topics, is in [contract.md](contract.md).

| exit code | means |
|---|---|
| 0 | done |
| 1 | failed, or what was compared differs; one line on stderr names the file, topic or record |
| 2 | wrong usage or configuration; one line on stderr names the option or key |
| 3, 4, 5 | of `worker`: fenced by a successor; refuses its state; asks to be restarted ([runbook.md](runbook.md)) |
| 130 | Ctrl-C |

| command | does |
|---|---|"""
EVERYWHERE = {"--config", "--help"}
"""Options that all commands have."""


def commands_page() -> str:
    """The reference of all commands."""
    found = list(_leaves(typer.main.get_command(app), PROGRAM))
    lines = [INTRODUCTION]
    lines += [f"| [`{name}`](#{name.replace(' ', '-')}) | {_first(command)} |" for name, command in found]
    for name, command in found:
        lines += ["", f"## `{name}`", "", *_command(name, command)]
    return "\n".join(lines) + "\n"


def _leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """(name, command) of all that can be run, in the order of the program."""
    if not isinstance(command, TyperGroup):
        yield name, command
        return
    for part, inner in command.commands.items():
        yield from _leaves(inner, f"{name} {part}")


def _first(command: Any) -> str:
    """The first sentence of what a command does."""
    text = " ".join(command.help.split("\n\n")[0].split())
    return re.split(r"(?<=[a-z0-9)`])[.:] ", text)[0].rstrip(".").replace("|", "\\|")


def _command(name: str, command: Any) -> Iterator[str]:
    arguments = [each for each in command.params if isinstance(each, TyperArgument)]
    asked = [f"{each.opts[0]} {each.metavar or each.name.upper()}" for each in command.params if _asked(each)]
    shown = [each.metavar or each.name.upper() for each in arguments]
    yield f"`{' '.join([name, *shown, *asked])} [OPTIONS]`"
    for paragraph in command.help.split("\n\n"):
        if paragraph.startswith("\b"):
            _, *rest = paragraph.split("\n")
            heading, *inner = rest
            yield from ("", heading, "", "```", *(line.removeprefix("  ") for line in inner), "```")
        else:
            yield from ("", _plain(" ".join(paragraph.split())))
    context = typer.Context(command, info_name=name)
    rows = [each.get_help_record(context) for each in command.params if not EVERYWHERE & set(each.opts)]
    if rows:
        yield from ("", "| option | |", "|---|---|")
    for option, meaning in rows:
        option = re.sub(r" <[a-z\[\]]+>$", "", option).replace("|", "\\|")
        yield f"| `{option}` | {_plain(re.sub(r'  +', ' ', meaning)).replace('|', chr(92) + '|')} |"


def _asked(parameter: Any) -> bool:
    """Whether it is an option that must be given."""
    return not isinstance(parameter, TyperArgument) and parameter.required


def _plain(text: str) -> str:
    """Text of the terminal as Markdown would show it: what looks like a tag or a footnote is none."""
    return re.sub(r"<(?=[a-z])", r"\\<", text)
