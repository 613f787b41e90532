"""Options that several commands share, and what their texts must be."""

from typing import Annotated

import typer

from stream.cli.failure import CommandError

HttpPort = Annotated[
    int | None,
    typer.Option(
        "--http-port",
        min=0,
        max=65535,
        metavar="N",
        help="Instead of http.port; 0: any free one, printed.",
        show_default=False,
    ),
]

Progress = Annotated[
    bool | None,
    typer.Option("--progress/--no-progress", help="Show the progress: on a terminal.", show_default=False),
]


def instant_option(option: str, text: str | None) -> int | None:
    """The instant that an option's text names, in ms; None where it was not given. CommandError if it is none."""
    from stream.facts.instant import instant_ms

    try:
        return None if text is None else instant_ms(text)
    except ValueError as error:
        message = f"{option}: {text!r} {error}; an example is 2026-11-02T08:00:00Z"
        raise CommandError(message, exit_code=2) from error


def check_identifier(option: str, text: str) -> None:
    """CommandError if an option's text is no identifier of contract 1."""
    from stream.facts.decode import is_identifier

    if not is_identifier(text):
        raise CommandError(f"{option}: {text!r} is not a name: 1-256 printable characters without '|'", exit_code=2)
