from collections.abc import AsyncIterator

import pytest

from backend.core import database
from tests.cases.city import City


@pytest.fixture
async def city(city_url: str) -> AsyncIterator[City]:
    """The demo city with its pool open, and hands to act in it."""
    database.configure(city_url)
    await database.open_pool()
    yield await City.open()
    await database.close_pool()
