"""A browser for the formats that people open in one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser import Browser, run_browser


@pytest.fixture(scope="package")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with run_browser(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser
