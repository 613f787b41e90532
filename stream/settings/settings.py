"""A valid configuration, and what the rooms below are built from."""

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from stream.alerts.rules import Level, Rule
from stream.engine.entities.publication import Publication
from stream.kpis.catalogue import CATALOGUE
from stream.kpis.records import read_columns
from stream.ledger.definitions import Definitions, FactLimits
from stream.settings import checks
from stream.settings.document import Alert, Document, Http, Kafka, Publish, Time
from stream.settings.failure import Origins
from stream.settings.security import client_options, unusable_files
from stream.windows.plan import SiteClock, WindowPlan


@dataclass(frozen=True)
class Settings:
    """What `load` gives: the checked document, and builders of the values that the other rooms take. `origins`: what
    its keys came from."""

    document: Document
    origins: Origins = field(default_factory=Origins, repr=False, compare=False)

    @property
    def kafka(self) -> Kafka:
        """The section `kafka`."""
        return self.document.kafka

    @property
    def http(self) -> Http:
        """The section `http`."""
        return self.document.http

    @property
    def time(self) -> Time:
        """The section `time`."""
        return self.document.time

    @property
    def publish(self) -> Publish:
        """The section `publish`."""
        return self.document.publish

    @property
    def record_bytes(self) -> int:
        """The longest event that is read, in bytes without the newline."""
        return self.document.limits.record_bytes

    @property
    def batch_bytes(self) -> int:
        """The greatest batch of records, unpacked, that is taken in: one with a record that may come always is."""
        return max(self.document.limits.batch_bytes, 2 * self.record_bytes)

    @property
    def deltas_partitions(self) -> int:
        """Partitions of the deltas topic: `kafka.deltas_partitions`, by default min(partitions, 8)."""
        return self.kafka.deltas_partitions or min(self.kafka.partitions, 8)

    def warnings(self) -> list[str]:
        """What is allowed, but surely not meant: one line each, `FILE: warning: key: reason`."""
        return [self.origins.warning(key, reason) for key, reason in checks.warnings(self.document)]

    def window_names(self) -> list[str]:
        """The windows that are kept, by the names that stand in records."""
        return checks.window_names(self.document)

    def definitions(self) -> Definitions:
        """The parameters of the ledger's fold."""
        section = self.document.definitions
        return Definitions(**dict(section) | {"promise_tolerance": section.promise_tolerance.as_integer_ratio()})

    def limits(self) -> FactLimits:
        """How many facts the ledger keeps."""
        section = self.document.limits
        return FactLimits(facts_per_case=section.facts_per_case, facts_per_debtor=section.facts_per_debtor)

    def live_limits(self) -> FactLimits:
        """How many facts and entities a worker's ledger keeps."""
        section = self.document.limits
        return replace(self.limits(), entities_per_site=section.entities_per_site, entities=section.entities)

    def plan(self) -> WindowPlan:
        """The windows and the clocks of the configured sites."""
        windows = self.document.windows
        return WindowPlan(
            pane_ms=windows.pane_ms,
            rolling=tuple((f"rolling_{name}", length_ms) for name, length_ms in windows.rolling),
            intervals=tuple((f"interval_{name}", length_ms) for name, length_ms in windows.intervals),
            day=windows.day,
            month=windows.month,
            shifts=windows.shifts,
            sites={name: SiteClock(site.zone, dict(site.shifts)) for name, site in self.document.sites.items()},
        )

    def rules(self) -> tuple[Rule, ...]:
        """The alert rules, in the order of the document."""
        return tuple(_rule(alert) for alert in self.document.alerts)

    def watched(self) -> frozenset[str]:
        """The columns that an alert rule reads: stage 1 sends their rows even where they net to zero (live 5)."""
        parts = (read_columns(CATALOGUE[rule.kpi], rule.currency) for rule in self.rules())
        return frozenset(column for numerator, denominator in parts for column in numerator + (denominator or ()))

    def publication(self, run: str = "live") -> Publication:
        """How stage 2 of a live run publishes its records, which are marked as of `run`."""
        return Publication(
            every_ms=self.publish.every_ms,
            grace_ms=self.time.grace_ms,
            alert_delay_ms=self.time.alert_delay_ms,
            horizon_ms=self.time.correction_horizon_ms,
            minimum_sample=dict(self.document.minimum_sample),
            run=run,
            dead_after_ms=self.time.dead_after_ms,
            rolling_records=True,
        )

    def unusable_files(self) -> list[str]:
        """A line for each file of a certificate or secret that cannot be used: here, that is, and now."""
        return list(unusable_files(self.kafka, self.origins))

    def kafka_client_options(self) -> dict[str, Any]:
        """Keyword arguments that every aiokafka client takes: servers and security, with an SSL context if one is
        needed. SettingsError names the key of a file that cannot be used."""
        return client_options(self.kafka, self.origins)


def _rule(alert: Alert) -> Rule:
    above = alert.above is not None
    threshold = alert.above if alert.above is not None else alert.below
    if threshold is None:
        raise ValueError(f"rule {alert.rule} has no level: checks.problems was not asked")
    return Rule(
        rule=alert.rule,
        kpi=alert.kpi,
        level=alert.level,
        window=alert.window,
        threshold=_level(threshold),
        exit=_level(threshold if alert.exit is None else alert.exit),
        above=above,
        min_denominator=alert.min_denominator,
        for_ms=alert.for_ms,
        keep_firing_for_ms=alert.keep_firing_for_ms,
        severity=alert.severity,
        entities=alert.entities,
        currency=alert.currency,
        publish_pending=alert.publish_pending,
    )


def _level(number: Fraction) -> Level:
    return number.as_integer_ratio()
