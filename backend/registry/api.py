"""People and rooms over HTTP. Writes are commands and go through /api/sync/push."""

from uuid import UUID

from litestar import Controller, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from backend.core import database
from backend.core.actor import Actor
from backend.directory.access import permission
from backend.registry import queries
from backend.registry.documents import person_document, person_full, room_document
from backend.registry.structs import (
    FieldChange,
    FindRecords,
    PersonDetail,
    PersonFull,
    PersonPage,
    RoomDocument,
    RoomPage,
    Unmask,
)


class RegistryController(Controller):
    """Reads of people and rooms within the actor's reach."""

    path = "/api/registry"
    guards = [permission("person.browse")]
    tags = ["registry"]

    @post("/people/find", status_code=200)
    async def people(
        self, actor: NamedDependency[Actor], data: JSONBody[FindRecords], state: State
    ) -> PersonPage:
        """People, the newest first, 20 at a time."""
        async with database.connection() as conn:
            found, after = await queries.find(
                conn, actor, state.pushing.kinds, state.pushing.cipher, "person", data
            )
        return PersonPage([person_document(each) for each in found], after)

    @post("/rooms/find", status_code=200)
    async def rooms(
        self, actor: NamedDependency[Actor], data: JSONBody[FindRecords], state: State
    ) -> RoomPage:
        """Rooms, the newest first, 20 at a time."""
        async with database.connection() as conn:
            found, after = await queries.find(
                conn, actor, state.pushing.kinds, state.pushing.cipher, "room", data
            )
        return RoomPage([room_document(each) for each in found], after)

    @get("/people/{record:uuid}")
    async def person(
        self, actor: NamedDependency[Actor], record: FromPath[UUID], state: State
    ) -> PersonDetail:
        """One person; whole for posts that may hold the whole."""
        async with database.connection() as conn:
            found = await queries.record_of(conn, actor, state.pushing.kinds, "person", record)
            person = person_document(found)
            home = await conn.fetchval("select address from room where id = $1", person.room)
        full = person_full(found) if actor.may("person.full") else None
        return PersonDetail(person, full, home)

    @get("/rooms/{record:uuid}")
    async def room(
        self, actor: NamedDependency[Actor], record: FromPath[UUID], state: State
    ) -> RoomDocument:
        """One room."""
        async with database.connection() as conn:
            return room_document(
                await queries.record_of(conn, actor, state.pushing.kinds, "room", record)
            )

    @get("/people/{record:uuid}/history")
    async def person_history(
        self, actor: NamedDependency[Actor], record: FromPath[UUID], state: State
    ) -> list[FieldChange]:
        """Every change of every field of a person, the newest first."""
        async with database.connection() as conn:
            found = await queries.record_of(conn, actor, state.pushing.kinds, "person", record)
        return queries.history_of(found, actor)

    @get("/rooms/{record:uuid}/history")
    async def room_history(
        self, actor: NamedDependency[Actor], record: FromPath[UUID], state: State
    ) -> list[FieldChange]:
        """Every change of every field of a room, the newest first."""
        async with database.connection() as conn:
            found = await queries.record_of(conn, actor, state.pushing.kinds, "room", record)
        return queries.history_of(found, actor)

    @post("/people/{record:uuid}/reveal", guards=[permission("person.unmask")], status_code=200)
    async def reveal(
        self,
        actor: NamedDependency[Actor],
        record: FromPath[UUID],
        data: JSONBody[Unmask],
        state: State,
    ) -> PersonFull:
        """A person unmasked; the reason is kept in the ledger."""
        async with database.transaction() as conn:
            found = await queries.record_of(conn, actor, state.pushing.kinds, "person", record)
            return await queries.reveal(conn, state.pushing.cipher, actor, found, data.reason)
