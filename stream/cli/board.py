"""`kpi-stream board`: the wallboard page, beside or without a worker."""

import typer

from stream.cli.broker import refuse_denied
from stream.cli.configuration import Config, settings_of
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

    settings = settings_of(config)
    refuse_denied(settings)
    raise typer.Exit(run_board(settings, http_port))
