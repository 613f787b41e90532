"""The tokens file: what its lines may be, what is said of others, and that a change is known without a restart."""

import os
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.facts.decode import is_identifier
from stream.http.roles import Caller, ScopeError, caller_of_scope, scope_text
from stream.http.tokens import LOOKED_AT_S, TokenFile, TokensError, line_of, new_token
from tests.cli.conftest import Command

DIGEST = sha256(b"secret").hexdigest()
OTHER = sha256(b"other").hexdigest()

identifiers = st.text(min_size=1, max_size=12).filter(is_identifier)
callers = st.one_of(
    st.just(Caller("n", "metrics")),
    st.builds(lambda site: Caller("n", "wall", site), identifiers),
    st.builds(lambda site, agent: Caller("n", "agent", site, agent=agent), identifiers, identifiers),
    st.builds(
        lambda site, teams: Caller("n", "lead", site, teams), identifiers, st.frozensets(identifiers, min_size=1)
    ),
    st.builds(lambda site: Caller("n", "dialler", site), st.none() | identifiers),
    st.builds(lambda site: Caller("n", "manager", site), st.none() | identifiers),
)


@given(callers)
def test_a_scope_that_is_written_is_read_as_it_was_whatever_its_names_hold(caller: Caller) -> None:
    text = scope_text(caller)
    assert caller_of_scope("n", caller.role, text) == caller
    assert len(line_of(caller, "t").split()) == 4


@pytest.mark.parametrize(
    ("role", "scope", "why"),
    [
        ("boss", "*", "there is no role 'boss': there are metrics, wall, agent, lead, dialler, manager"),
        ("metrics", "main", "the scope of role metrics is -, not 'main'"),
        ("wall", "*", "the scope of role wall is SITE, not '*'"),
        ("wall", "-", "the scope of role wall is SITE, not '-'"),
        ("wall", "main/a-1", "the scope of role wall is SITE, not 'main/a-1'"),
        ("agent", "main", "the scope of role agent is SITE/AGENT, not 'main'"),
        ("agent", "*/a-1", "the scope of role agent is SITE/AGENT, not '*/a-1'"),
        ("agent", "main/", "the scope of role agent is SITE/AGENT, not 'main/'"),
        ("lead", "main/t-1,", "the scope of role lead is SITE/TEAM,TEAM, not 'main/t-1,'"),
        ("manager", "-", "the scope of role manager is SITE or *, not '-'"),
        ("manager", "main/t-1", "the scope of role manager is SITE or *, not 'main/t-1'"),
        ("manager", "a|b", "the scope of role manager is SITE or *, not 'a|b'"),
    ],
)
def test_a_scope_that_is_not_the_roles_is_refused_and_says_what_would_do(role: str, scope: str, why: str) -> None:
    with pytest.raises(ScopeError) as caught:
        caller_of_scope("n", role, scope)
    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("anna", "is not `name role scope sha256`"),
        (f"anna manager {DIGEST}", "is not `name role scope sha256`"),
        (f"anna boss * {DIGEST}", "there is no role 'boss': there are metrics, wall, agent, lead, dialler, manager"),
        (f"an|na manager * {DIGEST}", "'an|na' is no name for a token: 1-100 letters, digits, '.', '_', '@' and '-'"),
        (
            "anna manager * secret",
            "does not end with the SHA-256 of a token, 64 hex digits (`kpi-stream token` makes the line)",
        ),
        (f"anna wall main {OTHER}", "has the token of line 2"),
    ],
)
def test_a_wrong_line_is_named_by_file_and_number(tmp_path: Path, line: str, why: str) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"# people\nbert wall main {OTHER}\n\n{line}\n")
    with pytest.raises(TokensError) as caught:
        TokenFile(path)
    assert str(caught.value) == f"{path}:4: {why}"


@pytest.mark.parametrize(("content", "why"), [(None, "No such file or directory"), (b"\xff\xfe\xfa", "not UTF-8 text")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, why: str) -> None:
    path = tmp_path / "tokens"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TokensError) as caught:
        TokenFile(path)
    assert str(caught.value) == f"{path}: {why}"


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def written(path: Path, text: str, second: int) -> None:
    path.write_text(text)
    os.utime(path, (second, second))


def test_a_change_of_the_file_is_known_without_a_restart_and_a_withdrawn_token_lets_nobody_in(tmp_path: Path) -> None:
    path, clock = tmp_path / "tokens", Clock()
    written(path, f"anna manager * {DIGEST}\n", 1)
    tokens = TokenFile(path, clock)
    found = tokens.caller("secret")
    assert found is not None
    assert found[0] == Caller("anna", "manager")
    written(path, f"bert wall main {OTHER}\n", 2)
    assert tokens.caller("secret") is not None  # it is not looked at with each request
    clock.now_s += LOOKED_AT_S
    assert tokens.caller("secret") is None
    found = tokens.caller("other")
    assert found is not None
    assert found[0] == Caller("bert", "wall", "main")


def test_in_a_running_server_a_wrong_line_lets_nobody_in_and_the_others_count(tmp_path: Path) -> None:
    path, clock = tmp_path / "tokens", Clock()
    written(path, f"anna manager * {DIGEST}\n", 1)
    tokens = TokenFile(path, clock)
    written(path, f"anna boss * {DIGEST}\nbert wall main {OTHER}\n", 2)
    clock.now_s += LOOKED_AT_S
    assert tokens.caller("secret") is None
    assert tokens.caller("other") is not None
    path.unlink()
    clock.now_s += LOOKED_AT_S
    assert tokens.caller("other") is None
    written(path, f"anna manager * {DIGEST}\n", 3)
    clock.now_s += LOOKED_AT_S
    assert tokens.caller("secret") is not None


def test_tokens_are_long_and_never_the_same() -> None:
    made = {new_token() for _ in range(100)}
    assert len(made) == 100
    assert all(each.startswith("kps_") and len(each) >= 40 for each in made)


def test_the_command_prints_a_token_and_its_line_which_lets_it_in(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"bert wall main {OTHER}")  # without a line's end
    ran = command("token", "li-wei", "agent", "main/a-017", "--add-to", path)
    assert ran.code == 0
    token, line = ran.out.splitlines()
    assert line == f"li-wei agent main/a-017 {sha256(token.encode()).hexdigest()}"
    assert path.read_text() == f"bert wall main {OTHER}\n{line}\n"
    found = TokenFile(path).caller(token)
    assert found is not None
    assert found[0] == Caller("li-wei", "agent", "main", agent="a-017")
    new = tmp_path / "new"
    assert command("token", "m", "metrics", "--add-to", new).code == 0
    assert new.stat().st_mode & 0o077 == 0
    assert command("token", "head", "manager").out.splitlines()[1].startswith("head manager * ")


def test_the_command_says_if_the_configuration_has_no_such_site(tmp_path: Path, command: Command) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("sites: {main: {zone: Asia/Shanghai}}\n")
    assert command("token", "w", "wall", "main", "--config", config).error == ""
    ran = command("token", "w", "wall", "prague", "--config", config)
    assert (ran.code, ran.error) == (0, "kpi-stream: the configuration has no site 'prague': there are main\n")


@pytest.mark.parametrize(
    "arguments", [("a b", "manager"), ("anna", "boss"), ("anna", "wall"), ("anna", "lead", "main")]
)
def test_the_command_refuses_what_the_file_would_not_take(arguments: tuple[str, ...], command: Command) -> None:
    ran = command("token", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.error.startswith("kpi-stream: ")
    assert ran.error.count("\n") == 1
