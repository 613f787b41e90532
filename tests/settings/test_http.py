"""The section `http`: nobody opens a server to other machines by mistake, and every wrong value is named."""

from pathlib import Path

import pytest

from stream.http.access import access_of
from stream.settings import SettingsError, load
from stream.settings.http import is_own_machine
from tests.cli.conftest import Command


def configured(folder: Path, http: str) -> Path:
    path = folder / "c.yaml"
    path.write_text(f"http: {http}\n")
    return path


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost", "LOCALHOST"])
def test_this_machine_alone_needs_no_tokens(tmp_path: Path, host: str) -> None:
    assert is_own_machine(host)
    settings = load(configured(tmp_path, f"{{host: '{host}'}}"), {})
    assert settings.warnings() == []
    assert access_of(settings).tokens is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.1.2.3", "worker-3", "localhost.example", "fe80::1"])
@pytest.mark.parametrize("program", ["worker", "board"])
def test_any_other_address_needs_tokens_or_a_reason_and_no_program_starts_without(
    tmp_path: Path, host: str, program: str, command: Command
) -> None:
    ran = command(program, "--http-port", 0, "--config", configured(tmp_path, f"{{host: '{host}'}}"))
    assert (ran.code, ran.out) == (2, "")
    assert ran.error.count("\n") == 1
    assert "c.yaml: http.host: " in ran.error
    assert "http.tokens is required" in ran.error
    assert "http.open" in ran.error
    assert load(configured(tmp_path, f"{{host: '{host}', open: behind a proxy}}"), {}).http.open == "behind a proxy"


@pytest.mark.parametrize("program", ["worker", "board"])
def test_a_tokens_file_that_cannot_be_used_keeps_a_program_from_starting(
    tmp_path: Path, program: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream.cli.board.refuse_denied", lambda _: None)
    tokens = tmp_path / "tokens"
    path = configured(tmp_path, f"{{host: 0.0.0.0, tokens: {tokens}}}")
    ran = command(program, "--http-port", 0, "--config", path)
    assert (ran.code, ran.error.count("\n")) == (2, 1)
    assert ran.error.endswith(f"{path}: http.tokens: {tokens}: No such file or directory\n")
    tokens.write_text("# none yet\n\nanna boss main 00\n")
    ran = command(program, "--http-port", 0, "--config", path)
    assert (ran.code, ran.error.count("\n")) == (2, 1)
    assert f"{path}: http.tokens: {tokens}:3: there is no role 'boss'" in ran.error
    checked = command("config", "check", path)
    assert checked.code == 2
    assert f"{path}: http.tokens: {tokens}:3: " in checked.error


@pytest.mark.parametrize(
    ("http", "line"),
    [
        ("{tokens: t, open: why not}", "http.open: only one of http.tokens and http.open may be given"),
        ("{tls_cert: a.pem}", "http.tls_key: is required with http.tls_cert"),
        ("{tls_key: a.key}", "http.tls_cert: is required with http.tls_key"),
        ("{open: ''}", "http.open: '' is no reason: say why nobody is asked for a token"),
        ("{open: true}", "http.open: True is no reason: say why nobody is asked for a token"),
        (
            "{names: ['board.example:80']}",
            "http.names[0]: 'board.example:80' is not the name or address of a server, without a port",
        ),
        ("{origins: ['*']}", "http.origins[0]: '*' is not an address such as http://worker-1:6066"),
        ("{origins: ['https://a/path']}", "http.origins[0]: 'https://a/path' is not an address such as"),
        (
            "{frame_ancestors: ['https://a; script-src *']}",
            "http.frame_ancestors[0]: 'https://a; script-src *' is not an origin such as https://portal.example",
        ),
        ("{names: board}", "http.names: should be a list"),
    ],
)
def test_a_wrong_value_is_named_in_one_line(tmp_path: Path, http: str, line: str) -> None:
    path = configured(tmp_path, http)
    with pytest.raises(SettingsError) as caught:
        load(path, {})
    assert str(caught.value).startswith(f"{path}: {line}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("http", "warned"),
    [
        ("{open: for a test}", "warning: http.open: has no effect"),
        ("{host: 0.0.0.0, tokens: t}", "warning: http.tls_cert: without it tokens cross the network in clear"),
        ("{host: 0.0.0.0, tokens: t, advertised_url: 'https://board.example'}", None),
        ("{tokens: t}", None),
        ("{host: 0.0.0.0, open: for a test}", None),
    ],
)
def test_what_is_hardly_meant_is_told(tmp_path: Path, http: str, warned: str | None) -> None:
    warnings = load(configured(tmp_path, http), {}).warnings()
    assert [warned in line for line in warnings if warned] == [True] * (warned is not None)
    assert len(warnings) == (warned is not None)


def test_names_origins_and_frames_become_what_the_server_asks_for(tmp_path: Path) -> None:
    http = """{names: [Board.Example, "[::1]", 10.0.0.7], origins: ["HTTPS://Desk.Example/"],
               frame_ancestors: [self, "https://*.example", "*"], advertised_url: "https://board.example"}"""
    access = access_of(load(configured(tmp_path, http), {}))
    assert access.names == {"board.example", "::1", "10.0.0.7"}
    assert access.origins == {"https://desk.example"}
    assert access.frame_ancestors == ("'self'", "https://*.example", "*")
    assert access.behind_tls
    assert access.url(7) == "http://127.0.0.1:7"
