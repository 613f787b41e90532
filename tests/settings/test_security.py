"""Files of certificates and secrets: each that cannot be used is named with its key, and nobody is asked anything."""

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from stream.settings import SettingsError, load, tokens
from tests.kafka.certificates import PASSWORD, Certificates


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    made = Certificates(tmp_path_factory.mktemp("security") / "files")
    made.signed("client")
    made.signed("another")
    made.encrypted("client")
    (made.folder / "empty").touch()
    (made.folder / "text").write_text("no certificate\n")
    (made.folder / "password").write_text(f"{PASSWORD}\n")
    (made.folder / "folder").mkdir()
    return made.folder


def written(folder: Path, **kafka: Any) -> Path:
    path = folder / "c.yaml"
    path.write_text(yaml.safe_dump({"kafka": {"security_protocol": "SSL"} | kafka}))
    return path


def options(folder: Path, files: Path, environ: dict[str, str] | None = None, **kafka: Any) -> dict[str, Any]:
    """The client options of a configuration; a value that a key of a file has lies in `files`."""
    named = {key: str(files / value) if key.endswith("file") and value else value for key, value in kafka.items()}
    return load(written(folder, **named), environ or {}).kafka_client_options()


@pytest.mark.parametrize(
    ("kafka", "said"),
    [
        ({"ssl_cafile": "nowhere.pem"}, "ssl_cafile: {}/nowhere.pem: No such file or directory"),
        ({"ssl_cafile": "folder"}, "ssl_cafile: {}/folder: Is a directory"),
        ({"ssl_cafile": "empty"}, "ssl_cafile: {}/empty: holds no certificate in PEM form"),
        ({"ssl_cafile": "text"}, "ssl_cafile: {}/text: holds no certificate in PEM form"),
        ({"ssl_certfile": "nowhere.pem"}, "ssl_certfile: {}/nowhere.pem: No such file or directory"),
        ({"ssl_certfile": "text"}, "ssl_certfile: {}/text: holds no certificate in PEM form"),
        (
            {"ssl_certfile": "client.pem"},
            "ssl_certfile: {}/client.pem: holds no private key in PEM form; kafka.ssl_keyfile names a file of its own",
        ),
        ({"ssl_certfile": "client.pem", "ssl_keyfile": "gone"}, "ssl_keyfile: {}/gone: No such file or directory"),
        (
            {"ssl_certfile": "client.pem", "ssl_keyfile": "text"},
            "ssl_keyfile: {}/text: holds no private key in PEM form",
        ),
        (
            {"ssl_certfile": "client.pem", "ssl_keyfile": "another.key"},
            "ssl_keyfile: {0}/another.key: is not the key of the certificate in {0}/client.pem",
        ),
        (
            {"ssl_certfile": "client.pem", "ssl_keyfile": "client.locked"},
            "ssl_keyfile: {}/client.locked: the key is encrypted: kafka.ssl_password_file or ssl_password is required",
        ),
        (
            {"ssl_certfile": "client.pem", "ssl_keyfile": "client.locked", "ssl_password": "wrong"},
            "ssl_password: does not open the key in {}/client.locked",
        ),
        (
            {"ssl_certfile": "client.pem", "ssl_keyfile": "client.locked", "ssl_password_file": "text"},
            "ssl_password_file: does not open the key in {}/client.locked",
        ),
        (
            {"ssl_certfile": "client.pem", "ssl_keyfile": "client.locked", "ssl_password_file": "gone"},
            "ssl_password_file: {}/gone: No such file or directory",
        ),
        (
            {"security_protocol": "SASL_SSL", "sasl_plain_username": "u", "sasl_plain_password_file": "empty"},
            "sasl_plain_password_file: {}/empty: its first line is empty",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_key(
    tmp_path: Path, files: Path, kafka: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingsError) as error:
        options(tmp_path, files, **kafka)
    assert str(error.value) == f"{tmp_path / 'c.yaml'}: kafka.{said.format(files)}"


def test_a_variable_that_names_the_file_is_named_instead(tmp_path: Path, files: Path) -> None:
    with pytest.raises(SettingsError, match=r"^KPI_STREAM_KAFKA__SSL_CAFILE: kafka\.ssl_cafile: /nowhere: No such"):
        options(tmp_path, files, {"KPI_STREAM_KAFKA__SSL_CAFILE": "/nowhere"})


@pytest.mark.parametrize("password", [{"ssl_password": PASSWORD}, {"ssl_password_file": "password"}])
def test_a_password_opens_the_key(tmp_path: Path, files: Path, password: dict[str, Any]) -> None:
    locked: dict[str, Any] = {"ssl_certfile": "client.pem", "ssl_keyfile": "client.locked"}
    assert options(tmp_path, files, **locked, **password)["ssl_context"] is not None


def test_the_password_of_a_login_may_lie_in_a_file(tmp_path: Path, files: Path) -> None:
    login: dict[str, Any] = {"security_protocol": "SASL_PLAINTEXT", "sasl_plain_username": "u"}
    login |= {"sasl_plain_password_file": "password"}
    assert options(tmp_path, files, **login)["sasl_plain_password"] == PASSWORD
    with pytest.raises(SettingsError, match="only one of sasl_plain_password and sasl_plain_password_file may be"):
        options(tmp_path, files, sasl_plain_password="p", **login)


@pytest.mark.parametrize("mechanism", ["GSSAPI"])
def test_a_mechanism_that_we_do_not_have_is_refused_by_its_name(tmp_path: Path, files: Path, mechanism: str) -> None:
    with pytest.raises(SettingsError, match=f"kafka.sasl_mechanism: {mechanism} is not supported"):
        options(tmp_path, files, security_protocol="SASL_SSL", sasl_mechanism=mechanism)


def test_nobody_is_asked_for_the_password_of_a_key_at_a_terminal(tmp_path: Path, files: Path) -> None:
    config = written(tmp_path, ssl_certfile=str(files / "client.pem"), ssl_keyfile=str(files / "client.locked"))
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", "from stream.cli.program import main; main()", "config", "check", str(config)],
            stdin=theirs, capture_output=True, timeout=30, check=False,
            start_new_session=True, text=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 2
    assert "kafka.ssl_keyfile: " in done.stderr
    assert "the key is encrypted" in done.stderr


OAUTH: dict[str, Any] = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "OAUTHBEARER"}
CLIENT: dict[str, Any] = {"token_url": "https://login.example.org/token", "client_id": "floor", "client_secret": "s"}


@pytest.mark.parametrize(
    ("oauth", "said"),
    [
        (None, "kafka.oauth.token_url: or oauth.provider is required with sasl_mechanism OAUTHBEARER"),
        (CLIENT | {"client_id": None}, "kafka.oauth.client_id: is required with token_url"),
        (
            CLIENT | {"client_secret": None},
            "kafka.oauth.client_secret: or client_secret_file is required with token_url",
        ),
        (CLIENT | {"client_secret_file": "f"}, "client_secret_file: only one of client_secret and client_secret_file"),
        (CLIENT | {"provider": "p"}, "kafka.oauth.provider: only one of token_url and provider may be given"),
        (
            CLIENT | {"token_url": "login.example.org"},
            "is not an address such as https://login.example.org/oauth2/token",
        ),
        (CLIENT | {"secret": "s"}, "kafka.oauth.secret: unknown key"),
    ],
)
def test_a_section_oauth_that_gives_no_token_is_refused_with_its_key(tmp_path: Path, oauth: Any, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(written(tmp_path, **OAUTH, oauth=oauth), {})
    assert said in str(caught.value)


def test_a_provider_that_is_not_installed_is_named(tmp_path: Path) -> None:
    settings = load(written(tmp_path, **OAUTH, oauth={"provider": "msk_iam"}), {})
    with pytest.raises(SettingsError, match=r"kafka.oauth.provider: there is no provider 'msk_iam' \(entry points"):
        settings.kafka_client_options()


def test_a_provider_is_made_once_with_its_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, str]] = []

    def provide(options: dict[str, str]) -> str:
        made.append(options)
        return "a provider"

    class Entry:
        name = "mine"

        def load(self) -> Any:
            return provide

    monkeypatch.setattr(tokens, "entry_points", lambda group, name="": [Entry()] if name in ("", "mine") else [])
    settings = load(written(tmp_path, **OAUTH, oauth={"provider": "mine", "options": {"region": "eu-1"}}), {})
    assert [settings.kafka_client_options()["sasl_oauth_token_provider"] for _ in range(2)] == ["a provider"] * 2
    assert made == [{"region": "eu-1"}]


def test_no_secret_of_oauth_is_printed(tmp_path: Path) -> None:
    assert "hidden" not in repr(load(written(tmp_path, **OAUTH, oauth=CLIENT | {"client_secret": "hidden"}), {}))
