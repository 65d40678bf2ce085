"""What a domain registers for a type of command."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from offline.wire import Command, Reason
from offline.work import Author, Work

FUTURE_TOLERANCE = timedelta(minutes=5)


class Rejection(Exception):
    """A command that must not be applied: why, and which fields."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__(", ".join(reason.code for reason in reasons))
        self.reasons = list(reasons)


def refuse(code: str, message: str, field: str | None = None) -> Rejection:
    """A rejection with one reason."""
    return Rejection(Reason(code, message, field))


class Moment(Struct, frozen=True):
    """When it was done and when we heard. Rights and timeliness are judged at `judged_at`.

    `late` marks acts whose own time could not be trusted or was too old to count.
    """

    occurred_at: datetime
    received_at: datetime
    judged_at: datetime
    late: bool


def moment(command: Command, received_at: datetime, limit: timedelta) -> Moment:
    """The command's time, corrected by the measured clock offset.

    Judged as of then when the offset is known and the age is within the city's limit, else as of
    receipt, with a mark (design section 4, late acts). Nothing happens in the future.
    """
    try:
        offset = timedelta(milliseconds=command.clock_offset_ms or 0)
        occurred_at = command.occurred_at + offset
    except OverflowError:  # before the first year or after the last
        return Moment(received_at, received_at, received_at, late=True)
    if occurred_at > received_at:
        far = occurred_at - received_at > FUTURE_TOLERANCE
        return Moment(received_at, received_at, received_at, far)
    late = command.clock_offset_ms is None or received_at - occurred_at > limit
    return Moment(occurred_at, received_at, received_at if late else occurred_at, late)


class Done(Struct, frozen=True):
    """What an accepted command made or changed; `number` is what people read out.

    `reasons` turn it into a rejection whose effects (late evidence) are kept all the same.
    """

    kind: str
    entity: UUID
    version: int
    number: str | None = None
    reasons: list[Reason] = []


class Order(Struct, frozen=True):
    """A decoded command with its author and moment, as handlers get it; no author: by rule."""

    command: Command
    payload: Any
    author: Author | None
    moment: Moment


class Handler(Struct, frozen=True):
    """One type of command.

    targets: the aggregates to lock, as (kind, id). prepare: read in one go what deciding a list
    needs, and give it as the context. decide: pure but for `work`; raises Rejection.
    upcast: payload bytes of older type_versions to the newest, by version. by_rule: given by no
    person, and taken from none.
    """

    name: str
    version: int
    payload: type[Struct]
    targets: Callable[[Any], Iterable[tuple[str, UUID]]]
    prepare: Callable[[Work, Sequence[Order]], Awaitable[Any]]
    decide: Callable[[Work, Order, Any], Done]
    upcast: Mapping[int, Callable[[bytes], bytes]] = {}
    by_rule: bool = False
