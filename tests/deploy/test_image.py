"""The stage of the Dockerfile that builds: it takes everything from the locks, and `make image` understands each line.

`make image` itself takes minutes, since it compiles the core: RELEASE.md has it.
"""

import re

from deploy.local.image import DOCKERFILE, FOLDERS, Step, steps

TEXT = DOCKERFILE.read_text("utf-8")
STEPS = list(steps(TEXT))


def test_every_line_is_one_that_is_done_without_containers() -> None:
    assert {step.name for step in STEPS} == {"ARG", "ENV", "WORKDIR", "RUN", "COPY"}
    runs = [step.words for step in STEPS if step.name == "RUN"]
    assert len(runs) == 7
    assert not [words for words in runs if "--mount" in words]


def test_nothing_is_fetched_but_by_pip_and_that_by_hash() -> None:
    runs = [step.words for step in STEPS if step.name == "RUN"]
    assert not [words for words in runs if re.search(r"\b(apt|apt-get|curl|wget|git|npm|cargo)\b", TEXT)]
    for words in runs:
        if " install " in words:
            assert "--require-hashes" in words or words.endswith("--no-deps /dist/*.whl")
        elif " wheel " in words:
            assert "--no-deps --no-build-isolation" in words


def test_the_wheels_come_from_the_context_that_a_build_may_name_and_the_index_is_shut_by_an_argument() -> None:
    assert TEXT.count("--mount=type=bind,from=wheels,target=/wheels") == 2
    assert "FROM scratch AS wheels\n" in TEXT
    assert Step("ARG", "PIP_NO_INDEX") in STEPS
    assert any(step.name == "ENV" and "PIP_FIND_LINKS=/wheels" in step.words for step in STEPS)


def test_the_stage_that_runs_has_neither_compiler_nor_index() -> None:
    last = TEXT.split("FROM ")[-1]
    assert "pip" not in last
    assert "wheels" not in last
    bases = dict(re.findall(r"^ARG (\w+_IMAGE)=python:(\S+)$", TEXT, re.MULTILINE))
    assert bases["PYTHON_IMAGE"].replace("-slim", "") == bases["BUILD_IMAGE"]


def test_paths_of_the_image_are_told_from_others() -> None:
    moved = FOLDERS.sub(r"HERE/\1", "/opt/kpi-stream/bin/pip wheel --wheel-dir /dist . ./opt a/opt /dist/*.whl")
    assert moved == "HERE/opt/kpi-stream/bin/pip wheel --wheel-dir HERE/dist . ./opt a/opt HERE/dist/*.whl"
