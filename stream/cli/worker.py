"""`kpi-stream worker`: a worker, until it is stopped."""

import typer

from stream.cli.configuration import Config, settings_of
from stream.cli.options import HttpPort


def worker(
    http_port: HttpPort = None,
    config: Config = None,
) -> None:
    """Runs a worker against Kafka until it is stopped.

    \b
    Examples:
      kpi-stream worker
      kpi-stream worker --http-port 0 --config my.yaml

    SIGTERM or Ctrl-C finishes the batch in hand, commits and leaves the group: exit code 0. Others: 1 failed, 2 wrong
    configuration, 3 fenced by a successor, 4 refuses its state, 5 stopped itself so that its supervisor restarts it.
    """
    from stream.worker.main import run_worker

    raise typer.Exit(run_worker(settings_of(config), http_port=http_port))
