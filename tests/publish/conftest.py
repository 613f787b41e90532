"""A server of a floor and one Chromium for all tests that look at the page."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.chromium import Chromium
from tests.publish.pages import Page


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Chromium]]:
    """`chromium(executable)`: the one that is running, or a new one."""
    running: list[Chromium] = []

    def start(executable: str) -> Chromium:
        if not running:
            running.append(Chromium(executable, tmp_path_factory.mktemp("chromium")).__enter__())
        return running[0]

    yield start
    for one in running:
        one.__exit__()


@pytest.fixture
def browser(program: Callable[[str], str], chromium: Callable[[str], Chromium]) -> Chromium:
    """The browser that all tests share; each test opens tabs of its own."""
    return chromium(program("chromium"))


@pytest.fixture
async def page(browser: Chromium, tmp_path: Path) -> AsyncIterator[Page]:
    """A server of a floor, and its page in the browser."""
    of = Page(browser, tmp_path)
    await of.start()
    yield of
    await of.stop()
