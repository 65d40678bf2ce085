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
from offline.kept import Held, Kept
from offline.ordering import in_order, second_name
from offline.ports import Connection, Transactions
from offline.reading import BY_RULE, MALFORMED, DeviceKey, Unseal, distrust, read, reason_of
from offline.receipts import Arrival, Decision, Past
from offline.sealed import Cipher
from offline.wire import Command, Outcome, Reason, Receipt
from offline.work import Author, Deed, Kind, Work

TOO_NEW = ("unknown_type", "newer_version")
"""Reasons that end with the server's next update: such commands are held, not rejected."""


Publish = Callable[[set[str]], Awaitable[None]]
"""Tells the world which buckets were touched, after commit."""


LateLimits = Callable[[Connection, Sequence[UUID]], Awaitable[Mapping[UUID, timedelta]]]
"""The age limits of the cities of some users; missing where none is set."""


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


CLASH = Reason("clash", "同一编号有两份不同的内容,两份都已保留,请联系管理员", "id")
WAITING = Reason("waiting", "正在等待它所依据的内容送达", "after")
NOT_YOURS_TO_CORRECT = Reason("corrects", "只能更正自己被退回的内容", "corrects")


class Distrust(Struct, frozen=True):
    """The author is not believed. No receipt is stored, so that nobody can spoil another's id; the
    device keeps the command, and its author may bring it after signing in.
    """

    reason: Reason


Verdict = Order | Reason | Distrust


def again(held: Held) -> Arrival | Outcome:
    """A kept command as it came, and when, with what a person has decided of it."""
    arrival = read(held.item, held.sender)
    if isinstance(arrival, Arrival):
        return msgspec.structs.replace(
            arrival, decision=held.decision, first_received=held.received_at
        )
    return arrival


