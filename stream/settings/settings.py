"""A valid configuration, and the values that other packages are built from."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from stream.alerts.rules import Rule
from stream.alerts.watch import watched_columns
from stream.conduct.rulebook import Rulebook
from stream.engine.entities.publication import Publication
from stream.kpis.targets import Targets
from stream.ledger.definitions import Definitions, FactLimits
from stream.scores.periods import Periods
from stream.scores.schemes import Schemes
from stream.settings import checks
from stream.settings.alert_rules import alert_rules
from stream.settings.board import BoardSection, NamesOfIds, names_of, names_path
from stream.settings.document import Document, Publish, Time
from stream.settings.failure import Origins, SettingsError
from stream.settings.http import Http
from stream.settings.kafka import Kafka
from stream.settings.metrics import MetricsSection
from stream.settings.rulebooks import RuleChoice
from stream.settings.scheme_values import periods_of, schemes_of, targets_of
from stream.settings.security import client_options, unusable_files
from stream.windows.plan import SiteClock, WindowPlan


@dataclass(frozen=True)
class Settings:
    """What `load` gives: the checked document, and methods that build what other packages take. `origins`: the file or
    environment variable that each key came from."""

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
    def board(self) -> BoardSection:
        """The section `board`."""
        return self.document.board

    @property
    def names_path(self) -> Path | None:
        """Where the file of names lies, if `board.names` names one."""
        return names_path(self.board, self.origins)

    def names(self) -> NamesOfIds:
        """The names of ids, read anew. SettingsError names the file and the line at fault."""
        return names_of(self.board, self.origins)

    @property
    def time(self) -> Time:
        """The section `time`."""
        return self.document.time

    @property
    def publish(self) -> Publish:
        """The section `publish`."""
        return self.document.publish

    @property
    def metrics(self) -> MetricsSection:
        """The section `metrics`."""
        return self.document.metrics

    @property
    def record_bytes(self) -> int:
        """The longest event that is read, in bytes without the newline."""
        return self.document.limits.record_bytes

    @property
    def batch_bytes(self) -> int:
        """The most bytes of an uncompressed batch of records that is read: always enough for a permitted record."""
        return max(self.document.limits.batch_bytes, 2 * self.record_bytes)

    @property
    def deltas_partitions(self) -> int:
        """Partitions of the deltas topic: `kafka.deltas_partitions`, by default min(partitions, 8)."""
        return self.kafka.deltas_partitions or min(self.kafka.partitions, 8)

    def warnings(self) -> list[str]:
        """What is allowed but hardly meant: one line each, `FILE: warning: key: reason`."""
        return [self.origins.warning(key, reason) for key, reason in checks.warnings(self.document)]

    def window_names(self) -> list[str]:
        """The names of all windows that are kept, as records write them."""
        return checks.window_names(self.document)

    def definitions(self) -> Definitions:
        """The parameters of the fold (definitions 3 to 5)."""
        section = self.document.definitions
        return Definitions(**dict(section) | {"promise_tolerance": section.promise_tolerance.as_integer_ratio()})

    def limits(self) -> FactLimits:
        """The most facts that a ledger keeps of a case and of a debtor."""
        section = self.document.limits
        return FactLimits(facts_per_case=section.facts_per_case, facts_per_debtor=section.facts_per_debtor)

    def live_limits(self) -> FactLimits:
        """The same, and the most entities that a worker keeps."""
        section = self.document.limits
        return replace(self.limits(), entities_per_site=section.entities_per_site, entities=section.entities)

    def conduct(self) -> Rulebook | None:
        """The conduct rules that are evaluated, by site; None without a section `conduct`."""
        return None if self.document.conduct is None else self.headroom_rules()

    def headroom_rules(self) -> Rulebook:
        """The same for a question about headroom: without a section `conduct` there are no rules, but the zones."""
        zones = {name: site.zone for name, site in self.document.sites.items()}
        choice = self.rule_choice()
        return Rulebook(zones=zones) if choice is None else choice.rulebook(zones)

    def rule_choice(self) -> RuleChoice | None:
        """Which conduct rules hold where, drafts included; None without a section `conduct`."""
        return None if self.document.conduct is None else RuleChoice(self.document.conduct)

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
        """The alert rules, in the order of the document; of one with several severities one rule each."""
        return alert_rules(self.document.alerts)

    def watched(self) -> frozenset[str]:
        """The columns that alert rules read: the debtor stage sends their rows even where they come to 0 (live 5)."""
        return watched_columns(self.rules(), self.plan())

    def asks_teams(self) -> bool:
        """Whether an alert rule is about agents, whose records name the team."""
        return any(alert.level == "agent" for alert in self.document.alerts)

    def targets(self) -> Targets:
        """The targets of KPIs."""
        return targets_of(self.document, self.plan())

    def schemes(self) -> Schemes:
        """The scorecards, payouts, contests and rewards."""
        return schemes_of(self.document)

    def periods(self) -> Periods:
        """The periods of scores, and the workdays of the sites."""
        return periods_of(self.document, self.plan())

    def publication(self, run: str = "live") -> Publication:
        """How the entity stage of a live run publishes its records; `run` is written into them."""
        return Publication(
            every_ms=self.publish.every_ms,
            grace_ms=self.time.grace_ms,
            alert_delay_ms=self.time.alert_delay_ms,
            horizon_ms=self.time.correction_horizon_ms,
            minimum_sample=dict(self.document.minimum_sample),
            run=run,
            dead_after_ms=self.time.dead_after_ms,
            rolling_records=True,
            conduct=self.document.conduct is not None,
            targets=self.targets(),
            language=self.publish.language,
        )

    def unusable_files(self) -> list[str]:
        """A line for each file that cannot be used on this machine now: of a certificate, of a secret, of names."""
        wrong = list(unusable_files(self.kafka, self.origins))
        try:
            self.names()
        except SettingsError as error:
            wrong.append(str(error))
        return wrong

    def kafka_client_options(self) -> dict[str, Any]:
        """Keyword arguments for every aiokafka client: servers and security, with an SSL context if one is needed.
        SettingsError names the key of a file that cannot be used."""
        return client_options(self.kafka, self.origins)
