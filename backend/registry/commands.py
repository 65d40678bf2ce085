"""Every write of a person or a room: a new one, an edit, a dispute settled."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from backend.core.actor import Actor
from backend.core.clock import CITY_ZONE
from backend.registry.documents import PLAIN
from backend.registry.rules import checking, merging
from backend.registry.structs import (
    EditPerson,
    EditRoom,
    PersonFields,
    Place,
    Record,
    RecordKind,
    RecordPerson,
    RecordRoom,
    RoomFields,
    SettleDispute,
    Source,
    Write,
    values_of,
)
from offline.handlers import FUTURE_TOLERANCE, Done, Handler, Order, Rejection, refuse
from offline.ports import Connection
from offline.wire import Command
from offline.work import Work, encode

FIELDS: Mapping[RecordKind, type[PersonFields] | type[RoomFields]] = {
    "person": PersonFields,
    "room": RoomFields,
}
GRACE = timedelta(days=31)
"""How long whoever was responsible for a place may still speak of who has moved away: phones may be
without a network for a month.
"""

NAMES: Mapping[RecordKind, str] = {"person": "人员", "room": "房屋"}


class Said(Struct, frozen=True):
    """What a command says, whichever it is."""

    kind: RecordKind
    entity: UUID
    source: Source
    values: dict[str, Any]


class Ready(Struct, frozen=True):
    """The counties' grids with their paths."""

    paths: Mapping[tuple[str, str], str]


def _record(work: Work, order: Order, ready: Ready) -> Done:
    said, author = _said(order), cast(Actor, order.author)
    _demand(author, "person.edit")
    if work.get(said.kind, said.entity) is not None:
        raise refuse("exists", "这个编号已被使用", f"payload.{said.kind}")
    _check(said, order, new=True)
    place = _place(work, ready, said.kind, said.values, author.county)
    if not author.covers(place[1]):
        raise refuse("outside", "不在您负责的区域内", f"payload.fields.{_PLACES[said.kind]}")
    record = Record(id=said.entity, version=0, county=author.county, grid="", places=[], writes=[])
    return _written(work, order, ready, record, said)


def _edit(work: Work, order: Order, ready: Ready) -> Done:
    said, author = _said(order), cast(Actor, order.author)
    _demand(author, "person.edit")
    record = _reached(work, said, author, order)
    _check(said, order)
    return _written(work, order, ready, record, said)


def _settle(work: Work, order: Order, ready: Ready) -> Done:
    said, author = _said(order), cast(Actor, order.author)
    _demand(author, "person.settle")
    record = _reached(work, said, author, order)
    _check(said, order)
    return _written(work, order, ready, record, said)


def _said(order: Order) -> Said:
    match order.payload:
        case RecordPerson(person=id_, fields=fields):
            return Said("person", id_, "record", _plain(fields))
        case EditPerson(person=id_, fields=fields):
            return Said("person", id_, "edit", _plain(fields))
        case RecordRoom(room=id_, fields=fields):
            return Said("room", id_, "record", _plain(fields))
        case EditRoom(room=id_, fields=fields):
            return Said("room", id_, "edit", _plain(fields))
    payload: SettleDispute = order.payload
    try:
        fields = msgspec.convert(
            {payload.field: payload.value}, FIELDS[payload.kind], str_keys=True
        )
    except msgspec.ValidationError:  # its text would repeat the value
        raise refuse("malformed", "这个字段不能是这个值", "payload.value") from None
    return Said(payload.kind, payload.entity, "settle", _plain(fields))


def _plain(fields: PersonFields | RoomFields) -> dict[str, Any]:
    """As kept: a number in capitals, no spaces around, nothing for an empty text."""
    values = values_of(fields)
    for field, value in values.items():
        if isinstance(value, str):
            tidy = value.strip()
            values[field] = (tidy.upper() if field == "number" else tidy) or None
    return values


def _demand(author: Actor, permission: str) -> None:
    if not author.may(permission):
        raise refuse("forbidden", "您当前的岗位没有这项权限", "post")


def _check(said: Said, order: Order, *, new: bool = False) -> None:
    today = order.moment.received_at.astimezone(CITY_ZONE).date()
    faults = checking.faults(said.kind, said.values, today, new=new)
    if faults:
        raise Rejection(*faults)


def _reached(work: Work, said: Said, author: Actor, order: Order) -> Record:
    """The record, if its place was the author's when they saw it, or has been since: an edit must
    not be lost because somebody moved the person meanwhile.
    """
    record: Record | None = work.get(said.kind, said.entity)
    base = order.command.bases.get(said.entity, 0)
    if (
        record is None
        or record.county != author.county
        or not any(
            author.covers(path)
            for path in _paths_since(record, base, order.moment.received_at - GRACE)
        )
    ):
        field = "payload.entity" if said.source == "settle" else f"payload.{said.kind}"
        raise refuse("not_found", f"没有找到这个{NAMES[said.kind]},或您无权查看", field)
    return record


def _paths_since(record: Record, base: int, since: datetime) -> Iterable[str]:
    """Where it has been since a version; a place it left before `since` counts for nobody, whatever
    version they say they saw.
    """
    ends = [place.version for place in record.places[1:]] + [record.version + 1]
    left = {write.version: write.received_at for write in record.writes}
    return (
        place.path
        for place, until in zip(record.places, ends, strict=True)
        if until > base and left.get(until, since) >= since
    )


