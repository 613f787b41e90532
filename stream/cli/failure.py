"""How a command reports what is wrong: an error ends it, a warning does not."""

import sys

from stream.facts.printable import escaped

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 and the number of SIGINT."""


class CommandError(Exception):
    """Ends the command with one line on stderr and `exit_code`: 1 failed or differs, 2 wrong usage or configuration."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def warn(line: str) -> None:
    """Prints one line on stderr, over a line of progress that may stand there; the command goes on."""
    start = "\r\033[K" if sys.stderr.isatty() else ""
    print(f"{start}kpi-stream: {escaped(line)}", file=sys.stderr)
