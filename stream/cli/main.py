"""`kpi-stream`: all commands in one program, and how they end on errors and Ctrl-C."""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
import typer.main

from stream.cli import (
    alerts,
    backfill,
    board,
    config,
    deadletter,
    doctor,
    erase,
    explain,
    export,
    feed,
    forward,
    headroom,
    import_,
    kpis,
    measure,
    openmetrics,
    produce,
    reconcile,
    replay,
    scores,
    simulate,
    token,
    topics,
    worker,
)
from stream.cli.failure import INTERRUPTED, CommandError
from stream.core import COMPILED, installed_version
from stream.facts.printable import escaped

PROGRAM = "kpi-stream"
TRACEBACK_VARIABLE = "KPI_STREAM_TRACEBACK"

app = typer.Typer(
    name=PROGRAM,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    help="""Streaming KPIs for debt-collection contact centres on Kafka.

    \b
    Examples:
      kpi-stream config check my.yaml
      kpi-stream replay --input monday.jsonl.gz tuesday.jsonl --out numbers
      kpi-stream worker --config my.yaml

    `kpi-stream COMMAND --help` says more. Exit codes: 0 done, 1 failed or differs, 2 wrong usage or configuration.
    """,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"{PROGRAM} {installed_version()}, core {'compiled' if COMPILED else 'interpreted'}")
        raise typer.Exit


@app.callback()
def _options_of_the_program(
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Say the version, and how the core runs."
        ),
    ] = False,
) -> None:
    """What stands before the command."""


app.command()(worker.worker)
app.command()(replay.replay)
app.command()(backfill.backfill)
app.command()(reconcile.reconcile)
app.command()(openmetrics.openmetrics)
app.command()(export.export)
app.command()(simulate.simulate)
app.command("import")(import_.import_)
app.command()(produce.produce)
app.add_typer(topics.app, name="topics")
app.add_typer(config.app, name="config")
app.command()(kpis.kpis)
app.command()(explain.explain)
app.command()(headroom.headroom)
app.command()(board.board)
app.add_typer(alerts.app, name="alerts")
app.command()(forward.forward)
app.command()(token.token)
app.add_typer(scores.app, name="scores")
app.command()(measure.measure)
app.add_typer(feed.app, name="feed")
app.add_typer(deadletter.app, name="deadletter")
app.command()(erase.erase)
app.command()(doctor.doctor)


def run(arguments: Sequence[str]) -> int:
    """Runs one command and gives its exit code. Whatever goes wrong is one line on stderr, never a traceback.

    That it was interrupted (130) is left to the caller to say.
    """
    try:
        code = typer.main.get_command(app).main(args=list(arguments), prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of the pipe has seen enough; Python must not complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except CommandError as error:
        return _print_error(str(error), error.exit_code)
    except typer.TyperException as error:
        asked = getattr(getattr(error, "ctx", None), "command_path", PROGRAM)
        return _print_error(f"{error.format_message()} (`{asked} --help` says more)", error.exit_code)
    except Exception as error:
        from stream.settings import SettingsError

        if isinstance(error, SettingsError):  # files that keys name are read only when Kafka is used
            return _print_error(str(error), 2)
        if os.environ.get(TRACEBACK_VARIABLE):
            raise
        return _print_error(f"unexpected {type(error).__name__}: {error} (with {TRACEBACK_VARIABLE}=1: where)", 1)
    return code if isinstance(code, int) else 0


def _print_error(message: str, exit_code: int) -> int:
    print(f"{PROGRAM}: {escaped(' '.join(message.split()))}", file=sys.stderr)
    return exit_code
