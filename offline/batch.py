"""One transaction's worth of commands: who may, in which order, with what answer."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from offline import kept, receipts
from offline.epoch import Life
from offline.handlers import Handler, Moment, Order, Rejection, moment
from offline.kept import Kept
from offline.ports import Connection, Transactions
from offline.reading import MALFORMED, DeviceKey, Unseal, distrust, read, reason_of
from offline.receipts import Arrival
from offline.sealed import Cipher
from offline.wire import Outcome, Reason, Receipt
from offline.work import Author, Deed, Kind, Work

TOO_NEW = ("unknown_type", "newer_version")
"""Reasons that end with the server's next update: such commands are held, not rejected."""


Publish = Callable[[set[str]], Awaitable[None]]
"""Tells the world which buckets were touched, after commit."""


LateLimits = Callable[[Connection, Sequence[UUID]], Awaitable[Mapping[UUID, timedelta]]]
"""The age limits of the cities of some users; missing where none is set."""


BY_RULE = UUID(int=0)
"""Stands for device, user and post of a command that no person gave."""


class Sender(Struct, frozen=True):
    """Whose session brings the commands, and from where. BY_RULE is believed without a device."""

    user: UUID
    session: UUID | None = None
    ip: str | None = None


class Ports(Struct, frozen=True):
    """What applying needs from outside."""

    transaction: Transactions
    kinds: Mapping[str, Kind]
    handlers: Mapping[str, Handler]
    cipher: Cipher
    unseal: Unseal
    authors: Callable[
        [Connection, Sequence[tuple[UUID, UUID, datetime]]],
        Awaitable[Mapping[tuple[UUID, UUID, datetime], Author]],
    ]
    device_keys: Callable[[Connection, Sequence[UUID]], Awaitable[Mapping[UUID, DeviceKey]]]
    publish: Publish
    now: Callable[[], datetime]
    life: Life
    late_limits: LateLimits


LATE = timedelta(hours=24)
"""The age up to which an act is judged as of its own time, where a city sets no other."""
SURELY_TIMELY = timedelta(hours=1)
"""Younger acts are timely everywhere, so that their city's limit need not be read."""


class Distrust(Struct, frozen=True):
    """The author is not believed. No receipt is stored, so that nobody can spoil another's id; the
    device keeps the command, and its author may bring it after signing in.
    """

    reason: Reason


Verdict = Order | Reason | Distrust


