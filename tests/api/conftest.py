"""The demo city behind a real web server."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.core.settings import Settings
from tests.api.serving import Server, ready, serving
from tests.conftest import Servers, _execute


@pytest.fixture(scope="module")
def city_server(
    servers: Servers, city_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The demo city served, one for all tests of a file."""
    folder: Path = tmp_path_factory.mktemp("served")
    name = f"served_{folder.name}"
    asyncio.run(_execute(servers.postgres, f'CREATE DATABASE "{name}" TEMPLATE {city_template}'))
    settings = Settings(
        database_url=servers.database(name),
        redis_url=servers.redis,
        environment="development",
        secret=bytes(range(32)),
        data=folder,
        host="127.0.0.1",
        port=1,
    )
    with serving(settings, folder) as server:
        asyncio.run(ready(server))
        yield server
    asyncio.run(_execute(servers.postgres, f'DROP DATABASE "{name}" WITH (FORCE)'))
