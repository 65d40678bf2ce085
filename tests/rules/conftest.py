"""The phone's rules, beside the server's."""

from collections.abc import Iterator

import pytest

from tests.rules.twin import Twin


@pytest.fixture(scope="session")
def twin() -> Iterator[Twin]:
    started = Twin()
    yield started
    started.close()
