"""The tokens file: who may ask for what. It holds no token, only their SHA-256; it is read again when it changes.

A line is `name role scope sha256`; empty lines and lines that begin with # are left out.
"""

import hmac
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import structlog

from stream.http.roles import Caller, ScopeError, caller_of_scope, scope_text

PREFIX = "kps_"
"""So that a scanner for secrets knows one when it lies in a repository or a log."""
LOOKED_AT_S = 0.5
"""The file is looked at so often at most."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,100}")

log = structlog.get_logger(__name__)


class TokensError(Exception):
    """A tokens file that cannot be used. One line, `FILE:LINE: reason` or `FILE: reason`."""


@dataclass(frozen=True)
class Known:
    """A line of the file: whose token has this SHA-256 (32 bytes)."""

    caller: Caller
    digest: bytes


def new_token() -> str:
    """A token that nobody can guess: 256 bits by the system's generator."""
    return PREFIX + secrets.token_urlsafe(32)


def line_of(caller: Caller, token: str) -> str:
    """The line of the tokens file for a token."""
    return f"{caller.name} {caller.role} {scope_text(caller)} {_digest(token).hex()}"


def check_name(name: str) -> str:
    """ScopeError if it cannot be the name of a token: the log and the notes on alerts show it."""
    if not _NAME.fullmatch(name):
        raise ScopeError(f"{name!r} is no name for a token: 1-100 letters, digits, '.', '_', '@' and '-'")
    return name


def read_lines(text: str) -> Iterator[tuple[int, Known | str]]:
    """(line number, who it lets in, or why it lets nobody in)."""
    of_line: dict[bytes, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            known = _known(line)
        except ScopeError as error:
            yield number, str(error)
            continue
        first = of_line.setdefault(known.digest, number)
        yield number, known if first == number else f"has the token of line {first}"


def _known(line: str) -> Known:
    words = line.split()
    if len(words) < 4:
        raise ScopeError("is not `name role scope sha256`")
    name, role, digest = words[0], words[1], words[-1]
    check_name(name)
    caller = caller_of_scope(name, role, " ".join(words[2:-1]))
    if not _DIGEST.fullmatch(digest.lower()):
        raise ScopeError("does not end with the SHA-256 of a token, 64 hex digits (`kpi-stream token` makes the line)")
    return Known(caller, bytes.fromhex(digest))


class TokenFile:
    """The tokens of a file. `wrong_lines` is given every line that lets nobody in, when the file is read anew.

    A file that cannot be read lets nobody in; a line that is wrong lets nobody in, and the others count: so who is
    taken out is out, whatever else is wrong.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """TokensError names the first thing that is wrong with the file, its line included."""
        self.path = path
        self._clock = clock
        self._looked_s = clock()
        self._stamp = self._stamp_now()
        self._known, wrong = self._read()
        if wrong:
            raise TokensError(wrong[0])

    def caller(self, token: str) -> tuple[Caller, bytes] | None:
        """Who has this token, and its SHA-256, by which his requests are counted; None: nobody."""
        self._look()
        digest = _digest(token)
        # The look-up is by a digest, which nobody can choose; the comparison takes the same time wherever they differ.
        found = self._known.get(digest)
        if found is None or not hmac.compare_digest(found.digest, digest):
            return None
        return found.caller, digest

    def _look(self) -> None:
        now_s = self._clock()
        if now_s - self._looked_s < LOOKED_AT_S:
            return
        self._looked_s, stamp = now_s, self._stamp_now()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        self._known, wrong = self._read()
        for line in wrong:
            log.error("a token is not known", reason=line)
        log.info("the tokens were read anew", tokens=len(self._known))

    def _stamp_now(self) -> tuple[int, ...] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> tuple[Mapping[bytes, Known], list[str]]:
        try:
            text = self.path.read_text(encoding="utf-8-sig")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            return {}, [f"{self.path}: {reason}"]
        known: dict[bytes, Known] = {}
        wrong: list[str] = []
        for number, each in read_lines(text):
            if isinstance(each, Known):
                known[each.digest] = each
            else:
                wrong.append(f"{self.path}:{number}: {each}")
        return known, wrong


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogateescape")).digest()
