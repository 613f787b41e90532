"""`kpi-stream config check`: lists everything that is wrong with a configuration."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.configuration import Config
from stream.cli.failure import CommandError, warn
from stream.facts.printable import escaped

if TYPE_CHECKING:
    from stream.settings import Settings

app = typer.Typer(help="Look at a configuration.", rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Look at a configuration."""


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
