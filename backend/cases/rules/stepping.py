"""The timeline: a line for what somebody did, and for where it led."""

from typing import Any

from msgspec.structs import replace

from backend.cases.rules.doing import Doing
from backend.cases.structs import Case, Step


def begin(case: Case, action: str, doing: Doing, **said: Any) -> Case:
    """The case one version on, with a line that leads nowhere yet. said: further fields of Step."""
    step = Step(
        id=doing.command,
        action=action,
        from_state=case.state,
        to_state=case.state,
        user=doing.user,
        post=doing.post,
        org=doing.org,
        occurred_at=doing.occurred_at,
        received_at=doing.received_at,
        **said,
    )
    return replace(case, version=case.version + 1, changed_at=doing.at, steps=[*case.steps, step])


def land(case: Case, place: int, **said: Any) -> Case:
    """The line at `place` says where it led: where the rule's next line begins, else where the case
    stands. said: further fields of it.
    """
    following = case.steps[place + 1 :]
    to_state = (following[0].from_state if following else None) or case.state
    landed = replace(case.steps[place], to_state=to_state, **said)
    return replace(case, steps=[*case.steps[:place], landed, *following])
