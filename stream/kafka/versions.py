"""The three packages whose private parts the shell uses, and a refusal to run on any other version of them."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

PINNED: Mapping[str, str] = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0"}
"""Exact, since minor releases of all three have renamed what bulk.py and batches.py override (ADR 0010)."""


class WrongVersionError(Exception):
    """A pinned package is missing or has another version. One line, for a person."""


def check_versions(pinned: Mapping[str, str] = PINNED) -> None:
    """Raises WrongVersionError naming the first package that is not as pinned."""
    for package, wanted in pinned.items():
        try:
            found = version(package)
        except PackageNotFoundError:
            found = "nothing"
        if found != wanted:
            raise WrongVersionError(f"{package} {wanted} is required, {found} is installed: run `make setup`")
