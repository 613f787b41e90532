"""`kpi-stream token`: makes a token for the HTTP server, and the line of the tokens file that lets it in."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from stream.cli.configuration import Config, settings_of
from stream.cli.failure import CommandError, warn


def token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is: the log and alerts show it.")],
    role: Annotated[str, typer.Argument(metavar="ROLE", help="metrics, wall, agent, lead, dialler or manager.")],
    scope: Annotated[
        str | None,
        typer.Argument(
            metavar="[SCOPE]",
            help="wall: SITE; agent: SITE/AGENT; lead: SITE/TEAM,TEAM; dialler and manager: SITE or *; metrics: none.",
            show_default=False,
        ),
    ] = None,
    add_to: Annotated[
        Path | None,
        typer.Option("--add-to", metavar="FILE", help="Write the line behind this tokens file.", show_default=False),
    ] = None,
    config: Config = None,
) -> None:
    """Makes a token: prints it, and the line for the file that `http.tokens` names. It is shown this once.

    \b
    Examples:
      kpi-stream token prometheus metrics
      kpi-stream token wall-3 wall main
      kpi-stream token li-wei agent main/a-017
      kpi-stream token anna lead main/t-3,t-4
      kpi-stream token predictive dialler '*'
      kpi-stream token head manager main --add-to /etc/kpi-stream/tokens

    The first line is the token, for whoever shall have it; the second is the file's, which holds only its SHA-256. With
    --add-to the line is written there, and running servers know it within a second. A token is withdrawn by deleting
    its line. Without SCOPE a manager or dialler is one of every site. With --config it says if the site is not there.
    """
    from stream.http.roles import EVERY_SITE, NO_SCOPE, ScopeError, caller_of_scope
    from stream.http.tokens import check_name, line_of, new_token

    if scope is None:
        scope = EVERY_SITE if role in ("manager", "dialler") else NO_SCOPE
    try:
        caller = caller_of_scope(check_name(name), role, scope)
    except ScopeError as error:
        raise CommandError(str(error), exit_code=2) from error
    if (
        config is not None
        and caller.site is not None
        and caller.site not in (sites := settings_of(config).plan().sites)
    ):
        warn(f"the configuration has no site {caller.site!r}: there are {', '.join(sorted(sites)) or 'none'}")
    made = new_token()
    line = line_of(caller, made)
    if add_to is not None:
        _append(add_to, line)
    print(made)
    print(line)
    sys.stdout.flush()


def _append(path: Path, line: str) -> None:
    """Writes the line behind what the file holds; a new file is this user's alone."""
    try:
        if not path.exists():
            path.touch(mode=0o600)
        held = path.read_bytes()
        with path.open("ab") as file:
            file.write(b"\n" * (not held.endswith(b"\n") and bool(held)) + line.encode() + b"\n")
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}") from error
