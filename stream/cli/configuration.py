"""The option `--config`, which every command takes, and the settings that it selects."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.failure import CommandError

if TYPE_CHECKING:
    from stream.settings import Settings

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Configuration, YAML; by default the file that KPI_STREAM_CONFIG names, else the defaults. "
        "KPI_STREAM_SECTION__KEY variables override it.",
        show_default=False,
    ),
]


def settings_of(config: Path | None) -> "Settings":
    """The settings of `--config` and the environment. CommandError with exit code 2 if they are wrong."""
    from stream.settings import SettingsError, load

    try:
        return load(config)
    except SettingsError as error:
        raise CommandError(str(error), exit_code=2) from error