class Batch:
    """One transaction's worth of commands."""

    def __init__(self, conn: Connection, sender: Sender, ports: Ports) -> None:
        self._conn = conn
        self._sender = sender
        self._ports = ports
        self._received_at = ports.now()
        self._answers: dict[UUID, tuple[bytes, Outcome]] = {}
        self._stored: list[tuple[Arrival, Outcome]] = []
        self._kept: list[Kept] = []
        self._freed: set[UUID] = set()
        self._settled: set[UUID] = set()
        self.work = Work(conn, ports.kinds, ports.cipher)

    async def apply(self, arrivals: list[Arrival]) -> list[Outcome]:
        """Decide all of these, and whatever was held for them, in memory."""
        outcomes = await self._round(arrivals)
        news = set(self._settled)
        while news:
            held = await kept.waiting(self._conn, self._ports.cipher, news)
            before = set(self._settled)
            freed = [read(each.item, each.sender) for each in held]
            arrivals = [a for a in freed if isinstance(a, Arrival)]
            self._freed |= {a.command.id for a in arrivals}
            await self._round(arrivals)
            news = self._settled - before
        return outcomes

    async def finish(self) -> None:
        """Write rows, ledger, buckets and receipts."""
        await self.work.flush()
        if self._stored:
            await receipts.store(self._conn, self._stored, self._received_at)
        await kept.keep(self._conn, self._ports.cipher, self._kept, self._received_at)
        if self._freed:
            await kept.drop(self._conn, self._freed)

    async def _round(self, arrivals: list[Arrival]) -> list[Outcome]:
        if not arrivals:
            return []
        known = await receipts.find(self._conn, {a.command.id for a in arrivals})
        fresh = [a for a in arrivals if a.command.id not in known]
        keys = await self._ports.device_keys(self._conn, list({a.command.device for a in fresh}))
        awaited = {i for a in fresh for i in a.command.after}
        self._settled |= await receipts.settled(self._conn, awaited)
        orders = await self._orders(fresh, keys)
        contexts = await self._lock_and_prepare(orders)
        return [self._answer(a, known, orders, contexts) for a in arrivals]

    async def _orders(
        self, fresh: list[Arrival], keys: Mapping[UUID, DeviceKey]
    ) -> dict[tuple[UUID, bytes], Verdict]:
        """Each fresh command decoded and with its author, or why it cannot be."""
        old = [
            a.command.user
            for a in fresh
            if self._received_at - a.command.occurred_at > SURELY_TIMELY
        ]
        limits = await self._ports.late_limits(self._conn, old) if old else {}
        moments = {
            (a.command.id, a.digest): moment(
                a.command, self._received_at, limits.get(a.command.user, LATE)
            )
            for a in fresh
        }
        names = {
            (a.command.user, a.command.post, moments[a.command.id, a.digest].judged_at)
            for a in fresh
        }
        authors = await self._ports.authors(self._conn, list(names))
        orders: dict[tuple[UUID, bytes], Verdict] = {}
        first: dict[UUID, bytes] = {}
        for arrival in fresh:
            command = arrival.command
            if first.get(command.id, arrival.digest) != arrival.digest:
                continue  # will clash with the first of this id that is believed
            when = moments[command.id, arrival.digest]
            author = authors.get((command.user, command.post, when.judged_at))
            key = keys.get(command.device)
            verdict = self._verdict(arrival, key, author, when)
            orders[command.id, arrival.digest] = verdict
            if not isinstance(verdict, Distrust):
                first[command.id] = arrival.digest
        return orders

    def _verdict(
        self, arrival: Arrival, key: DeviceKey | None, author: Author | None, when: Moment
    ) -> Verdict:
        command = arrival.command
        by_rule = arrival.sender == BY_RULE
        if not by_rule:
            doubt = distrust(
                key,
                author=command.user,
                sender=arrival.sender,
                data=arrival.body,
                signature=arrival.signature,
            )
            if doubt is not None:
                return Distrust(doubt)
            if author is None:
                return Reason("no_post", "操作时您不在这个岗位上", "post")
        payload = _payload(arrival, self._ports.handlers)
        if isinstance(payload, Reason):
            return payload
        if self._ports.handlers[command.type].by_rule != by_rule:
            return Reason("forbidden", "这种操作只由系统按规则进行", "type")
        return Order(command, payload, author, when)

    async def _lock_and_prepare(
        self, orders: Mapping[tuple[UUID, bytes], Verdict]
    ) -> dict[str, Any]:
        by_type: dict[str, list[Order]] = defaultdict(list)
        targets: dict[str, set[UUID]] = defaultdict(set)
        for order in orders.values():
            if isinstance(order, Order):
                by_type[order.command.type].append(order)
                handler = self._ports.handlers[order.command.type]
                for kind, entity in handler.targets(order.payload):
                    targets[kind].add(entity)
        for kind in self._ports.kinds:  # always in the same order, against deadlocks
            if kind in targets:
                await self.work.load(kind, targets[kind])
        return {
            type_: await self._ports.handlers[type_].prepare(self.work, list_)
            for type_, list_ in by_type.items()
        }

    def _answer(
        self,
        arrival: Arrival,
        known: Mapping[UUID, Any],
        orders: Mapping[tuple[UUID, bytes], Verdict],
        contexts: Mapping[str, Any],
    ) -> Outcome:
        command = arrival.command
        if command.id in known:
            row = known[command.id]
            same = row["digest"] == arrival.digest
            return receipts.repeat(row) if same else self._clash(arrival)
        if command.id in self._answers:
            digest, outcome = self._answers[command.id]
            if digest != arrival.digest:
                return self._clash(arrival)
            if outcome.outcome == "accepted":
                return msgspec.structs.replace(outcome, outcome="repeated")
            if outcome.outcome == "rejected":
                return outcome
        missing = [i for i in command.after if i not in self._settled]
        order = orders[command.id, arrival.digest]
        if isinstance(order, Distrust):
            forged = order.reason.code == "bad_signature"
            return Outcome(command.id, "rejected" if forged else "held", reasons=[order.reason])
        if isinstance(order, Reason):
            if order.code in TOO_NEW:
                outcome = self._hold(arrival, [], order)
            else:
                outcome = self._reject(arrival, [order])
        elif missing:
            reason = Reason("waiting", "正在等待它所依据的内容送达", "after")
            outcome = self._hold(arrival, missing, reason)
        else:
            outcome = self._decide(arrival, order, contexts[command.type])
        self._answers[command.id] = (arrival.digest, outcome)
        return outcome

    def _decide(self, arrival: Arrival, order: Order, context: Any) -> Outcome:
        command = order.command
        brought = arrival.sender == self._sender.user  # and not taken up again from what was held
        self.work.begin(
            Deed(
                command=command.id,
                occurred_at=order.moment.occurred_at,
                received_at=order.moment.received_at,
                author=order.author,
                device=command.device if order.author else None,
                session=self._sender.session if brought else None,
                ip=self._sender.ip if brought else None,
            )
        )
        try:
            done = self._ports.handlers[command.type].decide(self.work, order, context)
        except Rejection as rejection:
            self.work.undo()
            return self._reject(arrival, rejection.reasons)
        receipt = Receipt(
            command=command.id,
            digest=arrival.digest.hex(),
            received_at=self._received_at,
            epoch=self._ports.life.epoch,
            entity=done.entity,
            version=done.version,
            number=done.number,
        )
        if done.reasons:
            return self._reject(arrival, done.reasons, receipt)
        outcome = Outcome(command.id, "accepted", receipt)
        self._stored.append((arrival, outcome))
        self._settled |= {command.id, *([command.corrects] if command.corrects else [])}
        return outcome

    def _reject(
        self, arrival: Arrival, reasons: list[Reason], receipt: Receipt | None = None
    ) -> Outcome:
        receipt = receipt or Receipt(
            arrival.command.id, arrival.digest.hex(), self._received_at, self._ports.life.epoch
        )
        outcome = Outcome(arrival.command.id, "rejected", receipt, reasons)
        self._stored.append((arrival, outcome))
        self._kept.append(Kept(arrival, "rejected", reasons))
        return outcome

    def _hold(self, arrival: Arrival, waits_for: list[UUID], reason: Reason) -> Outcome:
        self._kept.append(Kept(arrival, "held", [reason], waits_for))
        return Outcome(arrival.command.id, "held", reasons=[reason])

    def _clash(self, arrival: Arrival) -> Outcome:
        reason = Reason("clash", "同一编号有两份不同的内容,两份都已保留,请联系管理员", "id")
        self._kept.append(Kept(arrival, "clash", [reason]))
        return Outcome(arrival.command.id, "clash", reasons=[reason])


def _payload(arrival: Arrival, handlers: Mapping[str, Handler]) -> Any:
    command = arrival.command
    handler = handlers.get(command.type)
    if handler is None:
        return Reason("unknown_type", "服务器不认识这种操作,请更新应用", "type")
    raw = bytes(command.payload)
    for version in range(command.type_version, handler.version):
        raw = handler.upcast[version](raw)
    if command.type_version > handler.version:
        return Reason("newer_version", "应用比服务器新,请稍后重试", "type_version")
    try:
        return msgspec.json.decode(raw, type=handler.payload)
    except msgspec.DecodeError as error:
        reason = reason_of(error)
        field = f"payload.{reason.field}" if reason.field else "payload"
        return Reason(reason.code, reason.message, field)
    except RecursionError:  # nested almost without end: it could be skipped, but not read
        return Reason(MALFORMED.code, MALFORMED.message, "payload")
