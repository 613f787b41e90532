"""The page's address: its parameters checked and made into a view. What is wrong is named, with what would do."""

from collections.abc import Callable, Mapping, Sequence
from typing import get_args

from stream.http.pages import Refused
from stream.http.roles import ANYBODY, EVERYTHING, Caller, Sight
from stream.kpis.catalogue import CATALOGUE
from stream.kpis.kpi import why_not_at
from stream.publish import address_words as words
from stream.publish.choices import Choice
from stream.publish.latest_records import LatestRecords
from stream.publish.rows import natural
from stream.publish.view import BY_SCORE, DEFAULT_KPIS, MOST_KPIS, RANK_BY, Focus, Order, Policy, View

MOST_AGENTS = 2_000
SHOWN_CHARACTERS = 40
SHOWN_IDS = 12
FOCUSES = ("agent", "team", "leader", "queue", "segment")
"""Parameters that name what is looked at closely; of several the first counts, the others say how one came there."""
GROUPS = ("team", "leader", "queue", "segment")
PARAMETERS = (
    "site", "window", "kpis", "rank", "agents", "order", "score", "level", *FOCUSES, "kpi", "currency", "scheme",
    "sort", "people", "lang",
)  # fmt: skip


class AddressError(ValueError):
    """A parameter of the page's address is wrong; the message names it and says what would do. `zh`: the same in
    Chinese."""

    def __init__(self, template: str, **fields: object) -> None:
        super().__init__(template.format(**fields))
        self.zh = words.ZH[template].format(**fields)


