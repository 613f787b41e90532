"""Roles: what a caller may ask for, and what of a site he sees (security.md has the table)."""

import re
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import quote, unquote

from stream.facts.decode import is_identifier

Role = Literal["metrics", "wall", "agent", "lead", "dialler", "manager"]
ROLES: tuple[Role, ...] = get_args(Role)

EVERYBODY: frozenset[Role] = frozenset()
"""A page for this set asks for no token."""
BOARD: frozenset[Role] = frozenset({"wall", "agent", "lead", "manager"})
LEADS: frozenset[Role] = frozenset({"lead", "manager"})
MANAGERS: frozenset[Role] = frozenset({"manager"})
DIALLERS: frozenset[Role] = frozenset({"dialler", "manager"})
METRICS: frozenset[Role] = frozenset({"metrics", "manager"})
"""All sites are in the metrics: of managers only those of every site."""

EVERY_SITE, NO_SCOPE = "*", "-"
_WANTED: dict[Role, str] = {
    "metrics": "-",
    "wall": "SITE",
    "agent": "SITE/AGENT",
    "lead": "SITE/TEAM,TEAM",
    "dialler": "SITE or *",
    "manager": "SITE or *",
}


class ScopeError(ValueError):
    """A role or scope that is none. The message says what would do."""


@dataclass(frozen=True)
class Sight:
    """What a caller sees of a site on the board; callers of equal sight are shown the same.

    `names`: agents by name; else by place alone. `teams`: these teams and their agents only. `agent`: this agent's own
    numbers and place only. None: all.
    """

    names: bool = True
    teams: frozenset[str] | None = None
    agent: str | None = None


EVERYTHING = Sight()


@dataclass(frozen=True)
class Caller:
    """Who asks. `name`: of the tokens file, empty where the server is open and nobody said who he is. `site` None:
    every site; `teams`: of a lead; `agent`: of an agent."""

    name: str
    role: Role
    site: str | None = None
    teams: frozenset[str] | None = None
    agent: str | None = None

    def at(self, site: str) -> bool:
        """Whether he may ask about this site at all."""
        return self.site is None or self.site == site

    def leads(self, site: str, team: str | None) -> bool:
        """Whether he may act for a team: a manager at his site for all of it (`team` None), a lead for his teams."""
        if not self.at(site):
            return False
        return self.role == "manager" or (self.role == "lead" and self.teams is not None and team in self.teams)

    def sight(self) -> Sight:
        """What he sees of a site that he may ask about. Who has no business on the board sees no name there."""
        if self.role == "manager":
            return EVERYTHING
        if self.role == "lead":
            return Sight(teams=self.teams or frozenset())
        return Sight(names=self.role == "agent", agent=self.agent)

    def may(self, roles: frozenset[Role]) -> bool:
        """Whether a page for these roles is for him."""
        if roles == METRICS and self.role == "manager":
            return self.site is None
        return not roles or self.role in roles


ANYBODY = Caller("", "manager")
"""Who asks an open server: nobody said who he is, and he may do everything."""


def caller_of_scope(name: str, role: str, scope: str) -> Caller:
    """The caller that a line of the tokens file speaks of. `/`, `,` and `%` within a name are written as `%2F`, `%2C`
    and `%25`, a space at will as `%20`. ScopeError says what is wrong."""
    known = next((each for each in ROLES if each == role), None)
    if known is None:
        raise ScopeError(f"there is no role {role!r}: there are {', '.join(ROLES)}")
    site, slash, rest = scope.partition("/")
    wrong = ScopeError(f"the scope of role {role} is {_WANTED[known]}, not {scope!r}")
    if known == "metrics":
        if scope != NO_SCOPE:
            raise wrong
        return Caller(name, known)
    if (slash == "/") is not (known in ("agent", "lead")):
        raise wrong
    if known in ("dialler", "manager") and site == EVERY_SITE:
        return Caller(name, known)
    if site in (EVERY_SITE, NO_SCOPE):
        raise wrong
    teams = rest.split(",") if known == "lead" else []
    names = [unquote(part) for part in (site, *(teams or [rest] if slash else []))]
    if not all(is_identifier(each) for each in names):
        raise wrong
    if known == "lead":
        return Caller(name, known, names[0], frozenset(names[1:]))
    return Caller(name, known, names[0], agent=names[1] if known == "agent" else None)


def scope_text(caller: Caller) -> str:
    """The scope as a line of the tokens file has it."""
    if caller.role == "metrics":
        return NO_SCOPE
    if caller.site is None:
        return EVERY_SITE
    inner = sorted(caller.teams or ()) or ([caller.agent] if caller.agent else [])
    return "/".join(filter(None, [_quoted(caller.site), ",".join(map(_quoted, inner))]))


def _quoted(text: str) -> str:
    """As `caller_of_scope` reads it: what divides fields is written by its codes, letters of any script stay."""
    return "%2D" if text == NO_SCOPE else re.sub(r"[%/,#*\s]", lambda found: quote(found[0], safe=""), text)