class Batch:
    """One transaction's worth of commands."""

    def __init__(self, conn: Connection, sender: Sender, ports: Ports) -> None:
        self._conn = conn
        self._sender = sender
        self._ports = ports
        self._received_at = ports.now()
        self._answers: dict[UUID, tuple[bytes, Outcome]] = {}
        self._stored: list[tuple[Arrival, Outcome]] = []
        self._kept: dict[tuple[UUID, bytes], Kept] = {}
        self._freed: set[UUID] = set()
        self._done: set[tuple[UUID, bytes]] = set()
        self._settled: set[UUID] = set()  # accepted, or corrected by its own author
        self._corrected: set[tuple[UUID, UUID]] = set()  # without our answer, and by whom
        self._news: set[UUID] = set()  # settled or corrected since what waits was last looked for
        self._past: dict[UUID, list[Past]] = defaultdict(list)
        self.work = Work(conn, ports.kinds, ports.cipher)

    async def apply(self, arrivals: list[Arrival], *, wake: bool = True) -> list[Outcome]:
        """Decide all of these, and whatever was held for them, in memory."""
        order = in_order(arrivals)
        answers = await self._round([arrivals[at] for at in order])
        while self._news and wake:
            news, self._news = self._news, set()
            held = await kept.waiting(self._conn, self._ports.cipher, news, self._received_at)
            freed = [a for a in map(again, held) if isinstance(a, Arrival)]
            self._freed |= {a.command.id for a in freed}
            here = [k for k in self._kept.values() if not news.isdisjoint(k.waits_for)]
            for each in here:
                del self._kept[each.arrival.command.id, each.arrival.digest]
            await self._round([*freed, *(each.arrival for each in here)])
        outcomes: list[Any] = [None] * len(arrivals)
        for at, answer in zip(order, answers, strict=True):
            outcomes[at] = self._latest(arrivals[at], answer)
        return outcomes

    def _latest(self, arrival: Arrival, outcome: Outcome) -> Outcome:
        """What was held at first may have been freed by a later one of the same push."""
        if outcome.outcome != "held":
            return outcome
        digest, latest = self._answers.get(arrival.command.id, (None, outcome))
        return latest if digest == arrival.digest else outcome

    async def finish(self) -> None:
        """Write rows, ledger, buckets and receipts."""
        await self.work.flush()
        if self._stored:
            await receipts.store(self._conn, self._stored, self._received_at)
        await kept.keep(
            self._conn, self._ports.cipher, list(self._kept.values()), self._received_at
        )
        if self._freed:
            await kept.drop(self._conn, self._freed)
        if self._done:
            await kept.done(self._conn, self._done)

    async def _round(self, arrivals: list[Arrival]) -> list[Outcome]:
        if not arrivals:
            return []
        known = await receipts.find(self._conn, {a.command.id for a in arrivals})
        came, arrivals = arrivals, await self._told(arrivals, known)
        fresh = [a for a in arrivals if not _is_same(known.get(a.command.id), a)]
        keys = await self._ports.device_keys(self._conn, list({a.command.device for a in fresh}))
        await self._look_back(fresh)
        orders = await self._orders(fresh, known, keys)
        contexts = await self._lock_and_prepare(orders)
        answers = [self._answer(a, known, orders, contexts) for a in arrivals]
        return [
            answer if one.command is other.command else self._as_first(one, answer)
            for one, other, answer in zip(came, arrivals, answers, strict=True)
        ]

    async def _told(self, arrivals: list[Arrival], known: dict[UUID, Any]) -> list[Arrival]:
        """These with what people have decided of them. The later content of an id that is to stand
        goes on under its second name; what is known of that is added.
        """
        seconds = {
            (a.command.id, a.digest): second_name(a.command.id, a.digest)
            for a in arrivals
            if _clashes(known.get(a.command.id), a)
        }
        asked = {a.command.id for a in arrivals if a.command.after or a.accepted_in}
        asked |= {id_ for id_, _ in seconds}
        if not asked:
            return arrivals
        decided = await kept.decided(self._conn, asked)
        if seconds:
            known |= await receipts.find(self._conn, seconds.values())
        told: list[Arrival] = []
        for arrival in arrivals:
            command, key = arrival.command, (arrival.command.id, arrival.digest)
            decision = arrival.decision or decided.get(key)
            goes_on = decision is not None and decision.kind == "go_on"
            if key in seconds and (goes_on or seconds[key] in known):
                command = msgspec.structs.replace(command, id=seconds[key])
            told.append(msgspec.structs.replace(arrival, command=command, decision=decision))
        return told

    async def _look_back(self, fresh: list[Arrival]) -> None:
        """What these wait for and correct, as far as it has been answered."""
        settled, corrected = await receipts.settled(
            self._conn, {i for a in fresh for i in a.command.after} - self._settled
        )
        self._settled |= settled
        self._corrected |= corrected
        replaced = [a.command.corrects for a in fresh if a.command.corrects]
        if replaced:
            for past in await receipts.past(self._conn, replaced):
                self._past[past.command].append(past)

    def _as_first(self, arrival: Arrival, outcome: Outcome) -> Outcome:
        """The answer to a second name as the device understands it."""
        if outcome.receipt is None:
            return msgspec.structs.replace(outcome, id=arrival.command.id)
        self._done.add((arrival.command.id, arrival.digest))
        receipt = msgspec.structs.replace(outcome.receipt, command=arrival.command.id)
        return msgspec.structs.replace(outcome, id=arrival.command.id, receipt=receipt)

    async def _orders(
        self, fresh: list[Arrival], known: Mapping[UUID, Any], keys: Mapping[UUID, DeviceKey]
    ) -> dict[tuple[UUID, bytes], Verdict]:
        """Each fresh command decoded and with its author, or why it cannot be."""
        old = [
            a.command.user
            for a in fresh
            if self._received_at - a.command.occurred_at > SURELY_TIMELY
        ]
        limits = await self._ports.late_limits(self._conn, old) if old else {}
        moments = {
            (a.command.id, a.digest): self._moment(a, limits.get(a.command.user, LATE))
            for a in fresh
        }
        names = {
            (a.command.user, a.command.post, moments[a.command.id, a.digest].judged_at)
            for a in fresh
        }
        authors = await self._ports.authors(self._conn, list(names))
        orders: dict[tuple[UUID, bytes], Verdict] = {}
        first = {id_: row["digest"] for id_, row in known.items()}
        first |= {id_: digest for id_, (digest, _) in self._answers.items()}
        for arrival in fresh:
            command = arrival.command
            when = moments[command.id, arrival.digest]
            author = authors.get((command.user, command.post, when.judged_at))
            doubt = _doubt(arrival, keys)
            if doubt is not None:
                verdict: Verdict = Distrust(doubt)
            elif first.setdefault(command.id, arrival.digest) != arrival.digest:
                verdict = CLASH
            else:
                verdict = self._verdict(arrival, author, when)
            orders[command.id, arrival.digest] = verdict
        return orders

    def _moment(self, arrival: Arrival, limit: timedelta) -> Moment:
        """What was kept meanwhile is judged as when it first came."""
        first = moment(arrival.command, arrival.first_received or self._received_at, limit)
        return msgspec.structs.replace(first, received_at=self._received_at)

    def _verdict(self, arrival: Arrival, author: Author | None, when: Moment) -> Verdict:
        command = arrival.command
        by_rule = arrival.sender == BY_RULE
        if arrival.decision is not None and arrival.decision.kind == "refuse":
            return _refused(arrival.decision)
        if author is None and not by_rule:
            return Reason("no_post", "操作时您不在这个岗位上", "post")
        if command.corrects and not self._may_correct(command):
            return NOT_YOURS_TO_CORRECT
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
        if _is_same(known.get(command.id), arrival):
            return receipts.repeat(known[command.id])
        order = orders[command.id, arrival.digest]
        if isinstance(order, Distrust):
            forged = order.reason.code == "bad_signature"
            return Outcome(command.id, "rejected" if forged else "held", reasons=[order.reason])
        if order is CLASH:
            return self._clash(arrival)
        if command.id in self._answers:
            _, outcome = self._answers[command.id]
            if outcome.outcome == "accepted":
                return msgspec.structs.replace(outcome, outcome="repeated")
            if outcome.outcome == "rejected":
                return outcome
        missing = self._missing(arrival)
        if isinstance(order, Reason):
            if order.code in TOO_NEW:
                outcome = self._hold(arrival, [], order)
            else:
                outcome = self._reject(arrival, [order])
        elif missing:
            outcome = self._hold(arrival, missing, WAITING)
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
        self._settle(command)
        return outcome

    def _reject(
        self, arrival: Arrival, reasons: list[Reason], receipt: Receipt | None = None
    ) -> Outcome:
        if self._was_accepted(arrival) and arrival.decision is None:
            if receipt is not None:
                self.work.undo()
            return self._hold(arrival, [], _undone(reasons[0]))
        receipt = receipt or Receipt(
            arrival.command.id, arrival.digest.hex(), self._received_at, self._ports.life.epoch
        )
        outcome = Outcome(arrival.command.id, "rejected", receipt, reasons)
        self._stored.append((arrival, outcome))
        self._keep(Kept(arrival, "rejected", reasons))
        self._past[arrival.command.id].append(_past_of(arrival.command, "rejected"))
        return outcome

    def _was_accepted(self, arrival: Arrival) -> bool:
        """In a life of the database before this one, as its device says."""
        before, now = arrival.accepted_in, self._ports.life.epoch
        return before is not None and _number(before) < _number(now)

    def _hold(self, arrival: Arrival, waits_for: list[UUID], reason: Reason) -> Outcome:
        self._keep(Kept(arrival, "held", [reason], waits_for))
        return Outcome(arrival.command.id, "held", reasons=[reason])

    def _clash(self, arrival: Arrival) -> Outcome:
        """Two contents of one id: until a person decides which of them stands."""
        command, decision = arrival.command, arrival.decision
        if decision is None:
            self._keep(Kept(arrival, "clash", [CLASH]))
            return Outcome(command.id, "clash", reasons=[CLASH])
        reasons = [_refused(decision)]
        self._keep(Kept(arrival, "rejected", reasons))
        digest = arrival.digest.hex()
        receipt = Receipt(command.id, digest, self._received_at, self._ports.life.epoch)
        return Outcome(command.id, "rejected", receipt, reasons)

    def _keep(self, each: Kept) -> None:
        self._kept[each.arrival.command.id, each.arrival.digest] = each

    def _missing(self, arrival: Arrival) -> list[UUID]:
        """What must still be accepted before this, unless a person lets it go on."""
        if arrival.decision is not None:
            return []
        author = arrival.command.user
        return [
            i
            for i in arrival.command.after
            if i not in self._settled and (i, author) not in self._corrected
        ]

    def _may_correct(self, command: Command) -> bool:
        """Only what was rejected, of the same author. What has never been seen may be corrected:
        its device had been refused before we could answer, or we have lost the answer.
        """
        past = self._past.get(command.corrects) if command.corrects else None
        return not past or any(
            each.author == command.user and each.outcome == "rejected" for each in past
        )

    def _settle(self, command: Command) -> None:
        """The command is accepted, and with it what it corrects, and what that had corrected."""
        self._settled.add(command.id)
        self._news.add(command.id)
        corrected = command.corrects
        seen: set[UUID] = set()
        while corrected and corrected not in seen:
            seen.add(corrected)
            self._news.add(corrected)
            past = self._past.get(corrected, ())
            if any(each.author == command.user for each in past):
                self._settled.add(corrected)
            else:
                self._corrected.add((corrected, command.user))
            corrected = next((each.corrects for each in past if each.corrects), None)


def _is_same(row: Any, arrival: Arrival) -> bool:
    return row is not None and row["digest"] == arrival.digest


def _clashes(row: Any, arrival: Arrival) -> bool:
    return row is not None and row["digest"] != arrival.digest


def _number(life: str) -> int:
    return int(life.partition("-")[0])


def _undone(reason: Reason) -> Reason:
    message = f"服务器恢复备份前已送达,现在不能照原样再做,已保存并会自动再试:{reason.message}"
    return Reason("undone", message, reason.field)


def _refused(decision: Decision) -> Reason:
    return Reason("refused_by_person", f"管理员没有接受:{decision.reason}")


def _past_of(command: Command, outcome: str) -> Past:
    return Past(command.id, command.corrects, command.user, outcome)


def _doubt(arrival: Arrival, keys: Mapping[UUID, DeviceKey]) -> Reason | None:
    if arrival.sender == BY_RULE:
        return None
    return distrust(
        keys.get(arrival.command.device),
        author=arrival.command.user,
        sender=arrival.sender,
        data=arrival.body,
        signature=arrival.signature,
    )


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
