"""A plain model of the engine: what a clerk with a flow's printed file and a notebook would keep.

It reads the file's own words, keeps dicts and lists, and knows nothing of the engine's code.
"""

import copy
import re
from functools import cache
from types import CodeType
from typing import Any

Plain = dict[str, Any]
WORKING = ("main", "assist", "help")


class Refused(Exception):
    """The clerk would say no."""


@cache
def _python(words: str) -> CodeType:
    python = re.sub(r"\$\{(\w+)\}", r"c['\1']", words)
    return compile(re.sub(r"(?<![<>!])=", "==", python), words, "eval")


class Model:
    """One case. `parts` has the assignments in the order in which they were given."""

    def __init__(self, flow: Plain, parents: Plain, workers: list[Any], raiser: Plain) -> None:
        self.flow, self.parents, self.workers, self.raiser = flow, parents, workers, raiser
        self.wish = False
        self.state = ""
        self.parts: list[Plain] = []
        self.requests: list[Plain] = []
        self.directives: list[Plain] = []
        self.tasks: list[Plain] = []
        self.closer = raiser["org"] if flow.get("closer") == "raiser" else "centre"
        self.former: list[str] = []
        self.failed = 0
        self.filed = self.urgent = self.suspended = False
        self.severity = 0
        self.supervision = self.call_back = ""

    def fork(self) -> "Model":
        """The same case, to go its own way."""
        other = copy.copy(self)
        shared = {name: value for name, value in vars(self).items() if isinstance(value, list)}
        vars(other).update(copy.deepcopy(shared))  # together: requests point at parts
        return other

    def begin(self, *, self_handled: bool, wish: bool) -> None:
        """wish: a resident who reported it wants to be called back."""
        self.wish = wish
        self._enter(self.flow["initial_self_handled" if self_handled else "initial"])

    # What stands written

    @property
    def declared(self) -> Plain:
        found: Plain = next(s for s in self.flow["states"] if s["code"] == self.state)
        return found

    @property
    def ended(self) -> bool:
        return bool(self.declared.get("ending"))

    def working(self) -> list[Plain]:
        return [p for p in self.parts if p["state"] == "open" and p["kind"] in WORKING]

    def names(self, act: Plain | None = None) -> Plain:
        depth, org = 0, self.closer
        while self.parents[org]:
            depth, org = depth + 1, self.parents[org]
        return {
            "open_parts": len(self.working()),
            "level": depth,
            "state": self.state,
            "suspended": self.suspended,
            "supervision": self.supervision,
            "failed_checks": self.failed,
            "call_back": self.call_back,
            "check": "task",
            "auto_dispatch": False,
            "verdict": (act or {}).get("verdict") or "",
        }

    def holds(self, words: str, act: Plain | None = None) -> bool:
        """A condition, read as if it were Python."""
        return not words or bool(eval(_python(words), {}, {"c": self.names(act)}))

    # Who may

    def is_party(self, who: Plain, party: str) -> bool:  # noqa: C901 - the file's own words
        org = who["org"]
        opened = [p for p in self.parts if p["state"] == "open"]
        match party:
            case "main":
                return any(p["org"] == org and p["kind"] == "main" for p in opened)
            case "assignee":
                return any(p["org"] == org for p in self.working())
            case "copied":
                return any(p["org"] == org and p["kind"] == "copy" for p in opened)
            case "assigner":
                return any(p["by"] == org for p in opened)
            case "closer":
                return bool(org == self.closer)
            case "raiser":
                return bool(who["user"] == self.raiser["user"])
            case "asker":
                return any(r["state"] == "open" and r["org"] == org for r in self.requests)
            case "answerer":
                return any(self.answers(who, r) for r in self.requests)
            case "directed":
                waiting = any(
                    d["due"] and not d["answered"] and d["ended"] == self.ended
                    for d in self.directives
                )
                at_work = {p["org"] for p in self.working()} or {self.closer}
                return waiting and org in at_work
            case "involved":
                known = {self.closer, *self.former, *(r["org"] for r in self.requests)}
                known |= {p["org"] for p in self.parts} | {p["by"] for p in self.parts}
                return org in known
        raise AssertionError(party)

    def level(self, request: Plain) -> Plain:
        rule = next(r for r in self.flow["requests"] if r["kind"] == request["kind"])
        found: Plain = rule["levels"][request["level"]]
        return found

    def answers(self, who: Plain, request: Plain) -> bool:
        if request["state"] != "open" or self.level(request)["permission"] not in who["may"]:
            return False
        if request["user"] == who["user"]:
            return False
        return request["at"] in (None, who["org"])

    def offers(self, who: Plain, action: Plain) -> bool:
        if self.state not in action["states"] or (self.ended and not action.get("after_end")):
            return False
        if action.get("task"):
            mine = [t for t in self.tasks if t["user"] == who["user"]]
            return any(t["kind"] == action["task"] for t in mine) and self.holds(
                action.get("when", "")
            )
        if action.get("permission") and action["permission"] not in who["may"]:
            return False
        party = action.get("party", [])
        if party and not any(self.is_party(who, p) for p in party):
            return False
        return self.holds(action.get("when", ""))

    # What is asked for

    def _demand(self, who: Plain, action: Plain, act: Plain) -> None:  # noqa: C901 - as above
        for asked in action.get("inputs", []):
            name = asked["name"]
            given = act.get(name)
            if name == "media":
                wanted = asked.get("media_role")
                fitting = [m for m in given or [] if wanted in (None, m)]
                self._must(len(fitting) >= asked.get("minimum", 0))
                continue
            if given in (None, "", []):
                self._must(not asked.get("required"))
                continue
            if asked.get("choices"):
                choice = next((c for c in asked["choices"] if c["code"] == given), None)
                self._must(choice is not None)
                assert choice is not None
                self._must(not choice.get("reasons") or act.get("reason") in choice["reasons"])
            for org in {
                "org": [given],
                "closing_org": [given],
                "targets": [t[0] for t in given] if name == "targets" else [],
            }.get(name, []):
                self._must(org in self.parents)
                near = asked.get("within")
                self._must(not near or any(self.near(who["org"], org, how) for how in near))
            if name == "targets":
                self._must(len({t[0] for t in given}) == len(given))
            if name == "worker":
                self._must(given in self.workers)
            if name == "standard":
                self._must(given in (1, 2))
        for item in action.get("items", []):
            if item.get("visible"):
                continue
            options = [o["code"] for o in item["choices"]]
            self._must(act.get("answers", {}).get(item["name"]) in options)

    def near(self, mine: str, other: str, how: str) -> bool:
        match how:
            case "parent":
                return bool(self.parents[mine] == other)
            case "children":
                return bool(self.parents[other] == mine)
            case "siblings":
                above = self.parents[mine]
                return bool(above and other != mine and self.parents[other] == above)
            case "descendants":
                at = self.parents[other]
                while at and at != mine:
                    at = self.parents[at]
                return bool(at == mine)
        raise AssertionError(how)

    @staticmethod
    def _must(condition: bool) -> None:
        if not condition:
            raise Refused

    # What happens

    def act(self, who: Plain, action: Plain, act: Plain) -> None:
        """Raises Refused; the model is then to be thrown away."""
        self._must(self.offers(who, action))
        asked = {i["name"] for i in action.get("inputs", [])} | {"opinion", "media", "answers"}
        verdicts = [i for i in action.get("inputs", []) if i["name"] == "verdict"]
        if any(c.get("reasons") for v in verdicts for c in v.get("choices", [])):
            asked.add("reason")
        act = {name: value for name, value in act.items() if name in asked}
        self._demand(who, action, act)
        if action.get("task"):
            mine = next(t for t in self.tasks if t["kind"] == action["task"])
            self.tasks.remove(mine)
        verdict = act.get("verdict") or ""
        for effect in [
            *action.get("effects", []),
            *action.get("effects_by_verdict", {}).get(verdict, []),
        ]:
            self._effect(effect, who, action, act)
        for branch in action.get("branches", []):
            if self.holds(branch.get("when", ""), act):
                for effect in branch.get("effects", []):
                    self._effect(effect, who, action, act)
                to = branch.get("to")
                break
        else:
            to = action.get("to_by_verdict", {}).get(verdict, action.get("to"))
        if to and to != self.state:
            self._enter(to)
        self._tidy()

    def _tidy(self) -> None:
        """A request about a part that has ended falls away, but for one to void the case."""
        for request in self.requests:
            part = request["part"]
            if request["state"] == "open" and (
                self.ended or (part and part["state"] != "open" and request["kind"] != "void")
            ):
                request["state"] = "withdrawn"

    def _enter(self, code: str) -> None:
        self.state = code
        if self.ended:
            for part in self.parts:
                if part["state"] == "open":
                    part["state"] = "withdrawn"
            self.tasks.clear()
            self.suspended = False
            self.call_back = "wanted" if self.wish else "unwanted"
            self._tidy()
            return
        entry = self.declared.get("entry")
        if entry and self.holds(self.declared.get("entry_when", "")):
            assert entry == "open_check_task", "this city's category is dispatched by hand"
            worker = self._checker()
            if worker is not None:
                self.tasks.append({"kind": "check", "user": worker})
                self._enter(self.declared["entry_to"])

    def _checker(self) -> Any:
        """The only one, else the reporter if among them: nobody has other tasks here."""
        if len(self.workers) == 1:
            return self.workers[0]
        return self.raiser["user"] if self.raiser["user"] in self.workers else None

    def _effect(self, effect: str, who: Plain, action: Plain, act: Plain) -> None:
        getattr(self, f"_{effect}")(who, action, act)

    def _choose_standard(self, _: Plain, __: Plain, ___: Plain) -> None:
        self.filed = True

    def _correct(self, _: Plain, __: Plain, ___: Plain) -> None:
        pass

    def _amend_report(self, _: Plain, __: Plain, ___: Plain) -> None:
        pass

    def _assign(self, who: Plain, action: Plain, act: Plain) -> None:
        self._give(who, act.get("targets") or [(act.get("org") or "cz", "main")])
        asked = any(each["name"] == "closing_org" for each in action["inputs"])
        if asked and act.get("closing_org") is not None:
            self._must(who["org"] == self.closer)
            self._hand_down(who, action, act)

    def _give(self, who: Plain, targets: list[tuple[str, str]]) -> None:
        for org, kind in targets:
            self._must(
                not any(
                    (p["org"], p["kind"], p["state"]) == (org, kind, "open") for p in self.parts
                )
            )
            self.parts.append(
                {
                    "org": org,
                    "kind": kind,
                    "state": "open",
                    "by": who["org"],
                    "holder": None,
                    "failed": 0,
                }
            )

    def _withdraw_assignment(self, who: Plain, _: Plain, act: Plain) -> None:
        place = act["assignment"]
        self._must(place < len(self.parts))
        part = self.parts[place]
        self._must(part["state"] == "open" and part["by"] == who["org"])
        part["state"] = "withdrawn"

    def _sign_assignment(self, who: Plain, _: Plain, __: Plain) -> None:
        free = [
            p
            for p in self.parts
            if p["state"] == "open" and p["org"] == who["org"] and not p["holder"]
        ]
        self._must(bool(free))
        for part in free:
            part["holder"] = who["user"]

    def _answer_assignment(self, who: Plain, _: Plain, __: Plain) -> None:
        for part in self.working():
            if part["org"] == who["org"]:
                part["state"] = "answered"

    def _reopen_assignments(self, *_: Plain) -> None:
        self._fail("open")

    def _return_assignment(self, *_: Plain) -> None:
        self._fail("returned")

    def _fail(self, state: str) -> None:
        done = [p for p in self.parts if p["state"] == "answered" and p["kind"] in WORKING]
        for place, part in enumerate(done):
            later = [(p["org"], p["kind"]) for p in done[place + 1 :]]
            if state == "returned" or (part["org"], part["kind"]) not in later:
                part["state"] = state
                part["failed"] += 1
        self.failed += 1

    def _settle_assignments(self, *_: Plain) -> None:
        for part in self.parts:
            if part["state"] == "open":
                part["state"] = "withdrawn"

    def _report_up(self, _: Plain, __: Plain, act: Plain) -> None:
        above = self.parents[self.closer]
        self._must(bool(above) and act.get("closing_org") in (None, above))
        self._move(above)

    def _hand_down(self, _: Plain, __: Plain, act: Plain) -> None:
        below = act.get("closing_org")
        self._must(below is not None and self.parents[below] == self.closer)
        assert below is not None
        self._move(below)

    def _move(self, org: str) -> None:
        if self.closer not in self.former:
            self.former.append(self.closer)
        self.former = [f for f in self.former if f != org]
        self.closer = org

    def _ask(self, who: Plain, action: Plain, act: Plain) -> None:
        kind = action["request"]
        mine = [p for p in self.working() if p["org"] == who["org"]]
        part = min(mine, key=lambda p: WORKING.index(p["kind"]), default=None)
        self._must(part is not None or kind != "return")
        self._must(
            not any(
                r["state"] == "open" and r["kind"] == kind and r["part"] is part
                for r in self.requests
            )
        )
        self._must(bool(act.get("reason")))
        request = {
            "kind": kind,
            "state": "open",
            "org": who["org"],
            "user": who["user"],
            "part": part,
            "level": 0,
            "at": None,
            "days": act.get("limit"),
            "targets": [(org, "help") for org, _ in act.get("targets") or []],
        }
        self.requests.append(request)
        self._stand(request, 0, who)

    def _stand(self, request: Plain, first: int, who: Plain) -> None:
        rule = next(r for r in self.flow["requests"] if r["kind"] == request["kind"])
        for place, level in list(enumerate(rule["levels"]))[first:]:
            if level.get("of", "county") == "county":
                request["level"], request["at"] = place, None
                return
            giver = request["part"]["by"] if request["part"] else None
            if giver and giver != request["org"]:
                request["level"], request["at"] = place, giver
                return
        self._must(first == 0)  # nobody is left to pass it up to
        self._grant(request, who)

    def _answer_request(self, who: Plain, _: Plain, act: Plain) -> None:
        self._must(act["request"] < len(self.requests))
        request = self.requests[act["request"]]
        self._must(self.answers(who, request))
        level = self.level(request)
        match act["verdict"]:
            case "refused":
                request["state"] = "refused"
            case "passed_up":
                self._stand(request, request["level"] + 1, who)
            case _:
                most = level.get("up_to")
                self._must(not most or request["days"] <= most["value"])
                self._grant(request, who)

    def _grant(self, request: Plain, who: Plain) -> None:
        request["state"] = "granted"
        match request["kind"]:
            case "return":
                request["part"]["state"] = "returned"
            case "suspension":
                self.suspended = True
            case "void":
                self._enter("void")
            case "help":
                self._give(who, request["targets"])

    def _withdraw_request(self, who: Plain, _: Plain, act: Plain) -> None:
        self._must(act["request"] < len(self.requests))
        request = self.requests[act["request"]]
        self._must(request["state"] == "open" and request["org"] == who["org"])
        request["state"] = "withdrawn"

    def _resume(self, *_: Plain) -> None:
        self._must(self.suspended)
        self.suspended = False

    def _direct(self, _: Plain, action: Plain, act: Plain) -> None:
        due = bool(act.get("until") or act.get("limit"))
        self.directives.append({"due": due, "answered": False, "ended": self.ended})
        if action["directive"] == "supervise":
            self.supervision = "supervised"

    def _answer_directive(self, _: Plain, __: Plain, act: Plain) -> None:
        self._must(act["directive"] < len(self.directives))
        directive = self.directives[act["directive"]]
        self._must(directive["due"] and not directive["answered"])
        directive["answered"] = True

    def _circulate(self, *_: Plain) -> None:
        self.supervision = "circulated"

    def _release(self, *_: Plain) -> None:
        self.supervision = ""

    def _open_verify_task(self, _: Plain, __: Plain, act: Plain) -> None:
        only = self.workers[0] if len(self.workers) == 1 else None
        self._open("verify", act.get("worker") or only)

    def _open_check_task(self, _: Plain, __: Plain, act: Plain) -> None:
        self._open("check", act.get("worker") or self._checker())

    def _open_recollect_task(self, *_: Plain) -> None:
        self._open("recollect", self.raiser["user"])

    def _open(self, kind: str, user: Any) -> None:
        self._must(user is not None)
        self.tasks.append({"kind": kind, "user": user})

    def _void_tasks(self, *_: Plain) -> None:
        self.tasks.clear()

    def _set_urgent(self, _: Plain, __: Plain, act: Plain) -> None:
        self.urgent = act["verdict"] == "on"

    def _set_severity(self, _: Plain, __: Plain, act: Plain) -> None:
        order = {"general": 0, "serious": 1, "major": 2, "extreme": 3}
        self.severity = order[act["verdict"]]

    def _set_labels(self, *_: Plain) -> None:
        pass

    def _set_owners(self, *_: Plain) -> None:
        pass

    def _call_back(self, _: Plain, __: Plain, act: Plain) -> None:
        self.call_back = "wanted" if act["verdict"] == "unreached" else "done"
