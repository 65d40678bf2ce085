"""The write path with everything plugged in: the kinds and commands of every room."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from backend.app import deciding
from backend.cases import commands as cases
from backend.cases.documents import KIND as CASE
from backend.catalogue.documents import KINDS as CATALOGUE
from backend.core import database
from backend.core.clock import utc_now
from backend.core.crypto import LEDGER, SNAPSHOTS, SYNC, Keyring
from backend.core.sealing import Seal
from backend.core.settings import Settings
from backend.directory.actors import Authors
from backend.directory.devices import keys_of
from backend.directory.documents import KINDS as DIRECTORY
from backend.labels.documents import KINDS as LABELS
from backend.media.store import open_store
from backend.registry import commands as registry
from backend.registry.documents import kinds as registry_kinds
from backend.tasks.documents import KIND as TASK
from backend.windows.documents import KINDS as WINDOWS
from offline import batch, pull, snapshots
from offline.epoch import Life
from offline.ports import Connection
from offline.work import Kind

KINDS = {
    kind.name: kind
    for kind in (*DIRECTORY, *CATALOGUE, *LABELS, TASK, CASE, *WINDOWS, deciding.KIND)
}
"""Every kind whose documents are plain, in the order in which rows are locked and written."""


def kinds(keyring: Keyring) -> dict[str, Kind]:
    """Every kind of entity: the others keep their values sealed."""
    return KINDS | {kind.name: kind for kind in registry_kinds(keyring.cipher(LEDGER))}


HANDLERS = {
    handler.name: handler for handler in (*cases.HANDLERS, *registry.HANDLERS, deciding.HANDLER)
}
"""Every type of command."""


async def _late_limits(conn: Connection, users: Sequence[UUID]) -> dict[UUID, timedelta]:
    rows = await conn.fetch(
        "select u.id, (s.value #>> '{}')::float8 as hours from app_user u "
        "join setting s on s.county = u.county and s.code = 'late_hours' "
        "and jsonb_typeof(s.value) = 'number' where u.id = any($1)",
        users,
    )
    return {row["id"]: timedelta(hours=row["hours"]) for row in rows}


def pushing(keyring: Keyring, life: Life, publish: batch.Publish) -> batch.Ports:
    """What `offline.push` needs."""
    return batch.Ports(
        transaction=database.transaction,
        kinds=kinds(keyring),
        handlers=HANDLERS,
        cipher=keyring.cipher(LEDGER),
        authors=Authors(),
        unseal=Seal(keyring).open,
        device_keys=keys_of,
        publish=publish,
        now=utc_now,
        life=life,
        late_limits=_late_limits,
    )


def pulling(keyring: Keyring, life: Life) -> pull.Ports:
    """What `offline.pull` needs."""
    return pull.Ports(
        snapshot=database.snapshot,
        transaction=database.transaction,
        kinds=kinds(keyring),
        cipher=keyring.cipher(SYNC),
        life=life,
        now=utc_now,
    )


def filing(keyring: Keyring, settings: Settings) -> snapshots.Ports:
    """What making and giving buckets' files needs."""
    return snapshots.Ports(
        snapshot=database.snapshot,
        transaction=database.transaction,
        kinds=kinds(keyring),
        files=open_store(settings),
        key=keyring.derived(SNAPSHOTS, 32),
        now=utc_now,
    )
