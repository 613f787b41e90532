"""Where the settings come from, and how a wrong configuration is told."""

from pathlib import Path

import pytest

from stream.settings import Settings, SettingsError, load


def settings_of(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    file = tmp_path / "c.yaml"
    file.write_text(text, encoding="utf-8")
    return load(file, environ or {})


def complaint_about(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as error:
        settings_of(tmp_path, text, environ)
    message = str(error.value)
    assert "\n" not in message
    return message.removeprefix(f"{tmp_path / 'c.yaml'}: ")


def test_without_a_file_every_key_has_its_default() -> None:
    settings = load(None, {})
    assert settings.kafka.bootstrap_servers == "localhost:9092"
    assert settings.http.port == 6066
    assert settings.definitions().promise_tolerance == (1, 10)
    assert settings.plan().rolling == (("rolling_5m", 300_000), ("rolling_15m", 900_000), ("rolling_1h", 3_600_000))
    assert settings.rules() == ()
    assert settings.warnings() == []


def test_an_empty_file_an_empty_section_and_an_empty_key_are_the_defaults(tmp_path: Path) -> None:
    assert settings_of(tmp_path, "") == load(None, {})
    assert settings_of(tmp_path, "kafka:\nhttp: {port: }\nalerts:\ntargets:\n") == load(None, {})


def test_the_file_may_be_named_by_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("http: {port: 1}")
    assert load(None, {"KPI_STREAM_CONFIG": str(file)}).http.port == 1


def test_a_variable_overrides_the_file(tmp_path: Path) -> None:
    environ = {
        "KPI_STREAM_KAFKA__BOOTSTRAP_SERVERS": "a:1,b:2",
        "KPI_STREAM_WINDOWS__ROLLING": "[10m]",
        "KPI_STREAM_SITES__MAIN__ZONE": "Asia/Tokyo",
        "KPI_STREAM_MINIMUM_SAMPLE": "{dials: 3}",
    }
    text = "kafka: {bootstrap_servers: 'x:1', group: g}\nsites: {main: {shifts: {day: ['09:00', '18:00']}}}"
    settings = settings_of(tmp_path, text, environ)
    assert (settings.kafka.bootstrap_servers, settings.kafka.group) == ("a:1,b:2", "g")
    assert settings.plan().rolling == (("rolling_10m", 600_000),)
    assert settings.plan().sites["main"].zone == "Asia/Tokyo"
    assert settings.plan().sites["main"].shifts == {"day": (540, 1080)}
    assert settings.document.minimum_sample == {"dials": 3}


def test_an_empty_variable_is_as_if_it_were_not_set() -> None:
    assert load(None, {"KPI_STREAM_KAFKA__GROUP": ""}).kafka.group == "kpi-stream"


def test_a_variable_of_somebody_else_is_ignored_and_a_misspelt_one_is_not() -> None:
    assert load(None, {"KPI_STREAM_SERVICE_HOST": "10.0.0.1", "KPI_STREAM_PORT": "tcp://10.0.0.1:80"}) == load(None, {})
    with pytest.raises(SettingsError, match=r"^KPI_STREAM_KAFKA__GROOP: kafka\.groop: unknown key .did you mean group"):
        load(None, {"KPI_STREAM_KAFKA__GROOP": "g"})


def test_a_wrong_variable_is_named_also_where_it_clashes_with_the_file(tmp_path: Path) -> None:
    message = complaint_about(tmp_path, "windows: {rolling: [10m]}", {"KPI_STREAM_WINDOWS__PANE": "7s"})
    assert message == "KPI_STREAM_WINDOWS__PANE: windows.pane: must divide 15 minutes"
    message = complaint_about(tmp_path, "kafka: 3", {"KPI_STREAM_KAFKA__GROUP": "g"})
    assert message == "KPI_STREAM_KAFKA__GROUP: kafka holds a value, not a section"


def test_a_file_that_is_missing_or_no_yaml_is_told_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.yaml: No such file"):
        load(tmp_path / "nowhere.yaml", {})
    assert complaint_about(tmp_path, "kafka: {a: 1\nb: [").startswith("line 2: ")
    assert complaint_about(tmp_path, "- 1") == "not a mapping of sections such as `kafka:`"
    (tmp_path / "c.yaml").write_bytes(b"kafka: {group: \xff}")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load(tmp_path / "c.yaml", {})


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    assert complaint_about(tmp_path, "http:\n  port: 1\n  port: 2\n") == "line 3: 'port' stands twice"


def test_a_key_that_is_merged_in_may_be_written_over(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text('sites:\n  a: &a {zone: Asia/Tokyo, shifts: {day: ["09:00", "18:00"]}}\n  b: {<<: *a, zone: UTC}\n')
    sites = load(file, {}).document.sites
    assert (sites["a"].zone, sites["b"].zone) == ("Asia/Tokyo", "UTC")
    assert sites["a"].shifts == sites["b"].shifts
    assert complaint_about(tmp_path, "sites:\n  a: &a {zone: UTC}\n  b: {<<: *a, zone: UTC, zone: UTC}\n") == (
        "line 3: 'zone' stands twice"
    )


def test_times_of_day_and_numbers_are_read_as_they_are_written(tmp_path: Path) -> None:
    text = "sites: {main: {shifts: {late: [22:00, 06:00]}}}\ndefinitions: {promise_tolerance: 0.1000000000000000055}"
    settings = settings_of(tmp_path, text)
    assert settings.plan().sites["main"].shifts == {"late": (1320, 360)}
    assert settings.definitions().promise_tolerance == (1000000000000000055 // 5, 10**19 // 5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("foo: 1", "foo: unknown key"),
        ("alert: []", "alert: unknown key (did you mean alerts?)"),
        ("kafka: {bootstrap: x}", "kafka.bootstrap: unknown key (did you mean bootstrap_servers?)"),
        ("kafka: {pane_ms: 1}", "kafka.pane_ms: unknown key"),
        ("sites: {main: {zon: UTC}}", "sites.main.zon: unknown key (did you mean zone?)"),
        ("alerts: [{rule: a, kpi: dials, level: team, window: day, below: 1, exits: 2}]",
         "alerts[0].exits: unknown key (did you mean exit?)"),
        ("kafka: 3", "kafka: should be a mapping of keys, not 3"),
        ("alerts: {a: 1}", "alerts: should be a list"),
        ("kafka: {partitions: many}", "kafka.partitions: should be a whole number, not 'many'"),
        ("kafka: {partitions: true}", "kafka.partitions: should be a whole number"),
        ("windows: {day: never}", "windows.day: should be true or false, not 'never'"),
        ("windows: {day: [1]}", "windows.day: should be true or false"),
        ("limits: {record_bytes: 10.5}", "limits.record_bytes: should be a whole number, not '10.5'"),
        ("targets: {}", "targets: should be a list"),
        ("conduct: {packs: any}", "conduct.packs: should be a list, not 'any'"),
    ],
)  # fmt: skip
def test_the_key_at_fault_is_named(tmp_path: Path, text: str, message: str) -> None:
    assert complaint_about(tmp_path, text) == message


@pytest.mark.parametrize(
    "password", ["[secret", "{secret", '{"a": 1}', "[a, b]", "null", "true", "007", "a: b #c", "'"]
)
def test_a_password_in_a_variable_is_taken_as_it_stands(password: str) -> None:
    environ = {
        "KPI_STREAM_KAFKA__SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "KPI_STREAM_KAFKA__SASL_PLAIN_USERNAME": password,
        "KPI_STREAM_KAFKA__SASL_PLAIN_PASSWORD": password,
        "KPI_STREAM_KAFKA__SSL_PASSWORD": password,
    }
    kafka = load(None, environ).kafka
    assert {kafka.sasl_plain_username, kafka.sasl_plain_password, kafka.ssl_password} == {password}


@pytest.mark.parametrize(("servers", "read"), [("[::1]:9092", "[::1]:9092"), ("[a:1, b:2]", "a:1,b:2")])
def test_servers_in_a_variable_may_be_a_list_and_may_begin_with_a_bracket(servers: str, read: str) -> None:
    assert load(None, {"KPI_STREAM_KAFKA__BOOTSTRAP_SERVERS": servers}).kafka.bootstrap_servers == read
