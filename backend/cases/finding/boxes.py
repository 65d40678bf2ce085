"""Boxes: lists with a live count. A box is data of a flow; those of several flows under one code
are one box, which holds of each flow's cases what that flow says.

"""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from backend.cases.ground import Ground
from backend.cases.rules.parties import holder
from backend.catalogue.flow import Box, Party
from backend.core.actor import Actor
from backend.core.scope import Parameters


class Standing(NamedTuple):
    """What boxes ask of a case besides its parties; tallies are kept by these."""

    flow: str
    state: str
    supervision: str | None
    call_back: str | None
    suspended: bool


class Joined(Struct, frozen=True):
    """The boxes of all flows under one code."""

    code: str
    name: str
    by_flow: dict[str, Box]

    def parties(self) -> set[Party | None]:
        """As whom the actor finds cases in it."""
        return {box.party for box in self.by_flow.values()}

    def holds(self, standing: Standing, party: Party | None) -> bool:
        """Whether cases that stand so, of which the actor is that party, are in it."""
        box = self.by_flow.get(standing.flow)
        return (
            box is not None
            and box.party == party
            and (not box.states or standing.state in box.states)
            and (box.supervision is None or box.supervision == standing.supervision)
            and (box.call_back is None or box.call_back == standing.call_back)
            and (box.suspended is None or box.suspended == standing.suspended)
        )


def boxes_of(actor: Actor, ground: Ground) -> Sequence[Joined]:
    """The boxes this post sees, in the flows' order."""
    joined: dict[str, Joined] = {}
    for flow in ground.catalogue.newest.values():
        for box in flow.boxes:
            if actor.may(box.permission):
                known = joined.setdefault(box.code, Joined(box.code, box.name, {}))
                known.by_flow[flow.code] = box
    return list(joined.values())


def box_of(code: str, actor: Actor, ground: Ground) -> Joined | None:
    """One of this post's boxes."""
    return next((box for box in boxes_of(actor, ground) if box.code == code), None)


def condition(joined: Joined | None, actor: Actor, sql: Parameters) -> str:
    """The condition on `case_file c` of being in a box. The SQL twin of `Joined.holds`."""
    if joined is None:
        return "false"
    ways = " or ".join(
        f"({_of_flow(flow, box, actor, sql)})" for flow, box in joined.by_flow.items()
    )
    if len(joined.by_flow) == 1 or not all(box.states for box in joined.by_flow.values()):
        return f"({ways})"  # said twice, the planner would expect far fewer than there are
    states = sorted({state for box in joined.by_flow.values() for state in box.states})
    return f"c.state = any({sql(states)}) and ({ways})"  # what an index serves, said apart


def _of_flow(flow: str, box: Box, actor: Actor, sql: Parameters) -> str:
    where = [f"c.flow = {sql(flow)}"]
    if len(box.states) == 1:  # by which an index gives the newest first
        where.append(f"c.state = {sql(box.states[0])}")
    elif box.states:
        where.append(f"c.state = any({sql(box.states)})")
    if box.party is not None:
        where.append(f"c.parts && {sql(sorted(holder(actor, box.party)))}::text[]")
    where += [
        f"c.{name} = {sql(value)}"
        for name in ("supervision", "call_back", "suspended")
        if (value := getattr(box, name)) is not None
    ]
    return " and ".join(where)
