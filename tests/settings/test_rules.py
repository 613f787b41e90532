"""The rules that a configuration must satisfy (contract 4), each with the key that its breach names."""

from pathlib import Path

import pytest

from stream.alerts.rules import Rule
from stream.settings import SettingsError, load

RULE = {"rule": "r", "kpi": "connect_rate", "level": "team", "window": "rolling_15m", "below": "0.10"}


def alerts(*changes: dict[str, str | None]) -> str:
    rules = [{key: value for key, value in (RULE | change).items() if value is not None} for change in changes]
    return "alerts: [" + ", ".join("{" + ", ".join(f"{k}: {v}" for k, v in rule.items()) + "}" for rule in rules) + "]"


def key_at_fault(tmp_path: Path, text: str) -> str:
    file = tmp_path / "c.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        load(file, {})
    return str(error.value).removeprefix(f"{file}: ").split(": ")[0]


def rule_of(tmp_path: Path, **change: str | None) -> Rule:
    file = tmp_path / "c.yaml"
    file.write_text(alerts(change), encoding="utf-8")
    return load(file, {}).rules()[0]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("windows: {pane: 7s}", "windows.pane"),
        ("windows: {pane: 20m}", "windows.pane"),
        ("windows: {pane: 0s}", "windows.pane"),
        ("windows: {rolling: [15s]}", "windows.rolling[0]"),
        ("windows: {rolling: [5m, 0s]}", "windows.rolling[1]"),
        ("windows: {rolling: [60m, 1h]}", "windows.rolling[1]"),
        ("windows: {intervals: [45s]}", "windows.intervals[0]"),
        ("windows: {intervals: [7h]}", "windows.intervals[0]"),
        ("windows: {intervals: [48h]}", "windows.intervals[0]"),
        ("windows: {rolling: [5]}", "windows.rolling[0]"),
        ("sites: {main: {zone: Mars/Crater}}", "sites.main.zone"),
        ("sites: {main: {zone: asia/shanghai}}", "sites.main.zone"),
        ("sites: {main: {shifts: {day: ['09:00', '09:00']}}}", "sites.main.shifts.day"),
        ("sites: {main: {shifts: {day: ['09:00', '24:00']}}}", "sites.main.shifts.day[1]"),
        ("sites: {main: {shifts: {day: ['9:00', '10:00']}}}", "sites.main.shifts.day[0]"),
        ("sites: {main: {shifts: {day: ['09:00', '10:00', '11:00']}}}", "sites.main.shifts.day"),
        ("sites: {main: {shifts: {'a|b': ['09:00', '10:00']}}}", "sites.main.shifts.a|b"),
        ("sites: {'a|b': {}}", "sites.a|b"),
        ("definitions: {promise_tolerance: 1.0001}", "definitions.promise_tolerance"),
        ("definitions: {promise_tolerance: -0.1}", "definitions.promise_tolerance"),
        ("definitions: {promise_grace_days: -1}", "definitions.promise_grace_days"),
        ("minimum_sample: {connect: 2}", "minimum_sample.connect"),
        ("minimum_sample: {connect_rate: 0}", "minimum_sample.connect_rate"),
        ("time: {grace: 10}", "time.grace"),
        ("time: {grace: 1.5h}", "time.grace"),
        ("time: {idle_after: 0s}", "time.idle_after"),
        ("publish: {every: soon}", "publish.every"),
        ("limits: {facts_per_case: 0}", "limits.facts_per_case"),
        ("http: {port: 65536}", "http.port"),
        ("kafka: {partitions: 0}", "kafka.partitions"),
        ("kafka: {bootstrap_servers: localhost}", "kafka.bootstrap_servers"),
        ("kafka: {topic_prefix: 'a b'}", "kafka.topic_prefix"),
        ("kafka: {security_protocol: SASL_SSL}", "kafka.sasl_plain_username"),
        ("kafka: {session_timeout: 2s}", "kafka.heartbeat"),
        (alerts({"rule": None}), "alerts[0].rule"),
        (alerts({"kpi": None}), "alerts[0].kpi"),
        (alerts({"level": None}), "alerts[0].level"),
        (alerts({"window": None}), "alerts[0].window"),
        (alerts({}, {}), "alerts[1].rule"),
        (alerts({"rule": "a|b"}), "alerts[0].rule"),
        (alerts({"kpi": "connects"}), "alerts[0].kpi"),
        (alerts({"level": "floor"}), "alerts[0].level"),
        (alerts({"window": "rolling_10m"}), "alerts[0].window"),
        (alerts({"window": "shift_day"}), "alerts[0].window"),
        ("windows: {day: false}\n" + alerts({"window": "day"}), "alerts[0].window"),
        (alerts({"below": None}), "alerts[0].below"),
        (alerts({"above": "0.2"}), "alerts[0].above"),
        (alerts({"exit": "0.09"}), "alerts[0].exit"),
        (alerts({"below": None, "above": "0.2", "exit": "0.3"}), "alerts[0].exit"),
        (alerts({"below": "much"}), "alerts[0].below"),
        (alerts({"kpi": "recovered_amount"}), "alerts[0].currency"),
        (alerts({"currency": "CNY"}), "alerts[0].currency"),
        (alerts({"kpi": "recovered_amount", "currency": "cny"}), "alerts[0].currency"),
        (alerts({"min_denominator": "-1"}), "alerts[0].min_denominator"),
        (alerts({"for": "2"}), "alerts[0].for"),
    ],
)
def test_a_breach_names_its_key(tmp_path: Path, text: str, key: str) -> None:
    assert key_at_fault(tmp_path, text) == key


