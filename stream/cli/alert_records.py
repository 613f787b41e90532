"""The alerts of the live topic and what people did about them, as the commands of `kpi-stream alerts` show them."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stream.cli.configuration import settings_of
from stream.cli.failure import CommandError, warn

if TYPE_CHECKING:
    from stream.alerts.action import Action
    from stream.publish.reading import PublishedAlert
    from stream.settings import Settings

FEWEST_CHARACTERS = 4


class AlertBook:
    """All alerts that the topic holds, each as it is now, and what was done about them."""

    def __init__(self, settings: "Settings") -> None:
        """Reads both topics to their ends, with `reached` entered. CommandError names one that is not there."""
        import msgspec

        from stream.alerts.handling import Handlings
        from stream.cli.broker import committed_records
        from stream.kafka.names import Names
        from stream.publish.reading import read_alert

        names = Names(settings.kafka.topic_prefix, settings.kafka.group)
        self.alerts: dict[str, PublishedAlert] = {}
        self.values: dict[str, bytes] = {}
        self.handlings = Handlings()
        unreadable = 0
        for record in committed_records(settings, [names.alerts, names.alertactions]):
            if record.topic == names.alertactions:
                self.handlings.put(record.key, record.value)
                continue
            try:
                alert = read_alert(record.value or b"")
            except msgspec.MsgspecError:
                unreadable += 1
                continue
            if alert.alert_id in self.alerts and self.alerts[alert.alert_id].state == "resolved":
                continue  # repeated: an episode that has ended does not begin again
            self.alerts[alert.alert_id], self.values[alert.alert_id] = alert, record.value
        for topic, number in ((names.alerts, unreadable), (names.alertactions, self.handlings.wrong)):
            if number:
                warn(f"{topic}: {number} records cannot be read and are left out")

    def named(self, text: str) -> str:
        """The id of the alert that begins with the text, or the text where none does. CommandError: several do."""
        if text in self.alerts or len(text) < FEWEST_CHARACTERS:
            return text
        found = [each for each in self.alerts if each.startswith(text)]
        if len(found) > 1:
            raise CommandError(f"{len(found)} alerts begin with {text}: give more of it")
        return found[0] if found else text

    def rows(self, now_ms: int) -> Iterator[dict[str, Any]]:
        """Every alert's record with `taken_by`, `taken_since`, `note`, `silenced_until`, `silence` and `judged`."""
        import orjson

        from stream.alerts.handling import covering
        from stream.facts.instant import instant_text

        silences = self.handlings.silences(now_ms)
        for alert_id, alert in self.alerts.items():
            handling, silence = self.handlings.of(alert_id), covering(silences, alert)
            yield orjson.loads(self.values[alert_id]) | {
                "muted": alert.muted,
                "taken_by": handling.by,
                "taken_since": None if handling.since_ms is None else instant_text(handling.since_ms),
                "note": handling.note,
                "silence": None if silence is None else silence.id,
                "silenced_until": None if silence is None else instant_text(silence.until_ms),
                "judged": handling.true_alarm,
            }


def book_of(config: Path | None) -> AlertBook:
    """The alerts of a configuration's topics, read now."""
    from stream.cli.broker import reached

    settings = settings_of(config)
    with reached(settings):
        return AlertBook(settings)


def say(config: Path | None, fields: dict[str, Any]) -> tuple[AlertBook, "Action"]:
    """Takes an action, given as JSON has it but for `id`, of which some characters do, and `at`, which is now. Gives
    the topics as they were before, and the action that is in the topic then.

    CommandError: it is no action (exit code 2), or what it is about is not there.
    """
    import asyncio
    import time

    from stream.alerts.action import encode_action, made_action
    from stream.alerts.objection import objection
    from stream.cli.broker import reached
    from stream.facts.instant import instant_text
    from stream.kafka.names import Names

    settings, at = settings_of(config), instant_text(time.time_ns() // 1_000_000)
    _made(made_action, fields | {"at": at})  # what is wrong with it is said before Kafka is asked
    with reached(settings):
        book = AlertBook(settings)
        action = _made(made_action, fields | {"id": book.named(fields["id"]), "at": at})
        refused = objection(action, action.id in book.alerts, book.handlings)
        if refused is not None:
            listed = "silences" if fields["action"] == "unsilence" else "list --state all"
            raise CommandError(f"{refused} (`kpi-stream alerts {listed}` shows what there is)")
        topic = Names(settings.kafka.topic_prefix, settings.kafka.group).alertactions
        asyncio.run(_send(settings, topic, *encode_action(action)))
    return book, action


def _made(make: Any, fields: dict[str, Any]) -> "Action":
    try:
        action: Action = make(fields)
    except ValueError as error:
        raise CommandError(f"{fields['action']}: {error}", exit_code=2) from None
    return action


async def _send(settings: "Settings", topic: str, key: bytes, value: bytes) -> None:
    from functools import partial

    from stream.cli.broker import started
    from stream.cli.resubmission import producer_of

    producer = await started(partial(producer_of, settings))
    try:
        await producer.send_and_wait(topic, value, key)
    finally:
        await producer.stop()
