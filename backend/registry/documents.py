"""People and rooms as the write path holds them, as tables keep them, and as devices get them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from backend.core.setwise import Rows
from backend.registry import blind
from backend.registry.rules import masking, merging
from backend.registry.structs import (
    PersonDocument,
    PersonFull,
    Place,
    Record,
    RecordKind,
    RoomDocument,
    Write,
)
from backend.registry.tables import Person, RegistryWrite, Room
from offline import sealed
from offline.ports import Connection
from offline.sealed import Cipher
from offline.work import Change, Face, Kind, encode

PLAIN: Mapping[RecordKind, frozenset[str]] = {
    "person": frozenset({"id_type", "sex", "ethnicity", "kind", "room"}),
    "room": frozenset({"grid", "use", "occupancy"}),
}
"""Fields that are codes and ids; the ledger and the rows hold every other one sealed."""

_TABLES: Mapping[RecordKind, Rows] = {"person": Rows(Person), "room": Rows(Room)}
_writes = Rows(RegistryWrite)


def kinds(cipher: Cipher) -> tuple[Kind, ...]:
    """Both kinds. cipher: the ledger's, for values that are kept sealed."""
    return (
        Kind("room", _loading("room", cipher), _saving("room", cipher), room_document, _room_in),
        Kind(
            "person",
            _loading("person", cipher),
            _saving("person", cipher),
            person_document,
            lambda person: frozenset({f"grid:{person.grid}/people.masked"}),
            (
                Face(
                    "person.full",
                    person_full,
                    lambda person: frozenset({f"grid:{person.grid}/people.full"}),
                ),
            ),
        ),
    )


def _room_in(room: Record) -> frozenset[str]:
    return frozenset({f"grid:{room.grid}/rooms"})


def person_document(person: Record) -> PersonDocument:
    """What everyone who may browse gets."""
    there = merging.standing(person.writes)
    values = {field: masking.masked(field, v) for field, v in merging.shown(there).items()}
    return msgspec.convert(
        _place(person)
        | values
        | {"disputes": [masking.masked_dispute(each) for each in merging.disputes(there)]},
        PersonDocument,
    )


def person_full(person: Record) -> PersonFull:
    """What only those who may see it whole get."""
    there = merging.standing(person.writes)
    values = {field: v for field, v in merging.shown(there).items() if field in masking.MASKS}
    disputes = [each for each in merging.disputes(there) if each.field in masking.MASKS]
    return PersonFull(id=person.id, version=person.version, disputes=disputes, **values)  # type: ignore[arg-type]


def room_document(room: Record) -> RoomDocument:
    """What everyone who may browse gets."""
    there = merging.standing(room.writes)
    return msgspec.convert(
        merging.shown(there) | _place(room) | {"disputes": merging.disputes(there)}, RoomDocument
    )


def _place(record: Record) -> dict[str, Any]:
    return {
        "id": record.id,
        "version": record.version,
        "county": record.county,
        "grid": record.grid,
        "area_path": record.area_path,
    }


def _loading(kind: RecordKind, cipher: Cipher) -> Callable[..., Any]:
    async def load(conn: Connection, ids: Sequence[UUID], lock: bool) -> Mapping[UUID, Record]:  # noqa: FBT001
        rows = await conn.fetch(
            f"select id, version, county, grid, places from {kind} where id = any($1) "  # noqa: S608
            f"order by id {'for update' if lock else ''}",
            ids,
        )
        writes = await _written(conn, cipher, [row["id"] for row in rows])
        return {
            row["id"]: Record(
                id=row["id"],
                version=row["version"],
                county=row["county"],
                grid=row["grid"],
                places=msgspec.json.decode(row["places"], type=list[Place]),
                writes=writes.get(row["id"], []),
            )
            for row in rows
        }

    return load


async def _written(
    conn: Connection, cipher: Cipher, records: Sequence[UUID]
) -> dict[UUID, list[Write]]:
    rows = await conn.fetch(
        "select * from registry_write where entity = any($1) order by entity, version", records
    )
    names = [msgspec.json.decode(row["sealed"], type=dict[str, UUID]) for row in rows]
    opened = await sealed.read_all(
        conn, cipher, [reference for each in names for reference in each.values()]
    )
    found: dict[UUID, list[Write]] = {}
    for row, references in zip(rows, names, strict=True):
        values = msgspec.json.decode(row["values"])
        for field, reference in references.items():
            value = opened.get(reference)  # gone once the record's key has been erased
            values[field] = msgspec.json.decode(value) if value is not None else None
        write = Write(
            command=row["id"],
            version=row["version"],
            base=row["base"],
            after=[UUID(each) for each in row["after"]],
            at=row["at"],
            received_at=row["received_at"],
            user=row["user"],
            post=row["post"],
            source=row["source"],
            values=values,
            sealed=references,
        )
        found.setdefault(row["entity"], []).append(write)
    return found


def _saving(kind: RecordKind, cipher: Cipher) -> Callable[..., Any]:
    rows, row_of = _TABLES[kind], _person_row if kind == "person" else _room_row

    async def save(conn: Connection, changes: Sequence[Change]) -> None:
        made = [row_of(change.after, cipher) for change in changes]
        new = [row for row, each in zip(made, changes, strict=True) if each.before is None]
        old = [row for row, each in zip(made, changes, strict=True) if each.before is not None]
        await rows.insert(conn, [tuple(row[name] for name in rows.columns) for row in new])
        await rows.upsert(conn, [tuple(row[name] for name in rows.columns) for row in old])
        await _writes.insert(
            conn, [_write_row(kind, c.after, w) for c in changes for w in _added(c)]
        )

    return save


def _added(change: Change) -> Sequence[Write]:
    writes: Sequence[Write] = change.after.writes
    return writes[len(change.before.writes) if change.before else 0 :]


def _write_row(kind: RecordKind, record: Record, write: Write) -> tuple[Any, ...]:
    own = {
        "id": write.command,
        "entity": record.id,
        "after": [str(each) for each in write.after],
        "values": encode({k: v for k, v in write.values.items() if k in PLAIN[kind]}).decode(),
        "sealed": encode(write.sealed).decode(),
    }
    return tuple(own[n] if n in own else getattr(write, n) for n in _writes.columns)


def _common_row(record: Record) -> tuple[dict[str, Any], dict[str, Any]]:
    there = merging.standing(record.writes)
    return merging.shown(there), _place(record) | {
        "places": encode(record.places).decode(),
        "disputed": [each.field for each in merging.disputes(there)],
    }


def _person_row(person: Record, cipher: Cipher) -> dict[str, Any]:
    shown, row = _common_row(person)
    number, phone = shown.get("number"), shown.get("phone")
    return row | {
        "room": UUID(shown["room"]),
        "name_parts": blind.parts(cipher, shown.get("name") or ""),
        "number_blind": blind.number(cipher, number) if number else None,
        "phone_blind": blind.phone(cipher, phone) if phone else None,
    }


def _room_row(room: Record, _: Cipher) -> dict[str, Any]:
    shown, row = _common_row(room)
    return row | {"address": room_address(shown)}


def room_address(shown: Mapping[str, Any]) -> str:
    """A room's whole address in one line."""
    parts = (shown.get(field) for field in ("address", "building", "unit", "number"))
    return " ".join(str(part) for part in parts if part)
