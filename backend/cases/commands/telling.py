"""What the ledger and the inboxes hear of a case's change: one fact for each step it took."""

from collections import Counter
from typing import Any
from uuid import UUID

from msgspec import Struct

from backend.cases.commands.preparing import Ready, flow_of
from backend.cases.facts import CaseFact, as_facts, change
from backend.cases.ground import Ground
from backend.cases.structs import Case, OpenTask, Step
from backend.cases.tasks import follow
from backend.catalogue.rules import state_of
from offline.work import Work

_NOTHING: dict[str, Any] = {
    "parts": [],
    "clocks": [],
    "tasks": [],
    "requests": [],
    "directives": [],
    "call_back": None,
}


class Change(Struct, frozen=True, kw_only=True):
    """A case before (None: new) and after one command. `answered`: the task it answers."""

    before: Case | None
    after: Case
    answered: UUID | None = None
    late: bool = False


def tell(work: Work, change_: Change, ground: Ground, ready: Ready, verb: str, **said: Any) -> None:
    """Put the case, open and close its tasks, and say what happened.

    The first step's fact, by `verb`, carries all that the command changed of the case's parts, and
    `said` (fields of CaseFact). Each further step was taken by rule: `case.ruled`, where it led.
    """
    before, after = change_.before, change_.after
    work.put("case", after)
    first, *more = after.steps[len(before.steps) if before else 0 :]
    category = ground.catalogue.categories.get(after.category)
    were = before.tasks if before else []
    name = category.name if category else after.category
    follow(work, were, after, change_.answered, first.verdict, name)
    ready.busy.update(_holders(after.tasks))
    ready.busy.subtract(_holders(were))
    standing = change(before, after, change_.answered)
    workers = [worker.user for worker in ground.roster.workers.get(after.grid, [])]
    said = {"task": change_.answered, "workers": workers, "late": change_.late} | said
    for step, its_verb, fields in (
        (first, verb, standing | said),
        *((step, "case.ruled", standing | _NOTHING) for step in more),
    ):
        state = state_of(flow_of(after, ground), step.to_state)
        fact = CaseFact(
            **fields
            | {"state": state.code, "stage": state.stage, "ending": state.ending}
            | _said_by(step)
        )
        work.fact("case", after, its_verb, as_facts(fact))


def _said_by(step: Step) -> dict[str, Any]:
    return {
        "step": step.id,
        "action": step.action,
        "from_state": step.from_state,
        "by_org": step.org,
        "verdict": step.verdict,
        "media": [media.id for media in step.media],
        "orgs": step.orgs,
    }


def _holders(tasks: list[OpenTask]) -> Counter[UUID]:
    return Counter(task.user for task in tasks if task.user is not None)
