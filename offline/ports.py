"""What the write path needs from outside; `backend/core` fills it in."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol


class Connection(Protocol):
    """The part of an asyncpg connection that is used."""

    async def fetch(self, query: str, *args: Any) -> list[Any]: ...

    async def fetchrow(self, query: str, *args: Any) -> Any: ...

    async def fetchval(self, query: str, *args: Any) -> Any: ...

    async def execute(self, query: str, *args: Any) -> str: ...

    async def executemany(self, query: str, args: Iterable[Sequence[Any]]) -> None: ...

    async def copy_records_to_table(
        self, table_name: str, *, records: Iterable[Sequence[Any]], columns: Sequence[str]
    ) -> str: ...


class Unavailable(Exception):
    """The database cannot be reached, or was lost on the way. What was under way is not on disk,
    unless it was lost while committing; doing it again finds out.
    """


class Transactions(Protocol):
    """Opens a transaction; leaving it commits, an exception rolls it back. Raises Unavailable."""

    def __call__(self) -> AbstractAsyncContextManager[Connection]: ...
