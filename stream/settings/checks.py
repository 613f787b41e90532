"""What the keys of a configuration must satisfy together (contract 4), and what is allowed but worth a warning."""

from collections.abc import Iterator, Mapping

from stream.conduct.rule import ComplaintDeadline
from stream.facts.zones import is_zone
from stream.kpis.catalogue import CATALOGUE, Kpi, kpis_of
from stream.kpis.kpi import why_not_at
from stream.settings.alert_rules import rule_problems
from stream.settings.alerts import Alert, AlertLevels
from stream.settings.document import Document, Windows
from stream.settings.failure import KeyPath
from stream.settings.feeds import feed_problems
from stream.settings.http import http_problems, http_warnings
from stream.settings.kafka import Kafka
from stream.settings.metrics import metrics_problems
from stream.settings.rulebooks import RuleChoice
from stream.settings.scheme_checks import scheme_doubts, scheme_problems
from stream.settings.warnings import warnings_of
from stream.windows.calendar import QUARTER_MS

DAY_MS = 86_400_000


def problems(document: Document) -> Iterator[tuple[KeyPath, str]]:
    """Everything that is wrong, as (path of the key, reason), in the order of the document."""
    yield from _kafka(document)
    yield from http_problems(document.http)
    yield from _sites(document)
    yield from _windows(document.windows)
    kpis = kpis_of(conduct=document.conduct is not None)
    for kpi in document.minimum_sample:
        if kpi not in kpis:
            yield ("minimum_sample", kpi), f"no such KPI {_where_kpis_are(kpi)}"
    known = window_names(document)
    yield from metrics_problems(document.metrics, known, kpis)
    of_rules = [
        *rule_problems(document.alerts),
        *(
            (("alerts", index, *path), reason)
            for index, alert in enumerate(document.alerts)
            for path, reason in _alert(alert, known, kpis)
        ),
    ]
    yield from sorted(of_rules, key=lambda problem: problem[0][1])
    if document.conduct is not None:
        yield from RuleChoice(document.conduct).wrong
    yield from feed_problems(document.feeds)
    yield from scheme_problems(document)


def window_names(document: Document) -> list[str]:
    """The names of all windows that the configuration keeps, as records write them."""
    windows = document.windows
    shifts = sorted({name for site in document.sites.values() for name in site.shifts}) if windows.shifts else []
    return [
        *(f"rolling_{name}" for name, _ in windows.rolling),
        *(f"interval_{name}" for name, _ in windows.intervals),
        *(["day"] if windows.day else []),
        *(["month"] if windows.month else []),
        *(f"shift_{name}" for name in shifts),
    ]