def _written(work: Work, order: Order, ready: Ready, before: Record, said: Said) -> Done:
    command, author = order.command, cast(Actor, order.author)
    references = {
        field: work.seal(said.entity, encode(value))
        for field, value in said.values.items()
        if field not in PLAIN[said.kind] and value is not None
    }
    write = Write(
        command=command.id,
        version=before.version + 1,
        base=command.bases.get(said.entity, 0),
        after=list(command.after),
        at=min(claimed(command), order.moment.received_at + FUTURE_TOLERANCE),
        received_at=order.moment.received_at,
        user=author.user,
        post=author.post,
        source=said.source,
        values=said.values,
        sealed={field: each.id for field, each in references.items()},
    )
    if _PLACES[said.kind] in said.values:  # also when another word on it is shown
        _place(work, ready, said.kind, said.values, before.county)
    writes = [*before.writes, write]
    there = merging.standing(writes)
    shown = merging.shown(there)
    grid, path = _place(work, ready, said.kind, shown, before.county)
    record = _moved(replace(before, version=write.version, writes=writes), grid, path)
    work.put(said.kind, record)
    work.fact(
        said.kind,
        record,
        f"{said.kind}.{_VERBS[said.source]}",
        {
            "fields": sorted(said.values),
            "codes": {k: v for k, v in said.values.items() if k in PLAIN[said.kind]},
            "sealed": {field: each.fact() for field, each in references.items()},
            "disputed": [each.field for each in merging.disputes(there)],
            "grid": grid,
            "late": order.moment.late,
        },
    )
    if said.kind == "room" and grid != before.grid and before.version:
        _take_along(work, record)
    return Done(said.kind, record.id, record.version)


_VERBS: Mapping[Source, str] = {"record": "recorded", "edit": "edited", "settle": "settled"}


def _moved(record: Record, grid: str, path: str) -> Record:
    """The record where it now belongs; from where it was is kept."""
    if record.places and record.area_path == path:
        return record
    places = [*record.places, Place(record.version, path)]
    return replace(record, grid=grid, places=places)


def _take_along(work: Work, room: Record) -> None:
    """A room's people go with it to another grid."""
    for person in work.held("person"):
        if merging.shown(merging.standing(person.writes)).get("room") != str(room.id):
            continue
        moved = _moved(replace(person, version=person.version + 1), room.grid, room.area_path)
        work.put("person", moved)
        work.fact("person", moved, "person.moved", {"room": str(room.id), "grid": room.grid})


_PLACES: Mapping[RecordKind, str] = {"person": "room", "room": "grid"}
"""The field that says where a record is."""


def _place(
    work: Work, ready: Ready, kind: RecordKind, values: Mapping[str, Any], county: str
) -> tuple[str, str]:
    """The grid and the path: a room's own, a person's by their room."""
    if kind == "person":
        room: Record | None = work.get("room", UUID(values["room"]))
        if room is None or room.county != county:
            raise refuse("unknown_room", "没有这个房屋", f"payload.fields.{_PLACES[kind]}")
        return room.grid, room.area_path
    path = ready.paths.get((county, values["grid"]))
    if path is None:
        raise refuse("unknown_grid", "没有这个网格", f"payload.fields.{_PLACES[kind]}")
    return values["grid"], path


def claimed(command: Command) -> datetime:
    """When it was done by its author's clock, with the measured offset. When we heard bounds it
    from above only: what is shown of a dispute must not depend on how soon a word came.
    """
    try:
        return command.occurred_at + timedelta(milliseconds=command.clock_offset_ms or 0)
    except OverflowError:
        return command.occurred_at


async def _prepare(work: Work, orders: Sequence[Order]) -> Ready:
    """Loads what the records lie in: the rooms that people may turn out to live in, the people of
    rooms that may move, and the paths of grids.
    """
    entities = {id_ for order in orders for _, id_ in _targets(order.payload)}
    people = [p for id_ in entities if (p := work.get("person", id_))]
    rooms = {UUID(str(w.values["room"])) for p in people for w in p.writes if "room" in w.values}
    await work.load("room", rooms, lock=False)
    moving = [r.id for id_ in entities if (r := work.get("room", id_))]
    if moving:
        rows = await work.conn.fetch("select id from person where room = any($1)", moving)
        await work.load("person", [row["id"] for row in rows])
    return Ready(await _paths(work.conn, {cast(Actor, order.author).county for order in orders}))


async def _paths(conn: Connection, counties: Iterable[str]) -> dict[tuple[str, str], str]:
    rows = await conn.fetch(
        "select county, code, path from area where county = any($1) and kind = 'responsibility'",
        list(counties),
    )
    return {(row["county"], row["code"]): row["path"] for row in rows}


def _targets(payload: Any) -> list[tuple[str, UUID]]:
    """The record itself, and the room that a person is said to live in."""
    match payload:
        case RecordRoom(room=id_) | EditRoom(room=id_):
            return [("room", id_)]
        case RecordPerson(person=id_, fields=fields) | EditPerson(person=id_, fields=fields):
            rooms = [("room", fields.room)] if isinstance(fields.room, UUID) else []
            return [*rooms, ("person", id_)]
    settled: SettleDispute = payload
    found: list[tuple[str, UUID]] = [(settled.kind, settled.entity)]
    if settled.kind == "person" and settled.field == "room":
        with suppress(ValueError):  # refused when it is decided
            found.append(("room", UUID(str(settled.value))))
    return found


def _handler(
    name: str, payload: type[Struct], decide: Callable[[Work, Order, Any], Done]
) -> Handler:
    return Handler(name, 1, payload, _targets, _prepare, decide)


HANDLERS = (
    _handler("person.record", RecordPerson, _record),
    _handler("person.edit", EditPerson, _edit),
    _handler("room.record", RecordRoom, _record),
    _handler("room.edit", EditRoom, _edit),
    _handler("dispute.settle", SettleDispute, _settle),
)
"""Every type of command of this room."""
