"""What one case counts for: a pure function of its ledger lines.

The readings of `shared-schemas/indicators.csv` that are ours (docs/decisions/0053-evaluation.md):
a line counts at the instant it is judged by (its own time, or its receipt when late), a report at
its own time. Credit goes to the area, org, post and person that the line names.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from backend.cases.facts import CaseFact, ClockFact, PartFact, RequestFact, TaskFact
from backend.windows.rules.claims import Claim, Credit, Duty, Mark, summed
from backend.windows.rules.measures import Measure

VERBS = (
    "case.reported",
    "case.acted",
    "case.ruled",
    "case.merged",
    "case.split",
    "case.handed_over",
)
FIELD = frozenset({"worker", "supervisor"})
RESIDENTS = frozenset({"hotline", "public"})
WORKING = frozenset({"main", "assist", "help"})
WHOLE = "whole"
AHEAD = ("reported", "accepted", "filed", "dispatched", "handled", "checked", "closed")


class Line(Struct, frozen=True):
    """A line of the ledger on one case."""

    occurred_at: datetime
    received_at: datetime
    author: UUID | None
    post: UUID | None
    verb: str
    fact: CaseFact


class Suspension(Struct, frozen=True):
    """A stretch of suspension; `until` is null while it lasts."""

    thing: UUID
    since: datetime
    until: datetime | None
    credit: Credit


class Reckoning(Struct, frozen=True):
    """What a case counts for."""

    marks: dict[Mark, int]
    suspensions: list[Suspension]


def line_of(row: Any) -> Line:
    """A row of the journal."""
    return Line(
        row["occurred_at"],
        row["received_at"],
        row["author"],
        row["post"],
        row["verb"],
        msgspec.json.decode(row["facts"], type=CaseFact),
    )


def reckon(case: UUID, lines: Sequence[Line]) -> Reckoning:
    """What a case counts for by all of its lines, in order."""
    story = _Story(case)
    for line in lines:
        story.hear(line)
    return Reckoning(
        summed(pair for claim in story.claims() for pair in claim.marks()), story.suspensions
    )


class _Story:
    """A case as its lines tell it, with what it counts for so far."""

    def __init__(self, case: UUID) -> None:
        self.case = case
        self.at: datetime | None = None
        self.stage = ""
        self.ending: str | None = None
        self.suspensions: list[Suspension] = []
        self._fact: CaseFact
        self._line: Line
        self._self_handled_in: str | None = None
        self._reported: Claim | None = None
        self._reported_at: datetime | None = None
        self._reporters: set[UUID] = set()
        self._once: dict[Measure, Claim] = {}
        self._deeds: list[Claim] = []
        self._stages: dict[str, list[Duty]] = {"reported": [], "accepted": [], "filed": []}
        self._clocks: dict[UUID, ClockFact] = {}
        self._closing: Duty | None = None
        self._parts: dict[UUID, PartFact] = {}
        self._handling: dict[UUID, Duty] = {}
        self._handled: dict[UUID, Claim] = {}
        self._tasks: dict[UUID, tuple[TaskFact, Duty]] = {}
        self._requests: dict[UUID, RequestFact] = {}
        self._suspender: str | None = None
        self._ended_at: datetime | None = None
        self._wish: Claim | None = None
        self._rating = Claim(case)

    def claims(self) -> Iterable[Claim]:
        """Everything that counts."""
        yield from self._deeds
        yield from self._once.values()
        for duties in self._stages.values():
            yield from (duty.claim for duty in duties)
        if self._closing:
            yield self._closing.claim
        yield from (duty.claim for duty in self._handling.values())
        yield from self._handled.values()
        yield from (duty.claim for _, duty in self._tasks.values())
        if self._wish:
            yield self._wish
        yield self._rating

    def hear(self, line: Line) -> None:
        """Take one more line."""
        fact = line.fact
        judged = line.received_at if fact.late else line.occurred_at
        self.at = at = judged if self.at is None else max(self.at, judged)
        self._line, self._fact = line, fact
        self._clocks |= {clock.id: clock for clock in fact.clocks}
        if line.verb == "case.reported" and fact.report is not None:
            self._hear_report(line.occurred_at)
        self._hear_requests(at)
        self._hear_suspension(at)
        self._hear_tasks(at)
        self._hear_parts(at)
        self._hear_stage(at)
        self._hear_whole(at)
        self._hear_end(at)
        self._hear_call_back(at)
        self.stage, self.ending = fact.stage, fact.ending

    def _credit(self, org: str | None = None, *, who: bool = False) -> Credit:
        """The area of the time, an org, and when asked who acted; nobody did what a rule did."""
        acted = who and self._line.verb != "case.ruled"
        return Credit(
            self._fact.area_path,
            org,
            self._line.post if acted else None,
            self._line.author if acted else None,
        )

    def _count(self, measure: Measure, thing: UUID, at: datetime, credit: Credit) -> None:
        claim = Claim(thing)
        claim.see(at, credit, {measure: at})
        self._deeds.append(claim)

    def _count_once(self, measure: Measure, thing: UUID, at: datetime, credit: Credit) -> None:
        if measure not in self._once:
            self._once[measure] = claim = Claim(thing)
            claim.see(at, credit, {measure: at})

    def _hear_report(self, at: datetime) -> None:
        fact = self._fact
        assert fact.report is not None
        person = fact.reported_by or self._line.author
        if person is not None:
            self._reporters.add(person)
        if fact.self_handled:
            self._self_handled_in = fact.state
        by = replace(self._credit(fact.by_org), post=self._line.post, person=person)
        if fact.source in FIELD:
            self._count_once(Measure.reported, fact.report, at, by)
            self._reported, self._reported_at = self._once[Measure.reported], at
        elif fact.source in RESIDENTS:
            self._count_once(Measure.public_reported, fact.report, at, self._credit())

    def _hear_requests(self, at: datetime) -> None:
        for request in self._fact.requests:
            before = self._requests.get(request.id)
            self._requests[request.id] = request
            if before is not None and before.state == request.state:
                continue
            match request.kind, request.state:
                case "extension", "granted":
                    self._count(Measure.extended, request.id, at, self._credit(request.org))
                case "suspension", "granted":
                    self._suspender = request.org
                    self._count(Measure.suspended, request.id, at, self._credit(request.org))
                case "return", "refused":
                    self._count(Measure.shirked, request.id, at, self._credit(request.org))

    def _hear_suspension(self, at: datetime) -> None:
        last = self.suspensions[-1] if self.suspensions else None
        running = last is not None and last.until is None
        suspended = self._fact.suspended and self._fact.ending is None
        if suspended and not running:
            credit = self._credit(self._suspender)
            self.suspensions.append(Suspension(self.case, at, None, credit))
        elif running and not suspended:
            assert last is not None
            self.suspensions[-1] = replace(last, until=at)

    def _hear_tasks(self, at: datetime) -> None:
        for task in self._fact.tasks:
            match task.kind:
                case "verify":
                    measures = Measure.verify_due, Measure.verified_on_time
                case "check":
                    measures = Measure.check_due, Measure.checked_on_time
                case _:
                    continue
            known = self._tasks.get(task.id)
            duty = known[1] if known else Duty(task.id, *measures)
            self._tasks[task.id] = task, duty
            holder = replace(self._credit(task.org), person=task.user)
            match task.state:
                case "open":
                    duty.stand(at, task.due_at, holder)
                case "answered" if duty.open:
                    person = self._line.author or task.user
                    duty.answer(at, replace(holder, post=self._line.post, person=person))
                case "void":
                    duty.lapse(at)

    def _hear_parts(self, at: datetime) -> None:
        for part in self._fact.parts:
            if part.kind in WORKING:
                self._hear_part(at, part)
        if self._fact.ending is not None:
            return
        for id_, duty in self._handling.items():
            part = self._parts[id_]
            if part.state == "open":
                duty.stand(at, self._due(id_), self._credit(part.org))

    def _hear_part(self, at: datetime, part: PartFact) -> None:
        before = self._parts.get(part.id)
        self._parts[part.id] = part
        if before is None:
            giver = Credit(self._fact.area_path, part.org, part.by_post, part.by_user)
            if part.kind != "help":
                self._count(Measure.dispatched, part.id, at, giver)
            self._handling[part.id] = Duty(
                part.id,
                Measure.handle_due,
                Measure.handled_on_time,
                late=Measure.handled_late,
                unanswered=Measure.unhandled_late,
            )
            self._handled[part.id] = Claim(part.id)
            self._handling[part.id].stand(at, self._due(part.id), self._credit(part.org))
        was, is_ = before.state if before else "open", part.state
        duty, org = self._handling[part.id], self._credit(part.org)
        if (was, is_) == ("open", "answered"):
            duty.answer(at, org)
            self._handled[part.id].see(at, org, {Measure.handled: at})
        elif (was, is_) == ("open", "returned"):
            duty.revoke(at)
            giver = Credit(self._fact.area_path, part.org, part.by_post, part.by_user)
            self._count(Measure.dispatch_wrong, part.id, at, giver)
        elif was == "open" and is_ == "withdrawn":
            duty.lapse(at)
        elif was == "answered" and is_ in {"open", "returned"}:
            self._handled[part.id].drop(at)
            self._count(Measure.reworked, part.id, at, org)
            if before and part.failed_checks > before.failed_checks:
                self._hear_failed_check(at, part)

    def _hear_failed_check(self, at: datetime, part: PartFact) -> None:
        """The second failed check of an org on this case, by whichever of its assignments."""
        failed = sum(p.failed_checks for p in self._parts.values() if p.org == part.org)
        if failed == 2:
            self._count(Measure.check_failed_twice, part.id, at, self._credit(part.org))

    def _due(self, owner: UUID | None) -> datetime | None:
        """The limit of what runs now for an assignment, or for the state the case stands in."""
        running = [
            clock.due_at
            for clock in self._clocks.values()
            if clock.owner == owner
            and clock.stopped_at is None
            and not clock.paused
            and clock.name != WHOLE
        ]
        return running[-1] if running else None

    def _hear_stage(self, at: datetime) -> None:
        fact = self._fact
        reached = AHEAD.index(fact.stage) if fact.ending in {None, "closed"} else 0
        if reached >= AHEAD.index("accepted"):
            who = self._credit(fact.by_org, who=True)
            self._count_once(Measure.accepted, self.case, at, who)
        if reached >= AHEAD.index("filed") and Measure.filed not in self._once:
            self._count_once(Measure.filed, self.case, at, self._credit(fact.by_org, who=True))
            self._hear_valid(at)
            self._hear_missed(at)
        for stage, answers, measures in (
            ("reported", {"refused"}, (Measure.accept_due, Measure.accepted_on_time)),
            ("accepted", {"not_filed", "cancelled"}, (Measure.file_due, Measure.filed_on_time)),
            ("filed", set(), (Measure.dispatch_due, Measure.dispatched_on_time)),
        ):
            self._hear_duty(at, self._stages[stage], stage, answers, measures)

    def _hear_duty(
        self,
        at: datetime,
        duties: list[Duty],
        stage: str,
        answers: set[str],
        measures: tuple[Measure, Measure],
    ) -> None:
        """The duty to lead a case on from a stage, anew each time it comes back to it."""
        fact = self._fact
        duty = duties[-1] if duties and duties[-1].open else None
        ended = fact.ending is not None and fact.ending != "closed"
        here = fact.stage == stage and not ended
        if stage == "reported" and fact.state == self._self_handled_in:
            return
        if here:
            if duty is None:
                # A case that was split off goes on with the duty it had when it was merged.
                if duties and self.ending is not None:
                    duty = duties[-1]
                else:
                    duty = Duty(self.case, *measures)
                    duties.append(duty)
            duty.stand(at, self._due(None), self._credit())
        elif duty is not None:
            led_on = not ended and AHEAD.index(fact.stage) > AHEAD.index(stage)
            if led_on or fact.ending in answers:
                duty.answer(at, self._credit(fact.by_org, who=True))
            else:
                duty.lapse(at)

    def _hear_valid(self, at: datetime) -> None:
        if self._reported is not None and self._reported_at is not None:
            mark, _ = next(iter(self._reported.marks()))
            claim = self._once.setdefault(Measure.valid_reported, Claim(mark.thing))
            claim.see(at, mark.credit, {Measure.valid_reported: self._reported_at})

    def _hear_missed(self, at: datetime) -> None:
        """A resident saw what the grid's workers had not: each who had not, and the grid once
        when none had.
        """
        workers = set(self._fact.workers)
        if self._fact.source not in RESIDENTS or not workers:
            return
        missed = workers - self._reporters
        if missed == workers:
            self._count(Measure.missed, self.case, at, self._credit())
        for worker in missed:
            credit = Credit(self._fact.area_path, person=worker, in_area=False)
            self._count(Measure.missed, self.case, at, credit)

    def _hear_whole(self, at: datetime) -> None:
        fact = self._fact
        whole = [c for c in self._clocks.values() if c.name == WHOLE and c.owner is None]
        if not whole:
            return
        if self._closing is None:
            self._closing = Duty(
                self.case,
                Measure.close_due,
                Measure.closed_on_time,
                answered=Measure.close_due_closed,
            )
        credit = self._credit(fact.closing_org)
        clock = whole[-1]
        if fact.ending is None:
            running = clock.stopped_at is None and not clock.paused
            self._closing.stand(at, clock.due_at if running else None, credit)
        elif not self._closing.open:
            return
        elif fact.ending == "closed":
            self._closing.answer(at, credit)
        elif fact.ending in {"void", "merged"}:
            self._closing.revoke(at)
        else:
            self._closing.lapse(at)

    def _hear_end(self, at: datetime) -> None:
        fact = self._fact
        if fact.ending is None or self.ending is not None:
            return
        self._ended_at = at
        if fact.ending == "closed":
            self._count(Measure.closed, self.case, at, self._credit(fact.by_org, who=True))
        elif fact.ending == "archived" and self._self_handled_in is not None:
            person = next(iter(self._reporters), None)
            credit = replace(self._credit(), person=person)
            self._count_once(Measure.self_handled, self.case, at, credit)
            self._hear_valid(at)

    def _hear_call_back(self, at: datetime) -> None:
        call_back, ended_at = self._fact.call_back, self._ended_at
        if call_back is None or ended_at is None:
            return
        org = self._credit(self._fact.closing_org)
        if call_back.state == "wanted" and self._wish is None:
            self._wish = Claim(self.case)
            self._wish.see(at, org, {Measure.call_back_due: ended_at})
        if call_back.state != "done":
            return
        caller = replace(org, post=self._line.post, person=self._line.author)
        if self._wish is not None and Measure.called_back not in self._once:
            self._once[Measure.called_back] = claim = Claim(self.case)
            claim.see(at, caller, {Measure.called_back: ended_at})
        if call_back.satisfied is not None:
            counts = {Measure.rated: at} | ({Measure.satisfied: at} if call_back.satisfied else {})
            self._rating.see(at, org, counts)
