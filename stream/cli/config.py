"""`kpi-stream config check`."""

from pathlib import Path
from typing import Annotated

import typer

from stream.cli.configuration import Config, settings_of
from stream.cli.failure import CommandError

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
    """Validates a configuration with the environment over it: ok, or its first error.

    \b
    Examples:
      kpi-stream config check my.yaml
      KPI_STREAM_KAFKA__PARTITIONS=16 kpi-stream config check my.yaml

    What is allowed but probably not meant is told as a warning, and is no failure.
    """
    if file is not None and config is not None and file != config:
        raise CommandError("give the configuration as FILE or by --config, not both", exit_code=2)
    for warning in settings_of(file or config).warnings():
        print(f"warning: {warning}")
    print("ok")
