"""Documents by member row, the same bytes wherever they go."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from offline.ports import Connection
from offline.wire import Held
from offline.work import Kind, encode

BATCH = 100
"""Documents loaded in one statement."""


async def load(
    conn: Connection, rows: Sequence[Any], kinds: Mapping[str, Kind]
) -> dict[tuple[str, UUID], Held]:
    """The documents of member rows by kind and id; removed ones have none."""
    wanted: dict[str, dict[UUID, None]] = defaultdict(dict)
    for row in rows:
        if not row["removed"]:
            wanted[row["kind"]][row["entity"]] = None
    held: dict[tuple[str, UUID], Held] = {}
    for name, ids in wanted.items():
        kind = kinds[name]
        states = await kind.load(conn, list(ids), False)  # noqa: FBT003
        for entity, state in states.items():
            document = kind.document(state)
            if document is not None:
                held[name, entity] = Held(
                    name, entity, state.version, msgspec.Raw(encode(document))
                )
    return held
