"""In which order the commands of one push are decided, and which one speaks for which id."""

from collections import defaultdict
from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from uuid import UUID, uuid5

from offline.receipts import Arrival

_NONE: frozenset[int] = frozenset()


def in_order(arrivals: Sequence[Arrival]) -> list[int]:
    """Positions such that each command comes after those it waits for and the one it corrects; else
    as they came. Those that wait in a circle come last.
    """
    named: dict[UUID, set[int]] = defaultdict(set)
    corrections: dict[UUID, set[int]] = defaultdict(set)
    for at, arrival in enumerate(arrivals):
        named[arrival.command.id].add(at)
        if arrival.command.corrects:
            corrections[arrival.command.corrects].add(at)
    before = [
        set[int]().union(
            *(named.get(id_, _NONE) | corrections.get(id_, _NONE) for id_ in arrival.command.after),
            named.get(arrival.command.corrects, _NONE) if arrival.command.corrects else _NONE,
        )
        - {at}
        for at, arrival in enumerate(arrivals)
    ]
    if all(not waits or max(waits) < at for at, waits in enumerate(before)):
        return list(range(len(arrivals)))
    followers: dict[int, list[int]] = {}
    for at, waits in enumerate(before):
        for giver in waits:
            followers.setdefault(giver, []).append(at)
    left = [len(waits) for waits in before]
    ready = [at for at, count in enumerate(left) if count == 0]
    heapify(ready)
    ordered: list[int] = []
    while ready:
        ordered.append(at := heappop(ready))
        for follower in followers.get(at, ()):
            left[follower] -= 1
            if left[follower] == 0:
                heappush(ready, follower)
    return ordered + [at for at, count in enumerate(left) if count]


def second_name(command: UUID, digest: bytes) -> UUID:
    """The id under which the later of two contents of one id is applied, if a person says so."""
    return uuid5(command, digest.hex())
