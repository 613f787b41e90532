"""`/api/debtors`: which debtors a count of the page is of, for managers alone (conduct 4)."""

import asyncio
from collections.abc import Mapping

from aiohttp import web

from stream.facts.instant import instant_text
from stream.http.pages import Refused, caller_of, json_answer
from stream.http.roles import Caller
from stream.publish.standings import STATES, StandingCounts

MOST_DEBTORS = 1_000
ASKED = ("site", "team", "rule", "state")


class DebtorsPage:
    """Answers `?site=&team=&rule=&state=` with `{"debtors": [{"debtor", "clears_at"}, ...], "left_out": n}`, by id.
    `allowed`: whether the configuration lets it (`board.debtors`)."""

    def __init__(self, standings: StandingCounts, *, allowed: bool) -> None:
        self._standings = standings
        self._allowed = allowed

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """403: another site than the caller's; 404: the configuration does not let it."""
        asked = _asked(request.query, caller_of(request))
        if not self._allowed:
            raise Refused(404, "board.debtors is false: no debtor's id is kept")
        found = await asyncio.to_thread(self._standings.debtors, *asked)  # it looks at every debtor near a limit
        shown = found[:MOST_DEBTORS]
        debtors = [{"debtor": debtor, "clears_at": instant_text(until_ms)} for debtor, until_ms in shown]
        return json_answer({"debtors": debtors, "left_out": len(found) - len(shown)})


def _asked(query: Mapping[str, str], caller: Caller) -> tuple[str, str, str, str]:
    unknown = next((name for name in query if name not in (*ASKED, "lang")), None)
    missing = next((name for name in ASKED if not query.get(name)), None)
    if unknown or missing:
        raise Refused(400, f"{unknown or missing}: {'no such parameter' if unknown else 'is needed'}")
    site, team, rule, state = (query[name] for name in ASKED)
    if not caller.at(site):
        raise Refused(403, f"site: yours is {caller.site}")
    if state not in STATES[1:]:
        raise Refused(400, f"state: one of {', '.join(STATES[1:])}")
    return site, team, rule, state
