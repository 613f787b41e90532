"""What somebody looks at: the choices in the page's address, checked; and what the configuration lets it show."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from stream.http.roles import EVERYTHING, Sight
from stream.publish.choices import Choice
from stream.scores.schemes import Definition, Scorecard

DEFAULT_KPIS = (
    "dials", "connect_rate", "right_party_contacts", "promises", "promise_kept_rate", "recovered_amount",
    "recovered_per_hour", "talk_time_mean", "occupancy_ratio", "complaint_rate",
)  # fmt: skip
MOST_KPIS = 12
RANK_BY = "recovered_amount"
BY_SCORE = "score"
"""In place of a KPI: agents are ranked by their score."""
Order = Literal["best", "worst", "name"]


@dataclass(frozen=True)
class Focus:
    """One entity that is looked at closely. `kpi`: one of its numbers, in `currency` if it is per currency; `scheme`:
    the arithmetic of what it has by one scheme."""

    level: str
    entity: str
    kpi: str | None = None
    currency: str | None = None
    scheme: str | None = None


@dataclass(frozen=True)
class View:
    """What to show. `kpis`: catalogue ids in order; `rank_by`: the leaderboard's KPI, or `BY_SCORE`; `agents`: rows of
    it at most; `order`: which of them come first; `score`: the scorecard that tables show, if it is not the first of
    their level; `focus`: what is looked at closely; `sight`: what of it may be seen; `all_sites`: whether
    other sites are offered."""

    site: str
    choice: Choice
    kpis: tuple[str, ...] = DEFAULT_KPIS
    rank_by: str = RANK_BY
    agents: int = 20
    order: Order = "best"
    score: str | None = None
    focus: Focus | None = None
    sight: Sight = EVERYTHING
    all_sites: bool = True


@dataclass(frozen=True)
class Policy:
    """What the configuration lets the page show of people (settings/board.py), and the schemes that it declares. `day`:
    the site's local date at its as of; scores of periods that begin later are not shown; None: no score is."""

    opt_out: frozenset[str] = frozenset()
    pay: bool = False
    definitions: tuple[Definition, ...] = ()
    day: date | None = None

    def cards(self, level: str) -> list[str]:
        """The scorecards of a level, in the order of the configuration; no trials."""
        found = (each for each in self.definitions if isinstance(each, Scorecard) and not each.trial)
        return list(dict.fromkeys(each.name for each in found if each.record_level == level))

    def teams_of_leaders(self, card: str | None) -> dict[str, tuple[str, ...]]:
        """The teams that count for each leader by a scorecard, in its latest version that is in force on `day`."""
        found = [
            each
            for each in self.definitions
            if each.name == card and each.leaders is not None and self.day is not None and each.in_force(self.day)
        ]
        return dict(max(found, key=lambda each: each.from_day).leaders or ()) if found else {}

    def hides(self, level: str, entity: str) -> bool:
        """Whether a place is shown without who has it."""
        return level == "agent" and entity in self.opt_out
