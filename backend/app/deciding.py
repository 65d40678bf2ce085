"""A person decides of a command that was kept: let it go on, or refuse it. A command like any
other, so that the ledger says who decided and why; it is carried out when what was kept is taken
up again, by the worker or because its device asks.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from backend.core.actor import Actor
from offline.handlers import Done, Handler, Order, refuse
from offline.ports import Connection
from offline.reading import BY_RULE
from offline.receipts import Decision
from offline.work import Change, Kind, Work

DECIDABLE = ("held", "clash")


class DecideCommand(Struct, frozen=True, kw_only=True):
    """Of the kept command `command` with the body of SHA-256 `digest` (hex). go_on: apply it now,
    whatever it waits for, or although its id has been used. refuse: reject it for `reason`, which
    its author reads.
    """

    command: UUID
    digest: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    decision: Literal["go_on", "refuse"]
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class KeptContent(Struct, frozen=True):
    """One content of a kept command's id."""

    outcome: str
    county: str | None
    by_rule: bool
    decision: Decision | None


class KeptState(Struct, frozen=True):
    """What was kept under one id, by digest. version: how often somebody has decided of it."""

    id: UUID
    version: int
    contents: dict[bytes, KeptContent]


_KEPT = """
select k.id, k.digest, k.outcome, k.decision, k.decision_reason, k.author = $3 as by_rule,
    (select county from app_user u where u.id = k.author) as county,
    (select count(*) from journal j where j.entity = k.id and j.kind = $2) as version
from kept_command k where k.id = any($1) order by k.id, k.digest
"""


async def _load(conn: Connection, ids: Sequence[UUID], lock: bool) -> Mapping[UUID, KeptState]:  # noqa: FBT001
    rows = await conn.fetch(
        f"{_KEPT} {'for update of k' if lock else ''}",
        ids,
        KIND.name,
        BY_RULE,
    )
    found: dict[UUID, KeptState] = {}
    for row in rows:
        state = found.setdefault(row["id"], KeptState(row["id"], row["version"], {}))
        decision = Decision(row["decision"], row["decision_reason"]) if row["decision"] else None
        state.contents[row["digest"]] = KeptContent(
            row["outcome"], row["county"], row["by_rule"], decision
        )
    return found


async def _save(conn: Connection, changes: Sequence[Change]) -> None:
    await conn.executemany(
        "update kept_command set decision = $3, decision_reason = $4, next_try_at = now() "
        "where id = $1 and digest = $2",
        [
            (change.after.id, digest, content.decision.kind, content.decision.reason)
            for change in changes
            for digest, content in change.after.contents.items()
            if content.decision and content.decision != change.before.contents[digest].decision
        ],
    )


KIND = Kind("kept_command", _load, _save, lambda _: None, lambda _: frozenset())


async def _prepare(_: Work, __: Sequence[Order]) -> None:
    """What was kept is all that deciding needs."""


def _decide(work: Work, order: Order, _: Any) -> Done:
    payload: DecideCommand = order.payload
    author = cast(Actor, order.author)
    if not author.may("admin.system"):
        raise refuse("forbidden", "您当前的岗位没有这项权限", "post")
    state: KeptState | None = work.get(KIND.name, payload.command)
    digest = bytes.fromhex(payload.digest)
    content = state.contents.get(digest) if state else None
    if state is None or content is None or not (content.by_rule or content.county == author.county):
        raise refuse("not_found", "没有找到这条待处理的提交,它可能已经生效", "payload.command")
    if content.outcome not in DECIDABLE or content.decision is not None:
        raise refuse("decided", "这条提交已经处理过了", "payload.command")
    decided = replace(content, decision=Decision(payload.decision, payload.reason))
    after = replace(state, version=state.version + 1, contents=state.contents | {digest: decided})
    work.put(KIND.name, after)
    facts = {"digest": payload.digest, "decision": payload.decision, "reason": payload.reason}
    work.fact(KIND.name, after, "command.decided", facts)
    return Done(KIND.name, after.id, after.version)


HANDLER = Handler(
    "command.decide",
    1,
    DecideCommand,
    lambda p: [(KIND.name, p.command)],
    _prepare,
    _decide,
)