def warnings(document: Document) -> Iterator[tuple[KeyPath, str]]:
    """What is allowed but hardly meant, as (path of the key, reason)."""
    definitions = document.definitions
    deadlines_days = {
        "complaint_deadline_days": definitions.complaint_deadline_days,
        "attribution_days": definitions.attribution_days,
        "coverage_days": definitions.coverage_days,
        "first_contact_hours": -(-definitions.first_contact_hours // 24),
        "promise_grace_days": definitions.promise_grace_days,
    }
    deadlines_days = {f"definitions.{key}": days for key, days in deadlines_days.items()}
    if document.conduct is not None:
        rules = RuleChoice(document.conduct).rulebook({}).rules
        deadlines = {rule.name: rule.parameters for rule in rules}
        deadlines_days |= {name: of.days for name, of in deadlines.items() if isinstance(of, ComplaintDeadline)}
    longest = max(deadlines_days, key=lambda key: deadlines_days[key])
    needed_days = deadlines_days[longest] + 31
    horizon_ms = document.time.correction_horizon_ms
    if horizon_ms < needed_days * DAY_MS:
        reason = (
            f"shorter than the longest deadline plus 31 days: late facts will be refused that {longest} "
            f"still needs ({needed_days}d would do)"
        )
        yield ("time", "correction_horizon"), reason
    yield from http_warnings(document.http)
    yield from warnings_of(document)
    yield from scheme_doubts(document)


def _kafka(document: Document) -> Iterator[tuple[KeyPath, str]]:
    kafka = document.kafka
    if kafka.heartbeat_ms * 3 > kafka.session_timeout_ms:
        yield ("kafka", "heartbeat"), "must be at most a third of kafka.session_timeout"
    if kafka.commit_every_ms >= kafka.transaction_timeout_ms:
        yield ("kafka", "commit_every"), "must be shorter than kafka.transaction_timeout"
    if kafka.security_protocol.startswith("SASL") and kafka.sasl_mechanism == "OAUTHBEARER":
        yield from _oauth(kafka)
    elif kafka.security_protocol.startswith("SASL"):
        if kafka.sasl_plain_username is None:
            yield ("kafka", "sasl_plain_username"), f"is required with security_protocol {kafka.security_protocol}"
        if kafka.sasl_plain_password is None and kafka.sasl_plain_password_file is None:
            reason = f"or sasl_plain_password_file is required with security_protocol {kafka.security_protocol}"
            yield ("kafka", "sasl_plain_password"), reason
    for key in ("sasl_plain_password", "ssl_password"):
        if getattr(kafka, key) is not None and getattr(kafka, f"{key}_file") is not None:
            yield ("kafka", f"{key}_file"), f"only one of {key} and {key}_file may be given"
    if kafka.ssl_keyfile is not None and kafka.ssl_certfile is None:
        yield ("kafka", "ssl_certfile"), "is required with ssl_keyfile"


def _oauth(kafka: Kafka) -> Iterator[tuple[KeyPath, str]]:
    oauth = kafka.oauth
    if oauth is None or (oauth.token_url is None and oauth.provider is None):
        yield ("kafka", "oauth", "token_url"), "or oauth.provider is required with sasl_mechanism OAUTHBEARER"
        return
    if oauth.token_url is not None and oauth.provider is not None:
        yield ("kafka", "oauth", "provider"), "only one of token_url and provider may be given"
    if oauth.client_secret is not None and oauth.client_secret_file is not None:
        yield ("kafka", "oauth", "client_secret_file"), "only one of client_secret and client_secret_file may be given"
    if oauth.token_url is None:
        return
    if oauth.client_id is None:
        yield ("kafka", "oauth", "client_id"), "is required with token_url"
    if oauth.client_secret is None and oauth.client_secret_file is None:
        yield ("kafka", "oauth", "client_secret"), "or client_secret_file is required with token_url"


def _sites(document: Document) -> Iterator[tuple[KeyPath, str]]:
    for name, site in document.sites.items():
        if not is_zone(site.zone):
            yield ("sites", name, "zone"), f"{site.zone!r} is not an IANA time zone such as Asia/Shanghai"
        for shift, (start, end) in site.shifts.items():
            if start == end:
                yield ("sites", name, "shifts", shift), "starts and ends at the same time: a shift has a length"


def _windows(windows: Windows) -> Iterator[tuple[KeyPath, str]]:
    wrong_pane = QUARTER_MS % windows.pane_ms  # then lengths are not checked against it
    if wrong_pane:
        yield ("windows", "pane"), "must divide 15 minutes"
    for key, lengths in (("rolling", windows.rolling), ("intervals", windows.intervals)):
        seen: set[int] = set()
        for index, (name, length_ms) in enumerate(lengths):
            path: KeyPath = ("windows", key, index)
            if length_ms == 0:
                yield path, "must be longer than 0"
            elif length_ms % windows.pane_ms and not wrong_pane:
                yield path, f"{name} is not a multiple of windows.pane"
            elif key == "intervals" and DAY_MS % length_ms:
                yield path, f"{name} does not divide a day"
            elif length_ms in seen:
                yield path, f"{name} is listed twice"
            seen.add(length_ms)


def _where_kpis_are(kpi: str) -> str:
    if kpi in CATALOGUE:
        return "without a section `conduct`"
    return "(`kpi-stream kpis` lists them)"


def _alert(alert: Alert, known: list[str], kpis: Mapping[str, Kpi]) -> Iterator[tuple[KeyPath, str]]:
    kpi = kpis.get(alert.kpi)
    if kpi is None:
        yield ("kpi",), f"no such KPI: {alert.kpi!r} {_where_kpis_are(alert.kpi)}"
    elif reason := why_not_at(kpi, alert.level):
        yield ("kpi",), f"{alert.kpi} {reason}"
    elif kpi.per_currency and alert.currency is None:
        yield ("currency",), f"is required: {alert.kpi} is kept per currency"
    elif not kpi.per_currency and alert.currency is not None:
        yield ("currency",), f"{alert.kpi} is not kept per currency"
    if alert.window not in known:
        yield ("window",), f"no such window: {alert.window!r} (there are {', '.join(known)})"
    if alert.severities is None:
        yield from _levels(alert)
        return
    for name, field in AlertLevels.model_fields.items():
        if name in alert.model_fields_set:
            yield (field.alias or name,), "stands in each of `severities` instead"
    for index, each in enumerate(alert.severities):
        yield from ((("severities", index, *path), reason) for path, reason in _levels(each))


def _levels(levels: AlertLevels) -> Iterator[tuple[KeyPath, str]]:
    if levels.below is None and levels.above is None:
        yield ("below",), "one of `below` and `above` is required"
    elif levels.below is not None and levels.above is not None:
        yield ("above",), "only one of `below` and `above` may be given"
    elif levels.exit is not None and levels.below is not None and levels.exit < levels.below:
        yield ("exit",), "must not be under `below`"
    elif levels.exit is not None and levels.above is not None and levels.exit > levels.above:
        yield ("exit",), "must not be over `above`"
