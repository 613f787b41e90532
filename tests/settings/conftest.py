"""The command line, as its own tests run it."""

from tests.cli.conftest import command

__all__ = ["command"]
