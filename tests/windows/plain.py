"""All indicators from the journal alone, by plain slow code: for one period, every case is told
again up to the period's end, and what stands then is counted as shared-schemas/indicators.csv says.

Written from the text of that file; shares no code with the reader.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from backend.catalogue.worktime import WorkingTime

ZONE = timezone(timedelta(hours=8))
STAGES = ["reported", "accepted", "filed", "dispatched", "handled", "checked", "closed"]
RATIOS = {
    "valid_rate": ("valid_reported", "reported"),
    "accept_on_time_rate": ("accepted_on_time", "accept_due"),
    "verify_on_time_rate": ("verified_on_time", "verify_due"),
    "file_on_time_rate": ("filed_on_time", "file_due"),
    "dispatch_on_time_rate": ("dispatched_on_time", "dispatch_due"),
    "handle_rate": ("handled", "handle_due"),
    "handle_on_time_rate": ("handled_on_time", "handle_due"),
    "rework_rate": ("reworked", "handled"),
    "check_on_time_rate": ("checked_on_time", "check_due"),
    "close_rate": ("close_due_closed", "close_due"),
    "close_on_time_rate": ("closed_on_time", "close_due"),
    "call_back_rate": ("called_back", "call_back_due"),
    "satisfaction_rate": ("satisfied", "rated"),
}

Count = tuple[str, str, str | None, str | None, str | None, bool, int]
"""code, area path, org, post, person, whether it counts for the area, n"""


def instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


Whose = tuple[Any, Any, Any, Any]
"""Grid, org, post and person to whom a count goes."""


class Duty:
    """What must be answered by a limit, as far as it is known."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.limit: datetime | None = None
        self.answered: datetime | None = None
        self.whose: Whose = (None, None, None, None)
        self.open = True
        self.counts = True

    def take_away(self, at: datetime) -> None:
        if self.open and (self.limit is None or self.limit >= at):
            self.counts = False
        self.open = False

    def count(self, start: datetime, end: datetime) -> Iterator[str]:
        ends = [at for at in (self.limit, self.answered) if at is not None]
        if not self.counts or not ends or not start <= min(ends) < end:
            return
        yield f"{self.kind}_due"
        done = {
            "accept": "accepted_on_time",
            "verify": "verified_on_time",
            "file": "filed_on_time",
            "dispatch": "dispatched_on_time",
            "handle": "handled_on_time",
            "check": "checked_on_time",
            "close": "closed_on_time",
        }[self.kind]
        if self.answered is not None and (self.limit is None or self.answered <= self.limit):
            yield done
        elif self.kind == "handle":
            yield "handled_late" if self.answered is not None else "unhandled_late"
        if self.kind == "close" and self.answered is not None:
            yield "close_due_closed"


def journal_of(rows: Iterable[Any]) -> dict[Any, list[dict[str, Any]]]:
    """The lines on each case, with the instant each counts at."""
    cases: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["seq"]):
        if row["kind"] != "case" or row["verb"] in {"case.late_evidence", "case.retired"}:
            continue
        facts = json.loads(row["facts"])
        told = cases[row["entity"]]
        at = row["received_at"] if facts.get("late") else row["occurred_at"]
        if told:
            at = max(at, told[-1]["at"])
        told.append({**row, "facts": facts, "at": at})
    return cases


def figures(
    cases: dict[Any, list[dict[str, Any]]], start: datetime, end: datetime, working: WorkingTime
) -> list[Count]:
    """Everything a period counts."""
    found: list[Count] = []
    for case, lines in cases.items():
        found += _case(case, lines, start, end, working)
    return found


