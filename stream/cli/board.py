"""`kpi-stream board`: the wallboard page, beside or without a worker."""

from typing import Annotated

import typer

from stream.cli.broker import refuse_denied
from stream.cli.configuration import Config, settings_of


def board(
    http_port: Annotated[
        int | None,
        typer.Option(
            "--http-port",
            min=0,
            max=65535,
            metavar="N",
            help="Instead of http.port; 0: any free one.",
            show_default=False,
        ),
    ] = None,
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
