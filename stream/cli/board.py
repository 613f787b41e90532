"""`kpi-stream board`: the wallboard page, beside or without a worker."""

import sys
from pathlib import Path

import typer

from stream.cli.broker import refuse_denied
from stream.cli.configuration import Config, settings_of
from stream.cli.failure import CommandError
from stream.cli.options import HttpPort


def board(
    http_port: HttpPort = None,
    config: Config = None,
) -> None:
    """Serves the wallboard page, beside or without a worker, until it is stopped.

    \b
    Examples:
      kpi-stream board
      kpi-stream board --http-port 8080 --config my.yaml
    """
    from stream.publish.running import run_board
    from stream.settings import SettingsError

    settings = settings_of(config)
    try:
        settings.names()
    except SettingsError as error:
        raise CommandError(str(error), exit_code=2) from error
    refuse_denied(settings)
    raise typer.Exit(run_board(settings, http_port, explain=_explain(config) if settings.board.facts else None))


def _explain(config: Path | None) -> list[str]:
    """`kpi-stream explain` of this installation, by the same configuration."""
    run = [sys.executable, "-c", "from stream.cli.program import main; main()", "explain"]
    return run if config is None else [*run, f"--config={config.resolve()}"]