def _case(  # noqa: C901 - one story, told plainly
    case: Any, lines: list[dict[str, Any]], start: datetime, end: datetime, working: WorkingTime
) -> list[Count]:
    found: list[Count] = []
    duties: dict[Any, Duty] = {}
    by_stage: dict[str, list[Duty]] = {"reported": [], "accepted": [], "filed": []}
    clocks: dict[str, dict[str, Any]] = {}
    parts: dict[str, dict[str, Any]] = {}
    requests: dict[str, str] = {}
    handled: dict[str, tuple[datetime, Whose]] = {}
    stretches: list[list[Any]] = []
    reporters: set[str] = set()
    first: set[str] = set()
    reported: tuple[datetime, Whose] | None = None
    valid = self_handled_state = suspender = None
    ended: datetime | None = None
    wished: tuple[datetime, Whose] | None = None
    called: Whose | None = None
    rating: tuple[datetime, bool, Whose] | None = None
    ending_before: str | None = None

    def count(code: str, at: datetime, whose: Whose, *, area: bool = True) -> None:
        if start <= at < end:
            found.append((code, *whose, area, 1))

    def once(code: str, at: datetime, whose: Whose) -> bool:
        if code in first:
            return False
        first.add(code)
        count(code, at, whose)
        return True

    for line in lines:
        f, at = line["facts"], line["at"]
        here = f["area_path"]
        said_at = line["occurred_at"] if line["verb"] == "case.reported" else at
        if said_at >= end and at >= end:
            break
        author = str(line["author"]) if line["author"] else None
        post = str(line["post"]) if line["post"] else None
        actor = (None, None) if line["verb"] == "case.ruled" else (post, author)
        org, closer, ending = f.get("by_org"), f.get("closing_org"), f.get("ending")
        if line["verb"] == "case.reported":
            who: Any = f.get("reported_by") or author
            reporters.add(who)
            if f.get("self_handled"):
                self_handled_state = f["state"]
            if f["source"] in ("worker", "supervisor"):
                reported = (line["occurred_at"], (here, org, post, who))
                count("reported", *reported)
            if f["source"] in ("hotline", "public"):
                count("public_reported", line["occurred_at"], (here, None, None, None))
            if at >= end:  # reported before the period's end, and taken for new only later
                break
        for clock in f.get("clocks", []):
            clocks[clock["id"]] = clock

        def limit(owner: str | None) -> datetime | None:
            live = [
                c["due_at"]
                for c in clocks.values()
                if c.get("owner") == owner
                and c["name"] != "whole"
                and not c.get("stopped_at")
                and not c.get("paused")
            ]
            return instant(live[-1]) if live else None

        for request in f.get("requests", []):
            old, new = requests.get(request["id"]), request["state"]
            requests[request["id"]] = new
            code = {
                ("extension", "granted"): "extended",
                ("suspension", "granted"): "suspended",
                ("return", "refused"): "shirked",
            }.get((request["kind"], new))
            if code and old != new:
                count(code, at, (here, request["org"], None, None))
                if code == "suspended":
                    suspender = request["org"]
        on_hold = bool(f.get("suspended")) and ending is None
        if on_hold and not (stretches and stretches[-1][1] is None):
            stretches.append([at, None, (here, suspender, None, None)])
        if not on_hold and stretches and stretches[-1][1] is None:
            stretches[-1][1] = at
        for task in f.get("tasks", []):
            if task["kind"] not in ("verify", "check"):
                continue
            duty = duties.setdefault(task["id"], Duty(task["kind"]))
            duty.limit = instant(task["due_at"])
            if task["state"] == "open":
                duty.whose = (here, task["org"], None, task["user"])
            elif task["state"] == "answered":
                duty.answered, duty.open = at, False
                duty.whose = (here, task["org"], post, author)
            else:
                duty.take_away(at)
        for part in f.get("parts", []):
            if part["kind"] == "copy":
                continue
            id_, old_part = part["id"], parts.get(part["id"])
            parts[id_] = part
            mine = (here, part["org"], None, None)
            if old_part is None:
                if part["kind"] != "help":
                    given = (here, part["org"], part.get("by_post"), part.get("by_user"))
                    count("dispatched", at, given)
                duties[id_] = Duty("handle")
                duties[id_].limit, duties[id_].whose = limit(id_), mine
            duty, was = duties[id_], old_part["state"] if old_part else "open"
            match was, part["state"]:
                case "open", "answered":
                    duty.answered, duty.open, duty.whose = at, False, mine
                    handled[id_] = (at, mine)
                case "open", "withdrawn":
                    duty.take_away(at)
                case "open", "returned":
                    duty.counts = duty.open = False
                    giver = (here, part["org"], part.get("by_post"), part.get("by_user"))
                    count("dispatch_wrong", at, giver)
                case "answered", "open" | "returned":
                    handled.pop(id_, None)
                    count("reworked", at, mine)
                    if part["state"] == "open":
                        duty.answered, duty.open, duty.counts = None, True, True
                    if part.get("failed_checks", 0) > old_part.get("failed_checks", 0):  # type: ignore[union-attr]
                        own = [p for p in parts.values() if p["org"] == part["org"]]
                        if sum(p.get("failed_checks", 0) for p in own) == 2:
                            count("check_failed_twice", at, mine)
        for id_, part in parts.items():
            if part["state"] == "open" and ending is None:
                duties[id_].limit = limit(id_)
                duties[id_].whose = (here, part["org"], None, None)
        reached = STAGES.index(f["stage"]) if ending in (None, "closed") else 0
        if reached >= 1:
            once("accepted", at, (here, org, *actor))
        if reached >= 2 and once("filed", at, (here, org, *actor)):
            valid = True
            on_duty = set(f.get("workers", []))
            if f["source"] in ("hotline", "public") and on_duty:
                if not on_duty & reporters:
                    count("missed", at, (here, None, None, None))
                for worker in on_duty - reporters:
                    count("missed", at, (here, None, None, worker), area=False)
        for stage, kind, answers in (
            ("reported", "accept", ["refused"]),
            ("accepted", "file", ["not_filed", "cancelled"]),
            ("filed", "dispatch", []),
        ):
            if kind == "accept" and f["state"] == self_handled_state:
                continue
            own_duties = by_stage[stage]
            over = ending not in (None, "closed")
            if f["stage"] == stage and not over:
                if not own_duties or not (own_duties[-1].open or ending_before):
                    own_duties.append(Duty(kind))
                stands = own_duties[-1]
                stands.open = stands.counts = True
                stands.answered = None
                stands.limit, stands.whose = limit(None), (here, None, None, None)
            elif own_duties and own_duties[-1].open:
                stands = own_duties[-1]
                if ending in answers or (not over and reached > STAGES.index(stage)):
                    stands.answered, stands.open = at, False
                    stands.whose = (here, org, *actor)
                else:
                    stands.take_away(at)
        whole = [c for c in clocks.values() if c["name"] == "whole" and not c.get("owner")]
        if whole:
            closing = duties.setdefault("close", Duty("close"))
            if ending is None:
                runs = not whole[-1].get("stopped_at") and not whole[-1].get("paused")
                closing.limit = instant(whole[-1]["due_at"]) if runs else None
                closing.open = closing.counts = True
                closing.whose = (here, closer, None, None)
            elif closing.open:
                if ending == "closed":
                    closing.answered, closing.open = at, False
                    closing.whose = (here, closer, None, None)
                elif ending in ("void", "merged"):
                    closing.counts = closing.open = False
                else:
                    closing.take_away(at)
        if ending is not None and ending_before is None:
            ended = at
            if ending == "closed":
                count("closed", at, (here, org, *actor))
            if ending == "archived" and self_handled_state:
                once("self_handled", at, (here, None, None, next(iter(reporters))))
                valid = True
        call = f.get("call_back")
        if call and ended:
            if call["state"] == "wanted":
                wished = wished or (ended, (here, closer, None, None))
            if call["state"] == "done":
                if wished:
                    called = called or (here, closer, post, author)
                if call.get("satisfied") is not None:
                    rating = (at, call["satisfied"], (here, closer, None, None))
        ending_before = ending
    if valid and reported:
        count("valid_reported", *reported)
    for at, mine in handled.values():
        count("handled", at, mine)
    for duty in (*duties.values(), *(d for each in by_stage.values() for d in each)):
        found += [(code, *duty.whose, True, 1) for code in duty.count(start, end)]
    if wished:
        count("call_back_due", *wished)
        if called:
            count("called_back", wished[0], called)
    if rating:
        count("rated", rating[0], rating[2])
        if rating[1]:
            count("satisfied", rating[0], rating[2])
    for since, until, whose in stretches:
        span = working.between(max(since, start), min(until or end, end))
        if minutes := round(span / timedelta(minutes=1)):
            found.append(("suspended_time", *whose, True, minutes))
    return found


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE)


def summed(counts: Iterable[Count], subject: str, place: str, key: str) -> dict[str, int]:
    """What a subject's counts sum to, within a place; ratios' parts are sums too."""
    sums: dict[str, int] = defaultdict(int)
    for code, path, org, post, person, in_area, n in counts:
        if path != place and not path.startswith(place + "/"):
            continue
        whose = {"org": org, "post": post, "person": person}
        if in_area if subject == "area" else whose[subject] == key:
            sums[code] += n
    return sums


def value(code: str, sums: dict[str, int]) -> float | None:
    """An indicator's value."""
    if code == "dispatch_accuracy":
        dispatched = sums["dispatched"]
        return (dispatched - sums["dispatch_wrong"]) / dispatched if dispatched else None
    if code in RATIOS:
        over, under = RATIOS[code]
        return sums[over] / sums[under] if sums[under] else None
    return sums[code]
