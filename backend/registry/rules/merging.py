"""Several hands on one record: what stands, what is shown, what is in dispute.

Each field is a register with as many values as were given without knowledge of each other. What an
author knew is fixed when they press submit: the version they saw, and their own commands since.
All that follows is a function of the set of writes and of what each knew, never of their order.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from backend.registry.structs import Candidate, Dispute, FieldChange, Value, Write

Standing = Mapping[str, list[Write]]
"""By field the writes that nobody who knew of them has replaced, the one shown last."""


def known(writes: Sequence[Write]) -> dict[UUID, set[UUID]]:
    """By command, the commands its author knew of. Writes are in the order of their versions."""
    knew: dict[UUID, set[UUID]] = {}
    for number, write in enumerate(writes):
        before = writes[:number]
        mine = {each.command for each in before if each.version <= write.base}
        for own in write.after:
            if own in knew:
                mine |= {own} | knew[own]
        knew[write.command] = mine
    return knew


def standing(writes: Sequence[Write]) -> Standing:
    """What stands in each field.

    A write replaces what its author knew to stand; of a dispute they knew of, only their own word,
    unless they settle it.
    """
    knew = known(writes)
    said: dict[str, list[Write]] = {}
    replaced_by: dict[tuple[str, UUID], set[UUID]] = {}
    for write in writes:
        seen = knew[write.command]
        for field in write.values:
            there = [
                each
                for each in said.setdefault(field, [])
                if each.command in seen and not replaced_by[field, each.command] & seen
            ]
            free = write.source == "settle" or not differ(there, field)
            for each in there:
                if free or each.user == write.user:
                    replaced_by[field, each.command].add(write.command)
            said[field].append(write)
            replaced_by[field, write.command] = set()
    return {
        field: sorted((w for w in all_ if not replaced_by[field, w.command]), key=_precedence)
        for field, all_ in said.items()
    }


def differ(writes: Sequence[Write], field: str) -> bool:
    """Whether they give a field different values."""
    return any(each.values[field] != writes[0].values[field] for each in writes)


def shown(standing: Standing) -> dict[str, Value]:
    """What each field is, meanwhile or for good: the latest word, then the greater command id."""
    return {field: writes[-1].values[field] for field, writes in standing.items()}


def disputes(standing: Standing) -> list[Dispute]:
    """The fields in dispute, with every value that stands."""
    return [
        Dispute(field, [Candidate(w.command, w.at, w.user, w.values[field]) for w in writes])
        for field, writes in sorted(standing.items())
        if differ(writes, field)
    ]


def history(writes: Sequence[Write]) -> list[FieldChange]:
    """Every change of every field, the newest first."""
    lines: list[FieldChange] = []
    for number, write in enumerate(writes, start=1):
        old, now = shown(standing(writes[: number - 1])), standing(writes[:number])
        lines += [
            FieldChange(
                command=write.command,
                version=write.version,
                at=write.at,
                received_at=write.received_at,
                user=write.user,
                source=write.source,
                field=field,
                old=old.get(field),
                new=value,
                disputed=differ(now[field], field),
            )
            for field, value in sorted(write.values.items())
        ]
    return lines[::-1]


def _precedence(write: Write) -> tuple[datetime, UUID]:
    return write.at, write.command
