"""Reads of people and rooms, narrowed to the actor's reach."""

from collections.abc import Collection, Mapping
from uuid import UUID

import msgspec

from backend.core.actor import Actor
from backend.core.errors import Problem, not_found
from backend.core.noting import Subject, note_unmasking
from backend.core.scope import Parameters, reach
from backend.registry import blind
from backend.registry.documents import person_full
from backend.registry.rules import masking, merging
from backend.registry.structs import FieldChange, FindRecords, PersonFull, Record, RecordKind
from offline.ports import Connection
from offline.sealed import Cipher
from offline.work import Kind

PAGE = 20
FIRST_DIGITS = 6
"""From so many digits on a text is a number or a phone, not a name."""

Kinds = Mapping[str, Kind]


async def find(
    conn: Connection, actor: Actor, kinds: Kinds, cipher: Cipher, kind: RecordKind, by: FindRecords
) -> tuple[list[Record], UUID | None]:
    """A page of records, the newest first, and where the next begins.

    Raises Problem 403 `forbidden` for a number or phone without the right to look people up by it.
    """
    sql = Parameters()
    where = [reach(actor, sql, "r")]
    if by.grid:
        where.append(f"r.grid = {sql(by.grid)}")
    if by.room and kind == "person":
        where.append(f"r.room = {sql(by.room)}")
    if by.disputed:
        where.append("cardinality(r.disputed) > 0")
    if by.after:
        where.append(f"r.id < {sql(by.after)}")
    text = by.text.strip()
    if text:
        where.append(
            _of_person(actor, sql, cipher, text)
            if kind == "person"
            else f"position({sql(text.lower())} in lower(r.address)) > 0"
        )
    rows = await conn.fetch(
        f"select r.id from {kind} r where {' and '.join(where)} "  # noqa: S608
        f"order by r.id desc limit {PAGE + 1}",
        *sql.values,
    )
    ids = [row["id"] for row in rows]
    found = await kinds[kind].load(conn, ids[:PAGE], False)  # noqa: FBT003
    return [found[id_] for id_ in ids[:PAGE]], ids[PAGE - 1] if len(ids) > PAGE else None


def _of_person(actor: Actor, sql: Parameters, cipher: Cipher, text: str) -> str:
    if sum(map(str.isdecimal, text)) < FIRST_DIGITS:
        return f"r.name_parts @> {sql(blind.wanted(cipher, text))}::text[]"
    if not (actor.may("person.full") or actor.may("person.unmask")):
        raise Problem(403, "forbidden", "您当前的岗位不能按号码查找人员", field="text")
    number, phone = sql(blind.number(cipher, text)), sql(blind.phone(cipher, text))
    return f"(r.number_blind = {number} or r.phone_blind = {phone})"


async def record_of(
    conn: Connection, actor: Actor, kinds: Kinds, kind: RecordKind, id_: UUID
) -> Record:
    """One record within the actor's reach. Raises Problem 404."""
    if id_ not in await _visible(conn, actor, kind, [id_]):
        raise not_found()
    return (await kinds[kind].load(conn, [id_], False))[id_]  # type: ignore[no-any-return]  # noqa: FBT003


async def _visible(
    conn: Connection, actor: Actor, kind: RecordKind, ids: Collection[UUID]
) -> set[UUID]:
    sql = Parameters()
    rows = await conn.fetch(
        f"select r.id from {kind} r where r.id = any({sql(list(ids))}) "  # noqa: S608
        f"and {reach(actor, sql, 'r')}",
        *sql.values,
    )
    return {row["id"] for row in rows}


def history_of(record: Record, actor: Actor) -> list[FieldChange]:
    """Every change of every field, the newest first; masked unless the post may see the whole."""
    lines = merging.history(record.writes)
    if actor.may("person.full") or not _is_person(record):
        return lines
    return [
        msgspec.structs.replace(
            line,
            old=masking.masked(line.field, line.old),
            new=masking.masked(line.field, line.new),
        )
        for line in lines
    ]


def _is_person(record: Record) -> bool:
    return "room" in record.writes[0].values


async def reveal(
    conn: Connection, cipher: Cipher, actor: Actor, person: Record, reason: str
) -> PersonFull:
    """A person unmasked; who looked, when and why is journalled."""
    about = Subject("person", person.id, person.version)
    await note_unmasking(conn, cipher, actor, about, reason)
    return person_full(person)
