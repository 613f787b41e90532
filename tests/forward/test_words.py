"""What `kpi-stream forward` says of wrong words, before anything is asked of Kafka."""

from pathlib import Path

import pytest

from stream.cli.forward import SECRET_VARIABLE, _secret
from tests.cli.conftest import Command, command

__all__ = ["command"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "--alertmanager or --webhook is required"),
        (("--webhook", "example.org/hook?token=t0ps3cret"), "--webhook: is not an address"),
        (("--webhook", "ftp://example.org"), "--webhook: is not an address"),
        (("--alertmanager", "http://"), "--alertmanager: is not an address"),
        (("--alertmanager", "http://a:x"), "--alertmanager: is not an address"),
        (("--webhook", "http://a", "--secret-file", "absent"), "--secret-file: absent: No such file"),
        (("--webhook", "http://a", "--secret-file", "empty"), "--secret-file: empty: is empty"),
    ],
)
def test_a_wrong_word_is_named_in_one_line_without_what_may_be_secret(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").write_text("\n")
    ran = command("forward", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert why in ran.error
    assert ran.error.count("\n") == 1
    assert "t0ps3cret" not in ran.error


def test_the_secret_comes_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)
    (tmp_path / "secret").write_text("s3cret\n")
    assert _secret(None) is None
    monkeypatch.setenv(SECRET_VARIABLE, "from outside")
    assert _secret(None) == b"from outside"
    assert _secret(tmp_path / "secret") == b"s3cret"