def test_a_rule_has_exact_levels_and_its_exit_defaults_to_the_level(tmp_path: Path) -> None:
    rule = rule_of(tmp_path, exit="0.12")
    assert (rule.threshold, rule.exit, rule.above) == ((1, 10), (3, 25), False)
    rule = rule_of(tmp_path, below=None, above='"1500.50"')
    assert (rule.threshold, rule.exit, rule.above) == ((3001, 2), (3001, 2), True)


def test_a_rule_keeps_what_was_written(tmp_path: Path) -> None:
    rule = rule_of(
        tmp_path, kpi="recovered_amount", currency="CNY", entities="[t-1, 7]", publish_pending="true",
        **{"for": "2m", "keep_firing_for": "90s", "severity": "critical", "min_denominator": "50"},
    )  # fmt: skip
    assert (rule.currency, rule.entities, rule.publish_pending) == ("CNY", frozenset({"t-1", "7"}), True)
    assert (rule.for_ms, rule.keep_firing_for_ms) == (120_000, 90_000)
    assert (rule.severity, rule.min_denominator) == ("critical", 50)


def test_a_rule_may_use_a_shift_of_any_site(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("sites: {a: {shifts: {late: [22:00, 06:00]}}, b: {}}\n" + alerts({"window": "shift_late"}))
    assert load(file, {}).rules()[0].window == "shift_late"


def test_a_short_horizon_and_a_count_that_starts_low_are_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("time: {correction_horizon: 86d}\n" + alerts({"kpi": "dials", "window": "day", "below": "5"}))
    horizon, count = load(file, {}).warnings()
    assert horizon.startswith(f"{file}: warning: time.correction_horizon: ")
    assert "87d" in horizon
    assert "rule r" in count
    file.write_text("time: {correction_horizon: 87d}\n" + alerts({"kpi": "dials", "below": "5"}))
    assert load(file, {}).warnings() == []


def test_client_options_carry_the_credentials_only_where_the_protocol_asks(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("kafka: {sasl_plain_username: u, sasl_plain_password: p}")
    assert set(load(file, {}).kafka_client_options()) == {"bootstrap_servers", "security_protocol"}
    file.write_text("kafka: {security_protocol: SASL_SSL, sasl_plain_username: u, sasl_plain_password: p}")
    options = load(file, {}).kafka_client_options()
    assert (options["sasl_mechanism"], options["sasl_plain_password"]) == ("PLAIN", "p")
    assert options["ssl_context"].check_hostname
    assert "'p'" not in repr(load(file, {}))


TWO = "severities: [{severity: warning, below: 0.2}, {severity: critical, below: 0.1}]"


@pytest.mark.parametrize(
    ("rules", "line"),
    [
        ([f"{{{TWO}, below: 0.1}}"], "alerts[0].below: stands in each of `severities` instead"),
        ([f"{{{TWO}, exit: 0.1}}"], "alerts[0].exit: stands in each of `severities` instead"),
        ([f"{{{TWO}, for: 1m}}"], "alerts[0].for: stands in each of `severities` instead"),
        ([f"{{{TWO}, severity: info}}"], "alerts[0].severity: stands in each of `severities` instead"),
        (["{severities: []}"], "alerts[0].severities: "),
        (["{severities: [{below: 1}]}"], "alerts[0].severities[0].severity: is required"),
        (["{severities: [{severity: a}]}"], "alerts[0].severities[0].below: one of `below` and `above` is required"),
        (["{severities: [{severity: a, below: 0.2, exit: 0.1}]}"], "alerts[0].severities[0].exit: must not be under"),
        (
            ["{severities: [{severity: a, below: 0.2}, {severity: a, below: 0.1}]}"],
            "alerts[0].severities[1].severity: 'r0.a' is the name of another alert already",
        ),
        (["{below: 1, rule: r1.warning}", f"{{{TWO}}}"], "alerts[1].severities[0].severity: 'r1.warning' is the name"),
        (["{below: 1, inhibited_by: [gone]}"], "alerts[0].inhibited_by[0]: no such rule: 'gone' (there are r0)"),
        (["{below: 1, inhibited_by: [r0]}"], "alerts[0].inhibited_by[0]: inhibition goes in a circle: r0 by r0"),
        (
            ["{below: 1, inhibited_by: [r2]}", "{below: 1, inhibited_by: [r0]}", "{below: 1, inhibited_by: [r1]}"],
            "alerts[0].inhibited_by[0]: inhibition goes in a circle: r0 by r2 by r1 by r0",
        ),
        (
            [f"{{{TWO}, inhibited_by: [r0.critical]}}"],
            "alerts[0].inhibited_by[0]: inhibition goes in a circle: r0.critical by r0.critical",
        ),
        (["{below: 1, where: region}"], "alerts[0].where: "),
        (["{below: 1, on: hope}"], "alerts[0].on: "),
        (["{below: 1, cooldown: 5}"], "alerts[0].cooldown: "),
        (
            ["{below: 1, notes: {en: 'is {worth}'}}"],
            "alerts[0].notes.en: {worth} stands for nothing (there are {value}",
        ),
        (["{below: 1, notes: {zh: '{value'}}"], "alerts[0].notes.zh: {value stands for nothing"),
        (["{below: 1, notes: {fr: oui}}"], "alerts[0].notes.fr: unknown key"),
        (["{below: 1, labels: {a: [b]}}"], "alerts[0].labels.a: "),
    ],
)
def test_what_is_wrong_with_a_rule_is_one_line_that_names_the_key(tmp_path: Path, rules: list[str], line: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(written(rules), encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        load(file, {})
    assert error.value.lines[0].startswith(f"{file}: {line}")
    assert "\n" not in error.value.lines[0]


def written(rules: list[str]) -> str:
    """Rules in YAML's flow style, named r0, r1, ... where they have no name of their own; and of team and day."""
    whole = []
    for number, text in enumerate(rules):
        keys = {"rule": f"r{number}", "kpi": "connect_rate", "level": "team", "window": "day"}
        usual = [f"{key}: {value}" for key, value in keys.items() if f"{key}:" not in text]
        whole.append(f"{{{', '.join(usual)}, {text[1:]}")
    return "alerts: [" + ", ".join(whole) + "]"


@pytest.mark.parametrize(
    ("rules", "line"),
    [
        (["{below: 0.5, where: site}"], "alerts[0].where: has no effect without `inhibited_by`"),
        (["{below: 0.5, on: pace}"], "alerts[0].on: no target of connect_rate by day is for level team"),
        (
            ["{below: 0.5, level: site, rule: s}", "{below: 1, inhibited_by: [s]}"],
            "alerts[1].inhibited_by[0]: s is a rule",
        ),
        (["{below: 0.5}", "{below: 1, level: site, where: team, inhibited_by: [r0]}"], "alerts[1].where: site has no"),
        ([f"{{{TWO.replace('0.1', '15')}}}"], "alerts[0].severities[1].below: a ratio is a share of 1: 15 is 1500 %"),
        (["{below: 0.5, on: pace, min_denominator: 5}"], "alerts[0].min_denominator: has no effect on pace"),
    ],
)
def test_what_is_hardly_meant_by_a_rule_is_warned_of(tmp_path: Path, rules: list[str], line: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(written(rules), encoding="utf-8")
    found = load(file, {}).warnings()
    assert any(each.startswith(f"{file}: warning: {line}") for each in found), found


def test_each_severity_is_a_rule_of_its_own_and_a_name_means_all_of_them(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    rules = [f"{{{TWO}, cooldown: 5m, labels: {{b: x, a: y}}}}", "{below: 0.5, inhibited_by: [r0], where: site}"]
    file.write_text(written(rules), encoding="utf-8")
    warning, critical, other = load(file, {}).rules()
    assert (warning.rule, warning.family, warning.severity, warning.threshold) == (
        "r0.warning",
        "r0",
        "warning",
        (1, 5),
    )
    assert (critical.rule, critical.cooldown_ms, critical.labels) == ("r0.critical", 300_000, (("a", "y"), ("b", "x")))
    assert (other.inhibited_by, other.where) == (("r0.warning", "r0.critical"), "site")
