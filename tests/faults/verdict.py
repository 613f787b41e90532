"""What came out of a schedule, against replay of the same events."""

import asyncio
import json
from pathlib import Path
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from stream.kafka.names import Names
from stream.settings import Settings
from tests.faults.story import LAST, instant, quietly
from tests.kafka.scored import said, scores_of
from tests.worlds.lived import breaches_in

Record = dict[str, Any]


class Expected:
    """What replay says: KPI records by key (site, level, entity, window, start), alerts in order, scores by key, and
    the breaches of conduct rules that stand, in the order of its file."""

    def __init__(
        self, kpis: dict[str, Record], alerts: list[Record], scores: dict[str, Record] | None = None,
        breaches: list[Record] | None = None,
    ) -> None:  # fmt: skip
        self.kpis = kpis
        self.alerts = alerts
        self.scores = scores or {}
        self.breaches = breaches or []


def replayed(events: Path, config: Path, out: Path) -> Expected:
    """Replays the file. Blocks for some seconds."""
    arguments = ["--input", str(events), "--out", str(out), "--run", "live", "--processes", "1"]
    quietly(["replay", *arguments, "--config", str(config)])
    kpis = {_key(record): record for record in _lines(out / "kpi.jsonl")}
    return Expected(kpis, _lines(out / "alerts.jsonl"), scores_of(out), _lines(out / "conduct.jsonl"))


def _lines(file: Path) -> list[Record]:
    return [json.loads(line) for line in file.read_bytes().splitlines()]


def _key(record: Record) -> str:
    return "|".join(record[part] for part in ("site", "level", "entity", "window", "start"))


class Found:
    """What a user has after reading the output topics: of each key the highest revision, of equal ones the later."""

    def __init__(self) -> None:
        self.records = 0
        self._kpis: dict[str, Record] = {}
        self._alerts: dict[str, Record] = {}
        self._scores: dict[str, Record] = {}
        self._conduct: dict[str, Record] = {}
        self._broken: list[str] = []

    def kpi(self, key: str, record: Record) -> None:
        """Takes a KPI record. Rolling ones are replaced by the next, and replay does not write them."""
        self.records += 1
        if record["window"].startswith("rolling"):
            return
        held = self._kpis.get(key)
        if held is not None and held["revision"] == record["revision"] and held != record:
            self._broken.append(f"revision {record['revision']} of {key} has two contents")
        if held is None or record["revision"] >= held["revision"]:
            self._kpis[key] = record

    def alert(self, record: Record) -> None:
        """Takes an alert record; one that is repeated as it was is the same."""
        self.records += 1
        self._alerts[json.dumps(record, sort_keys=True)] = record

    def score(self, key: str, record: Record | None) -> None:
        """Takes a record of a score; None: it is gone."""
        self.records += 1
        if record is None:
            self._scores.pop(key, None)
            return
        held = self._scores.get(key)
        if held is not None and record["revision"] != held["revision"] + 1:
            self._broken.append(f"revision {record['revision']} of {key} follows {held['revision']}")
        self._scores[key] = record

    def conduct(self, key: str, record: Record) -> None:
        """Takes a breach or a standing; of a standing only its revision is looked at, since replay writes none."""
        self.records += 1
        held = self._conduct.get(key)
        if held is not None and record["revision"] <= held["revision"]:
            self._broken.append(f"revision {record['revision']} of {key} follows {held['revision']}")
        self._conduct[key] = record

    def compared(self, expected: Expected, *, alerts: bool) -> int:
        """How many keys, breaches and alerts `differences` looks at."""
        count = len(self._kpis.keys() | expected.kpis.keys()) + len(self._scores.keys() | expected.scores.keys())
        count += max(len(breaches_in(self._conduct)), len(expected.breaches))
        return count + (max(len(self._alerts), len(expected.alerts)) if alerts else 0)

    def differences(self, expected: Expected, *, alerts: bool) -> list[str]:
        """One line each, empty if all is equal. A record must be final once the last event has ended its window."""
        found = list(self._broken)
        for key in sorted(self._kpis.keys() | expected.kpis.keys()):
            mine = self._kpis.get(key)
            have = mine["kpis"] if mine else []
            want = expected.kpis[key]["kpis"] if key in expected.kpis else []
            if have != want:
                found.append(f"{key}: {_differing(have, want)}")
            elif mine and mine["end"] <= instant(LAST) and not mine["final"]:
                found.append(f"{key} is not final")
        scores = {key: said(record) for key, record in self._scores.items()}
        found += [
            f"{key}: has {scores.get(key)}; replay has {expected.scores.get(key)}"
            for key in sorted(scores.keys() | expected.scores.keys())
            if scores.get(key) != expected.scores.get(key)
        ]
        breaches = breaches_in(self._conduct)
        found += [f"breach missing: {_breach(each)}" for each in expected.breaches if each not in breaches]
        found += [f"breach not in replay: {_breach(each)}" for each in breaches if each not in expected.breaches]
        if alerts:
            ours = list(self._alerts.values())
            found += [f"alert missing: {_named(alert)}" for alert in expected.alerts if alert not in ours]
            found += [f"alert not in replay: {_named(alert)}" for alert in ours if alert not in expected.alerts]
        return found


class Reader:
    """Reads the output topics as a user should: committed records only."""

    def __init__(self, settings: Settings) -> None:
        self.found = Found()
        self._settings = settings
        self._names = Names(settings.kafka.topic_prefix, settings.kafka.group)
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=settings.kafka.bootstrap_servers, isolation_level="read_committed",
            auto_offset_reset="earliest", fetch_max_wait_ms=100,
        )  # fmt: skip

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        count = self._settings.deltas_partitions
        topics = {self._names.kpi: count, self._names.alerts: count}
        topics[self._names.conduct] = self._settings.kafka.partitions
        partitions = [TopicPartition(topic, p) for topic, count in topics.items() for p in range(count)]
        self._consumer.assign([*partitions, TopicPartition(self._names.scores, 0)])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def read(self, seconds: float) -> int:
        """Takes what is there now, waiting so long for more; how many records that were."""
        fetched = await self._consumer.getmany(timeout_ms=int(seconds * 1000))
        for tp, records in fetched.items():
            for record in records:
                if tp.topic == self._names.kpi:
                    self.found.kpi(record.key.decode(), json.loads(record.value))
                elif tp.topic == self._names.scores:
                    self.found.score(record.key.decode(), json.loads(record.value) if record.value else None)
                elif tp.topic == self._names.conduct:
                    self.found.conduct(record.key.decode(), json.loads(record.value))
                else:
                    self.found.alert(json.loads(record.value))
        return sum(map(len, fetched.values()))

    async def follow(self) -> None:
        """Reads until cancelled, so that a verdict is quick."""
        while True:
            await self.read(0.5)
            await asyncio.sleep(0.05)


def _differing(have: list[Record], want: list[Record]) -> str:
    parts = [f"{kpi['kpi']} {kpi['numerator']}/{kpi['denominator']}" for kpi in have if kpi not in want]
    wanted = [f"{kpi['kpi']} {kpi['numerator']}/{kpi['denominator']}" for kpi in want if kpi not in have]
    return f"has {', '.join(parts) or 'nothing more'}; replay has {', '.join(wanted) or 'nothing more'}"


def _named(alert: Record) -> str:
    return " ".join(str(alert[part]) for part in ("rule", "site", "entity", "state", "at"))


def _breach(breach: Record) -> str:
    return " ".join(str(breach[part]) for part in ("rule", "debtor", "case", "number", "fact", "at", "count"))
