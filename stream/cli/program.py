"""The entry point of `kpi-stream`: signals are set before anything that takes time is imported."""

import signal
import sys
from collections.abc import Sequence

from stream.cli.failure import INTERRUPTED


def _runs_until_stopped(given: Sequence[str]) -> bool:
    """Whether to be stopped is how the command ends well, even before it has begun."""
    return given[:1] == ["worker"] or (
        [*given[:2]] == ["feed", "run"] and bool({"--follow", "--topic", "--all"} & {*given})
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command and exits: 0 done, 1 failed or differs, 2 wrong usage or configuration, 130 after Ctrl-C.

    SIGTERM acts as Ctrl-C from the first moment on: what was begun is cleaned up, and no child process is left. A
    worker then ends with 0, even before it has begun: without a handler, the first process of a container would not get
    the signal at all. SIGHUP, which a closing terminal sends, acts as SIGTERM unless it was ignored from the start
    (nohup): a configuration is read once, so there is nothing to reload.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda _number, _frame: signal.raise_signal(signal.SIGTERM))
    given = sys.argv[1:] if arguments is None else arguments
    try:
        from stream.cli.main import run

        code = run(given)
    except KeyboardInterrupt:
        code = INTERRUPTED
    if code == INTERRUPTED:
        if _runs_until_stopped(given):
            sys.exit(0)
        print("kpi-stream: interrupted", file=sys.stderr)
    sys.exit(code)
