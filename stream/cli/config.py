"""`kpi-stream config`: what is wrong with a configuration, what holds under it and why, a file to begin with, and its
JSON Schema."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.configuration import Config, settings_of
from stream.cli.failure import CommandError, warn
from stream.facts.printable import escaped
from stream.written_file import written

if TYPE_CHECKING:
    from stream.settings import Settings

app = typer.Typer(help="Look at a configuration.", rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Look at a configuration."""


@app.command()
def init(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to; else standard output.", show_default=False)
    ] = None,
    config: Config = None,  # noqa: ARG001  every command takes it
) -> None:
    """Writes a configuration to begin with: every key with its default, commented out. A file that is there stays.

    \b
    Examples:
      kpi-stream config init my.yaml
      kpi-stream config init | less

    Its first line names a JSON Schema for editors, kpi-stream.schema.json, which is written beside it unless it is
    there already; `config schema` writes it anew after an upgrade.
    """
    from stream.settings.effective import SCHEMA_FILE, starter

    if file is None:
        print(starter(), end="")
        return
    _new(file, starter())
    print(f"{file}: written; every key stands there with its default, commented out", file=sys.stderr)
    beside = file.with_name(SCHEMA_FILE)
    if not beside.exists():
        _new(beside, _schema_text())
        print(f"{beside}: written; an editor completes and checks keys by it", file=sys.stderr)


def _new(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8") as target:
            target.write(text)
    except FileExistsError as error:
        raise CommandError(f"{file}: is there already; it is left as it is", exit_code=2) from error
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror or error}", exit_code=2) from error


@app.command()
def schema(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to; else standard output.", show_default=False)
    ] = None,
    config: Config = None,  # noqa: ARG001  every command takes it
) -> None:
    """Writes the JSON Schema of configurations, by which editors complete and check them. A former one is replaced.

    \b
    Examples:
      kpi-stream config schema kpi-stream.schema.json
      kpi-stream config schema | jq '.definitions.Kafka.properties | keys'

    An editor with a YAML language server reads it where the first line of a configuration names it:
    # yaml-language-server: $schema=kpi-stream.schema.json
    """
    if file is None:
        print(_schema_text(), end="")
        return
    try:
        if file.is_file() and not _is_schema(file.read_bytes()):
            raise CommandError(f"{file}: is there already, and no such schema; it is left as it is", exit_code=2)
        with written(file) as target:
            target.write(_schema_text().encode())
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror or error}", exit_code=2) from error
    print(f"{file}: written", file=sys.stderr)


def _schema_text() -> str:
    from stream.settings.schema import configuration_schema

    return json.dumps(configuration_schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _is_schema(content: bytes) -> bool:
    """Whether a file is a schema that this command once wrote, or empty."""
    from stream.settings.schema import TITLE

    try:
        found = json.loads(content or b"{}")
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("title", TITLE if not found else None) == TITLE


@app.command()
def show(
    given: Annotated[bool, typer.Option("--given", help="Leave out what is as it is by default.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line: key, value, source.")] = False,
    config: Config = None,
) -> None:
    """Prints every key with its value, and where that came from: a file, a variable, or the defaults.

    \b
    Examples:
      kpi-stream config show --config my.yaml
      KPI_STREAM_KAFKA__PARTITIONS=16 kpi-stream config show --given
      kpi-stream config show --json | jq 'select(.source != "default")'

    Passwords and secrets are hidden.
    """
    from stream.settings.effective import DEFAULT, effective

    settings = settings_of(config)
    found = [each for each in effective(settings.document, settings.origins) if not given or each.source != DEFAULT]
    if as_json:
        for each in found:
            print(json.dumps(each._asdict(), ensure_ascii=False))
        return
    width = max((len(each.key) for each in found), default=0)
    for each in found:
        value = "-" if each.value is None else json.dumps(each.value, ensure_ascii=False)
        print(escaped(f"{each.key:<{width}}  {value}  ({each.source})"))
    if not found:
        print("nothing is given: the defaults hold", file=sys.stderr)


@app.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="The configuration.", show_default=False)
    ] = None,
    config: Config = None,
) -> None:
    """Validates a configuration with the environment over it: ok, or everything that is wrong with it, a line each.

    \b
    Examples:
      kpi-stream config check my.yaml
      KPI_STREAM_KAFKA__PARTITIONS=16 kpi-stream config check my.yaml

    The conduct rules at `main` and at every site that is named are listed with their parameters, status, dates and
    sources. Files of certificates, tokens and secrets must be there, too, and the mappings of feeds must be right. What
    is allowed but surely not meant, such as a level of 15 for a ratio, is told on stderr, `FILE: warning: key: reason`,
    and is no failure.
    """
    if file is not None and config is not None and file != config:
        raise CommandError("give the configuration as FILE or by --config, not both", exit_code=2)
    from stream.settings import SettingsError, load

    try:
        settings = load(file or config)
    except SettingsError as error:
        raise _refused(error.lines) from error
    if wrong := [*settings.unusable_files(), *_unusable_http(settings), *_wrong_feeds(settings, file or config)]:
        raise _refused(wrong)
    for warning in settings.warnings():
        print(escaped(warning), file=sys.stderr)
    for line in _conduct_rules(settings):
        print(escaped(line))
    print("ok")


def _conduct_rules(settings: "Settings") -> Iterator[str]:
    """Where a section `conduct` is, the rules at each site that is configured or chosen for, and at `main`."""
    from stream.facts.fact import DEFAULT_SITE

    choice = settings.rule_choice()
    if choice is None:
        return
    for site in sorted({DEFAULT_SITE, *settings.document.sites, *choice.sites()}):
        rules = choice.at(site)
        yield f"conduct rules at {site}:" if rules else f"conduct rules at {site}: none"
        for rule in rules:
            yield f"  {rule.shown()}"


def _unusable_http(settings: "Settings") -> list[str]:
    """A line for a file of tokens or certificates of the HTTP server that cannot be used on this machine now."""
    from stream.http.access import unusable_files

    return unusable_files(settings)


def _wrong_feeds(settings: "Settings", file: Path | None) -> list[str]:
    """A line for each feed whose mapping is not there, is wrong, or does not have what is set in it."""
    from stream.cli.feed_files import loaded
    from stream.feeds.adjustment import Adjustments

    wrong = []
    for index, entry in enumerate(settings.document.feeds):
        try:
            loaded(entry.name, Adjustments(), settings, file)
        except CommandError as error:
            wrong.append(settings.origins.line(("feeds", index, "mapping"), str(error)))
    return wrong


def _refused(lines: Sequence[str]) -> CommandError:
    """Prints all lines but the last, which is the error's own message."""
    *others, last = lines
    for line in others:
        warn(line)
    return CommandError(last, exit_code=2)
