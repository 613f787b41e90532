"""Laws of what is published of scores: what differs, with revisions that rise, and lines of the ledger for what was
final (scores 5)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stream.scores.publishing import Publishing, ScoreChange
from stream.scores.scores import ScoreClock
from tests.scores.floor import computed, measurement, settings_of

DAY_MS = 86_400_000
CARD = """
  - {scorecard: card, version: %d, from: %s, level: agent, period: month, only_one: x, components: [
     {component: a, indicator: mark, weight: 10, scoring: {steps: [[0, 0], [1, %d], [5, 9]]}}]%s}
"""


def at_ms(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1_000


def clock(day: str, final: str | None = None) -> ScoreClock:
    return ScoreClock(at_ms(day), at_ms(final or day))


def card(version: int = 1, begins: str = "2026-01-01", points: int = 1, more: str = "") -> str:
    return CARD % (version, begins, points, more)


@dataclass
class Stand:
    """Scores of a configuration beside what was published of them: the topic of scores, and the ledger."""

    publishing: Publishing
    scores: Any
    topic: dict[bytes, bytes]
    ledger: list[dict[str, Any]]

    def mark(self, entity: str, value: int | None, start: str = "2026-04-01") -> None:
        """The mark of an agent in a month; None: taken back."""
        name = f"{entity}-{start}"
        given_ = None if value is None else measurement("mark", entity, value, start=start, name=name)
        self.scores.put_measurement(name, given_)

    def publish(self, now: ScoreClock, *, endings: bool = False) -> list[tuple[str, int | None]]:
        """(entity, revision) of what is published now; None: gone."""
        find = self.publishing.endings if endings else self.publishing.changes
        return [self._take(change) for sheet in find(now, 7) for change in sheet]

    def _take(self, change: ScoreChange) -> tuple[str, int | None]:
        entity = change.key.decode().split("|")[5]
        self.publishing.put(change.key, change.value)
        if change.line is not None:
            self.ledger.append(json.loads(change.line))
        if change.value is None:
            del self.topic[change.key]
            return entity, None
        self.topic[change.key] = change.value
        record = json.loads(change.value)
        return entity, record["revision"]

    def said(self, entity: str) -> dict[str, Any]:
        [found] = [json.loads(value) for key, value in self.topic.items() if key.split(b"|")[5] == entity.encode()]
        return dict(found)


def stand(tmp_path: Path, cards: str, *, keep_days: int = 400, after: Stand | None = None) -> Stand:
    """A new owner under these cards; `after`: of one who has published, under whatever configuration."""
    settings = settings_of(tmp_path, f"indicators: [mark]\nscorecards:{cards}")
    scores = computed(settings, [])
    publishing = Publishing(scores, keep_days * DAY_MS, "live")
    topic = dict(after.topic) if after else {}
    for key, value in topic.items():
        publishing.put(key, value)
    return Stand(publishing, scores, topic, after.ledger if after else [])


def lines(ledger: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str | None, str | None]]:
    for line in ledger:
        yield line["entity"], line["before"]["score"], line["after"]["score"]


def test_what_differs_is_published_with_the_next_revision_and_nothing_twice(tmp_path: Path) -> None:
    owner = stand(tmp_path, card())
    owner.mark("a", 1)
    owner.mark("b", 1)
    assert owner.publish(clock("2026-04-10")) == [("a", 1), ("b", 1)]
    assert owner.publish(clock("2026-04-11")) == []
    owner.mark("b", 6)
    assert owner.publish(clock("2026-04-11")) == [("a", 2), ("b", 2)]  # a's place has changed
    assert owner.said("b")["provisional"]
    assert owner.ledger == []  # nothing was final


def test_a_new_owner_publishes_only_what_differs_with_higher_revisions(tmp_path: Path) -> None:
    owner = stand(tmp_path, card())
    owner.mark("a", 1)
    owner.publish(clock("2026-04-10"))
    other = stand(tmp_path, card(), after=owner)
    other.mark("a", 1)
    assert other.publish(clock("2026-04-12")) == []
    other.mark("a", 6)
    assert other.publish(clock("2026-04-12")) == [("a", 2)]


def test_what_was_given_and_never_put_is_given_again_by_the_next_owner(tmp_path: Path) -> None:
    owner = stand(tmp_path, card())
    owner.mark("a", 1)
    owner.publish(clock("2026-04-10"))
    owner.mark("a", 6)
    [[lost]] = list(owner.publishing.changes(clock("2026-04-11"), 7))  # of a transaction that was aborted
    other = stand(tmp_path, card(), after=owner)
    other.mark("a", 6)
    [[again]] = list(other.publishing.changes(clock("2026-04-11"), 7))
    assert again == lost


def test_a_score_that_is_no_longer_provisional_is_told_alone_and_what_changes_it_later_is_in_the_ledger(
    tmp_path: Path,
) -> None:
    owner = stand(tmp_path, card())
    owner.mark("a", 1)
    owner.mark("a", 1, start="2026-05-01")
    owner.publish(clock("2026-05-02", final="2026-04-30"))
    assert not owner.publishing.is_ending(clock("2026-05-02", final="2026-04-30"))
    now = clock("2026-05-03", final="2026-05-01")
    assert owner.publishing.is_ending(now)
    owner.mark("a", 6, start="2026-05-01")
    assert owner.publish(now, endings=True) == [("a", 2)]  # and not of May, which changed too
    assert not owner.publishing.is_ending(now)
    assert owner.ledger == []
    assert owner.publish(now) == [("a", 2)]  # of May
    owner.mark("a", 5)
    owner.publish(now)
    owner.mark("a", None)
    assert owner.publish(now) == [("a", None)]
    assert list(lines(owner.ledger)) == [("a", "1.0000", "9.0000"), ("a", "9.0000", None)]
    assert "nobody has this score any more" in owner.ledger[-1]["reason"]


def test_a_score_that_comes_back_as_it_was_is_published_again(tmp_path: Path) -> None:
    owner = stand(tmp_path, card())
    now = clock("2026-05-03")
    for value, published in ((1, [("a", 1)]), (1, []), (None, [("a", None)]), (1, [("a", 1)])):
        owner.mark("a", value)
        owner.mark("b", 1, start="2026-03-01")
        assert [each for each in owner.publish(now) if each[0] == "a"] == published
        owner.mark("a", 5)
        owner.mark("a", value)
        assert owner.publish(now) == []


def test_a_version_that_is_replaced_gives_way_with_a_line_for_each_and_a_trial_changes_nothing(tmp_path: Path) -> None:
    owner = stand(tmp_path, card())
    for entity in ("a", "b"):
        owner.mark(entity, 1)
    owner.publish(clock("2026-05-03"))
    trial = stand(tmp_path, card() + card(2, "2026-02-01", points=3, more=", trial: true"), after=owner)
    for entity in ("a", "b"):
        trial.mark(entity, 1)
    assert trial.publish(clock("2026-05-03")) == [("a", 1), ("b", 1)]
    assert trial.ledger == []
    assert len(trial.topic) == 4
    other = stand(tmp_path, card() + card(2, "2026-02-01", points=3, more=", entities: [a]"), after=trial)
    other.mark("a", 1)
    other.mark("b", 1)
    other.publish(clock("2026-05-03"))
    assert other.said("a")["version"] == 2
    assert [key.split(b"|")[5] for key in other.topic] == [b"a"]
    told = [(line["entity"], line["before"]["version"], line["after"]["score"]) for line in other.ledger]
    assert sorted(told) == [("a", 1, "3.0000"), ("b", 1, None), ("b", 2, None)]
    assert not other.said("a")["trial"]


def test_a_scheme_that_is_gone_from_the_configuration_leaves_its_last_scores(tmp_path: Path) -> None:
    owner = stand(tmp_path, card())
    owner.mark("a", 1)
    owner.publish(clock("2026-05-03"))
    other = stand(tmp_path, card().replace("card,", "other,"), after=owner)
    other.mark("a", 1)
    assert other.publish(clock("2026-05-03")) == [("a", 1)]
    assert len(other.topic) == 2


def test_a_period_older_than_what_is_kept_stands_and_so_does_a_final_score_that_looks_back_on_one(
    tmp_path: Path,
) -> None:
    streak = ", streaks: [{below: 5, periods: 2, flag: low}]"
    owner = stand(tmp_path, card(more=streak), keep_days=40)
    for month in ("03", "04"):
        owner.mark("a", 1, start=f"2026-{month}-01")
    for day in ("2026-04-05", "2026-05-01"):
        owner.publish(clock(day))
    late = clock("2026-05-05")  # forty days back is the 26th of March
    owner.mark("a", 6, start="2026-03-01")
    assert owner.publish(late) == []
    other = stand(tmp_path, card(more=streak), keep_days=40, after=owner)
    other.mark("a", 1, start="2026-04-01")  # March is gone from the topics, and with it the streak
    assert other.publish(late) == []
    assert [json.loads(value)["flags"] for value in other.topic.values()] == [[], ["low"]]


Step = tuple[str, int | None, int]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.integers(0, 7), st.integers(0, 3)), max_size=12))
def test_whoever_owns_it_for_however_long_the_topic_ends_with_what_one_owner_gives(
    tmp_path_factory: Any, steps: list[Step]
) -> None:
    folder = tmp_path_factory.mktemp("p")
    now, marks = clock("2026-05-02"), dict[str, int | None]()
    owner = stand(folder, card())
    for entity, value, what in steps:
        marks[entity] = value
        owner.mark(entity, value)
        if what:
            owner.publish(now)
        if what == 2:
            owner = stand(folder, card(), after=owner)
            for each, mark in marks.items():
                owner.mark(each, mark)
    owner.publish(now)
    once = stand(folder, card())
    for entity, value in marks.items():
        once.mark(entity, value)
    once.publish(now)
    assert {key: said(value) for key, value in owner.topic.items()} == {
        key: said(value) for key, value in once.topic.items()
    }


def said(value: bytes) -> dict[str, Any]:
    return {name: each for name, each in json.loads(value).items() if name != "revision"}
