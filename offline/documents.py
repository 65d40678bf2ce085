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
        for entity, (version, document) in (await _of(conn, kinds[name], list(ids))).items():
            held[name, entity] = Held(name, entity, version, msgspec.Raw(document))
    return held


async def _of(
    conn: Connection, kind: Kind, ids: Sequence[UUID]
) -> Mapping[UUID, tuple[int, bytes]]:
    if kind.stored is not None:
        return await kind.stored(conn, ids)
    states = await kind.load(conn, ids, False)  # noqa: FBT003
    shown = {entity: (state.version, kind.document(state)) for entity, state in states.items()}
    return {
        entity: (version, encode(document))
        for entity, (version, document) in shown.items()
        if document is not None
    }
