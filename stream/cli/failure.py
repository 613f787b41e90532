"""The one way in which a command fails."""


class CommandError(Exception):
    """Ends the command with one line on stderr and `exit_code`: 1 failed or differs, 2 wrong usage or configuration."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
