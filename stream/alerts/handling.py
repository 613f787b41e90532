"""What people have done about alerts, as it stands: who has an alert, how it was judged, what is silenced (alerting 2).

No clock: whether a silence is in force is asked of an instant. The records go in in the order of the topic.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from stream.alerts.action import Ack, Judge, Match, Silence, Unack, Unsilence, read_action


class Silenceable(Protocol):
    """What a silence looks at: an alert."""

    @property
    def rule(self) -> str: ...
    @property
    def site(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def entity(self) -> str: ...
    @property
    def severity(self) -> str: ...


@dataclass(frozen=True)
class Handling:
    """What was done about one alert. `by`: who has it, since `since_ms`; None: nobody. `true_alarm`: None until it is
    judged."""

    by: str | None = None
    since_ms: int | None = None
    note: str = ""
    true_alarm: bool | None = None
    judged_by: str | None = None


UNTOUCHED = Handling()


@dataclass(frozen=True)
class StandingSilence:
    """A silence, in force in [from_ms, until_ms): `until_ms` is earlier than was said where it was taken back."""

    id: str
    by: str
    why: str
    from_ms: int
    until_ms: int
    match: Match

    def covers(self, alert: Silenceable) -> bool:
        """Whether it is about this alert."""
        return all(_is(alert, name, value) for name, value in self.match.named().items())


class Handlings:
    """Takes the records of the topic. `wrong`: how many were no actions; they change nothing."""

    def __init__(self) -> None:
        self._handlings: dict[str, Handling] = {}
        self._silences: dict[str, StandingSilence] = {}
        self.wrong = 0

    def put(self, key: bytes | None, value: bytes | None) -> None:
        """Takes one record. Never raises."""
        try:
            action = read_action(key, value)
        except ValueError:
            self.wrong += 1
            return
        before = self._handlings.get(action.id, UNTOUCHED)
        match action:
            case Ack():
                self._handlings[action.id] = replace(before, by=action.by, since_ms=action.at, note=action.note)
            case Unack():
                self._handlings[action.id] = replace(before, by=None, since_ms=None, note="")
            case Judge():
                self._handlings[action.id] = replace(before, true_alarm=action.true_alarm, judged_by=action.by)
            case Silence():
                self._silences[action.id] = StandingSilence(
                    action.id, action.by, action.note, action.from_ms, action.until, action.match
                )
            case Unsilence():
                silence = self._silences.get(action.id)
                if silence is not None and action.at < silence.until_ms:
                    self._silences[action.id] = replace(silence, until_ms=action.at)

    def of(self, alert_id: str) -> Handling:
        """What was done about an alert."""
        return self._handlings.get(alert_id, UNTOUCHED)

    def silence(self, silence_id: str) -> StandingSilence | None:
        """The silence of this id, whether or not it is in force; None: there never was one."""
        return self._silences.get(silence_id)

    def silences(self, now_ms: int, to_come: bool = False) -> list[StandingSilence]:
        """The silences in force at an instant, the one that ends last first; `to_come`: and those that begin later."""
        found = [
            each
            for each in list(self._silences.values())
            if now_ms < each.until_ms and each.from_ms < each.until_ms and (to_come or each.from_ms <= now_ms)
        ]
        return sorted(found, key=lambda each: (-each.until_ms, each.id))


def covering(silences: Iterable[StandingSilence], alert: Silenceable) -> StandingSilence | None:
    """The first of the silences that is about the alert; None: it is not silenced."""
    return next((each for each in silences if each.covers(alert)), None)


def _is(alert: Silenceable, name: str, wanted: str) -> bool:
    found = getattr(alert, name)
    # A rule with severities is an alert of its own for each, named RULE.SEVERITY (alerting 1).
    return bool(found == wanted or (name == "rule" and found == f"{wanted}.{alert.severity}"))
