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

from stream.settings import SettingsError, load
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


@pytest.mark.parametrize("mechanism", ["GSSAPI", "OAUTHBEARER"])
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
