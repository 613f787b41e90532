"""The points of scorecards as lines of Prometheus' text format: of each entity those of the latest period."""

from collections.abc import Iterable

import msgspec

from stream.publish.lines import escaped, family
from stream.publish.metrics import METRICS

NAME = "collections_score_points"
CARD = "scorecard"
Whose = tuple[str, str, str, str]
"""(name, site, level, entity)."""


class _Score(msgspec.Struct, gc=False):
    score: str | None
    trial: bool
    period: str


_SCORE = msgspec.json.Decoder(_Score)


class ScoreLines:
    """Takes records of the topic of scores, in the order in which they were published. Payouts, contests, rewards and
    versions on trial are not shown."""

    def __init__(self) -> None:
        self._latest: dict[Whose, tuple[str, dict[str, bytes]]] = {}

    def take(self, records: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Takes (key, value) records; a value None: nobody has this score any more."""
        for key, value in records:
            kind, name, version, site, level, entity, start = key.decode().split("|")
            if kind != CARD:
                continue
            whose = (name, site, level, entity)
            known = self._latest.get(whose)
            if known is None or start > known[0]:
                known = self._latest[whose] = (start, {})
            if start == known[0]:
                if value is not None:
                    known[1][version] = value
                else:
                    known[1].pop(version, None)

    def clear(self) -> None:
        """Forgets all: another worker has them from now on."""
        self._latest.clear()

    def text(self, *, agents: bool) -> bytes:
        """The gauge of agents, or of all others; empty where there is none."""
        lines = []
        for (name, site, level, entity), (_, versions) in sorted(self._latest.items()):
            if (level == "agent") is agents:
                lines += [_line(name, site, level, entity, value) for value in versions.values()]
        return family(NAME, METRICS[NAME].meaning, lines)


def _line(name: str, site: str, level: str, entity: str, value: bytes) -> str:
    found = _SCORE.decode(value)
    if found.trial or found.score is None:
        return ""
    of = f'name="{escaped(name)}",site="{escaped(site)}",level="{level}",entity="{escaped(entity)}"'
    return f'{NAME}{{{of},period="{escaped(found.period)}"}} {found.score}\n'
