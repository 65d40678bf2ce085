"""Several hands on one record: what stands, what is shown, what is in dispute.

Each field is a register with as many values as were given without knowledge of each other. What an
author knew is fixed when they press submit: the version they saw, and their own commands since.
All that follows is a function of the set of writes and of what each knew, never of their order.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from backend.registry.structs import Candidate, Dispute, FieldChange, Value, Write

Standing = Mapping[str, list[Write]]
"""By field the writes that nobody who knew of them has replaced, the one shown last."""


class Knowledge(NamedTuple):
    """What an author knew when they spoke: all up to a version, and their own words since."""

    version: int
    own: frozenset[UUID]

    def of(self, write: Write) -> bool:
        return write.version <= self.version or write.command in self.own


class Word(NamedTuple):
    """What a write says of a field, and what has replaced it for who knows that."""

    write: Write
    replaced_by: list[Write]


class Merging:
    """The writes of a record, taken in the order of their versions.

    A write replaces what its author knew to stand; of a dispute they knew of, only their own word,
    unless they settle it.
    """

    def __init__(self) -> None:
        self._knew: dict[UUID, Knowledge] = {}
        self._said: dict[str, list[Word]] = {}

    def add(self, write: Write) -> None:
        """Take in the next."""
        knew = self._knew[write.command] = self._knowledge(write)
        for field in write.values:
            said = self._said.setdefault(field, [])
            there = [
                word
                for word in said
                if knew.of(word.write) and not any(map(knew.of, word.replaced_by))
            ]
            free = write.source == "settle" or not differ([w.write for w in there], field)
            for word in there:
                if free or word.write.user == write.user:
                    word.replaced_by.append(write)
            said.append(Word(write, []))

    def _knowledge(self, write: Write) -> Knowledge:
        mine = [each for each in write.after if each in self._knew]
        return Knowledge(
            max([write.base, *(self._knew[each].version for each in mine)]),
            frozenset(mine).union(*(self._knew[each].own for each in mine)),
        )

    def of(self, field: str) -> list[Write]:
        """What stands in a field, the one shown last."""
        return sorted(
            (word.write for word in self._said.get(field, []) if not word.replaced_by),
            key=_precedence,
        )

    def standing(self) -> Standing:
        """What stands in each field."""
        return {field: self.of(field) for field in self._said}


def standing(writes: Sequence[Write]) -> Standing:
    """What stands in each field of a record of these writes."""
    merging = Merging()
    for write in writes:
        merging.add(write)
    return merging.standing()


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
    merging = Merging()
    for write in writes:
        old = shown({field: there for field in write.values if (there := merging.of(field))})
        merging.add(write)
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
                disputed=differ(merging.of(field), field),
            )
            for field, value in sorted(write.values.items())
        ]
    return lines[::-1]


def _precedence(write: Write) -> tuple[datetime, UUID]:
    return write.at, write.command