class Address:
    """Makes views of addresses. `sites`: those that there are now. `loaded`: whether everything that the topics hold
    has been read, so that an id that is not known does not exist."""

    def __init__(
        self,
        choices: Sequence[Choice],
        latest: LatestRecords,
        policy: Policy,
        sites: Callable[[], list[str]],
        loaded: Callable[[], bool] = lambda: True,
    ) -> None:
        self._by_id = {choice.id: choice for choice in choices}
        self._first = choices[0].id
        self._latest = latest
        self._policy = policy
        self._sites = sites
        self._loaded = loaded

    def view(self, query: Mapping[str, str], caller: Caller = ANYBODY) -> View:
        """The view that an address asks for, as far as the caller may see it; AddressError: a wrong parameter; Refused:
        what it asks for is not his."""
        for name in query:
            if name not in PARAMETERS:
                raise AddressError(words.NO_PARAMETER, asked=cut(name), there=", ".join(PARAMETERS))
        site, sight = self._site(query.get("site") or None, caller), caller.sight()
        window = query.get("window") or self._first
        if window not in self._by_id:
            raise AddressError(words.NONE, name="window", asked=cut(window), there=", ".join(self._by_id))
        kpis = tuple(dict.fromkeys(filter(None, query.get("kpis", "").split(",")))) or DEFAULT_KPIS
        rank_by = query.get("rank") or RANK_BY
        for name, kpi in (*(("kpis", kpi) for kpi in kpis), ("rank", rank_by)):
            if kpi not in CATALOGUE and (name, kpi) != ("rank", BY_SCORE):
                raise AddressError(words.NO_KPI, name=name, asked=cut(kpi))
        if len(kpis) > MOST_KPIS:
            raise AddressError(words.TOO_MANY_KPIS, most=MOST_KPIS)
        order = query.get("order") or "best"
        _one_of("order", order, get_args(Order))
        _one_of("level", query.get("level") or GROUPS[0], GROUPS)
        _one_of("people", query.get("people") or "rank", ("rank", "state"))
        return View(
            site,
            self._by_id[window],
            kpis,
            rank_by,
            _agents(query.get("agents") or "20"),
            order=order,  # type: ignore[arg-type]  # one of them
            score=self._score(query.get("score")),
            focus=self._focus(query, site, sight),
            sight=sight,
            all_sites=caller.site is None,
        )

    def _site(self, asked: str | None, caller: Caller) -> str:
        if caller.site is not None:
            if asked not in (None, caller.site):
                raise Refused(403, f"site: yours is {caller.site}")
            return caller.site
        sites = self._sites()
        site = asked or next((s for s in self._latest.sites() if s in sites), sites[0])
        if site not in sites:
            raise AddressError(words.NONE, name="site", asked=cut(site), there=", ".join(sites))
        return site

    def _score(self, asked: str | None) -> str | None:
        cards = [card for level in ("agent", "team", "leader") for card in self._policy.cards(level)]
        if asked and asked not in cards:
            template = words.NO_CARD if cards else words.NO_CARDS
            raise AddressError(template, asked=cut(asked), there=", ".join(cards))
        return asked or None

    def _focus(self, query: Mapping[str, str], site: str, sight: Sight) -> Focus | None:
        kpi, currency, scheme = (query.get(name) or None for name in ("kpi", "currency", "scheme"))
        level = next((level for level in FOCUSES if query.get(level)), "site" if kpi or scheme else None)
        if level is None:
            if currency:
                raise AddressError(words.LONE_CURRENCY)
            return None
        entity = query[level] if level != "site" else site
        if sight != EVERYTHING:
            self._check_seen(level, entity, site, sight)
        if level != "site" and self._loaded():
            self._check_known(level, entity, site)
        self._check_kpi(kpi, currency, level)
        schemes = [each.name for each in self._policy.definitions if each.record_level == level]
        if scheme and scheme not in schemes:
            template = words.NO_SCHEME if schemes else words.NO_SCHEMES
            raise AddressError(template, asked=cut(scheme), level=level, there=", ".join(dict.fromkeys(schemes)))
        return Focus(level, entity, kpi, currency, scheme)

    def _check_seen(self, level: str, entity: str, site: str, sight: Sight) -> None:
        """Refused: it is not among what the sight may see. Who may not see it is not told whether there is one."""
        if sight.agent is not None:
            seen = (level, entity) == ("agent", sight.agent)
        elif sight.teams is not None:
            team = self._latest.team_of(site, entity) if level == "agent" else entity
            seen = level in ("team", "agent") and team in sight.teams
        else:
            seen = level not in ("agent", "leader")
        if not seen:
            raise Refused(403, f"{level}: {cut(entity)} is not yours to see")

    def _check_known(self, level: str, entity: str, site: str) -> None:
        known = self._latest.entities(site, level)
        if entity in known:
            return
        said = {"level": level, "asked": cut(entity), "site": site}
        if not known:
            raise AddressError(words.NOBODY_YET, **said)
        some = sorted(known, key=natural)[:SHOWN_IDS]
        template = words.NOBODY_OF_MANY if len(known) > len(some) else words.NOBODY
        raise AddressError(template, **said, there=", ".join(some), more=len(known) - len(some))

    def _check_kpi(self, kpi: str | None, currency: str | None, level: str) -> None:
        if kpi is None:
            if currency:
                raise AddressError(words.LONE_CURRENCY)
            return
        if kpi not in CATALOGUE:
            raise AddressError(words.NO_KPI, name="kpi", asked=cut(kpi))
        if why_not_at(CATALOGUE[kpi], level):
            raise AddressError(words.NOT_AT_LEVEL, kpi=kpi, level=level)
        if currency and not CATALOGUE[kpi].per_currency:
            raise AddressError(words.NO_CURRENCY, kpi=kpi)
        if currency and not (len(currency) == 3 and currency.isascii() and currency.isupper() and currency.isalpha()):
            raise AddressError(words.NOT_A_CODE, asked=cut(currency))


def _one_of(name: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise AddressError(words.NONE, name=name, asked=cut(value), there=", ".join(known))


def _agents(text: str) -> int:
    # The length first: int() refuses thousands of digits with an error of its own.
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_AGENTS)) and int(text) <= MOST_AGENTS):
        raise AddressError(words.NOT_A_NUMBER, most=MOST_AGENTS, asked=cut(text))
    return int(text)


def cut(text: str) -> str:
    """What somebody sent, quoted and cut so that it fits a line."""
    return repr(text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}...")
