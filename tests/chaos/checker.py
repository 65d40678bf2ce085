"""The independent checker: reads tables by plain SQL, files, and the devices' diaries; it shares no
code with the service.

lost: said to be written or acknowledged, but without effect, and nobody knows why.
doubled: two effects of one cause. unexplained: any other way in which the sides differ.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
from cryptography.hazmat.primitives.hashes import SM3, Hash
from msgspec import Struct, field

Json = dict[str, Any]
Diaries = dict[str, list[Json]]
DONE = {"accepted", "repeated"}
REGISTRY = ("rooms", "people.masked", "people.full")
SEALED = (
    *("seq", "xid", "occurred_at", "received_at", "author", "post", "area", "device", "session"),
    *("ip", "command", "kind", "entity", "version", "verb", "facts", "facts_version"),
)
"""Columns of the journal that the audit digests, in its order."""


class Findings(Struct):
    """What is wrong, each in one line."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    operations: int = 0

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.unexplained)


class Checker:
    """Compares what devices say with what the database and the object store hold."""

    def __init__(
        self, conn: "asyncpg.Connection[asyncpg.Record]", objects: Path, diaries: Diaries
    ) -> None:
        self._conn = conn
        self._objects = objects
        self._diaries = diaries
        self.found = Findings()
        self._receipts: dict[str, Any] = {}
        self._kept: dict[str, list[Any]] = {}
        self._epochs: list[str] = []

    async def check(self) -> Findings:
        receipts = await self._conn.fetch("select * from receipt")
        self._receipts = {str(row["command"]): row for row in receipts}
        kept: dict[str, list[Any]] = defaultdict(list)
        for row in await self._conn.fetch(
            "select id, digest, outcome, accepted_in from kept_command"
        ):
            kept[str(row["id"])].append(row)
        self._kept = kept
        epochs = await self._conn.fetch("select number, salt from epoch order by number")
        self._epochs = [f"{row['number']}-{row['salt']}" for row in epochs]
        self._commands()
        await self._effects()
        await self._journal()
        await self._numbers()
        await self._people()
        await self._photos()
        await self._members()
        await self._replicas()
        await self._chain()
        return self.found

    # What devices wrote and heard

    def _commands(self) -> None:
        wrote: dict[str, Json] = {}
        heard: dict[str, list[Json]] = defaultdict(list)
        queue: dict[str, Json] = {}
        said: set[str] = set()
        for lines in self._diaries.values():
            for line in lines:
                if line["event"] == "wrote":
                    wrote[line["command"]] = line
                elif line["event"] == "heard":
                    heard[line["command"]].append(line)
                elif line["event"] == "holds":
                    queue |= line["queue"]
                elif line["event"] == "said":
                    said.add(line["command"])
                elif line["event"] in {"unverified", "checksum_differs"}:
                    self._odd(f"a device says {line}")
        self.found.operations = len(wrote)
        self.found.lost += [f"{each} was recorded and never on disk" for each in said - set(wrote)]
        for command, line in wrote.items():
            self._answers(command, line, heard[command])
            self._end(command, line, queue.get(command), heard[command])

    def _answers(self, command: str, line: Json, heard: list[Json]) -> None:
        """Every answer to a command agrees with the first, in one epoch."""
        told: dict[str, tuple[bool, Any]] = {}
        for answer in heard:
            outcome, receipt = answer["outcome"], answer["receipt"]
            if outcome == "clash" and not line.get("rogue"):
                self._odd(f"{command} clashed, though its author wrote it once")
            if receipt is None:
                continue
            if outcome in DONE and receipt["digest"] != line["digest"]:
                self._odd(f"the receipt of {command} is for other bytes")
            said = (outcome in DONE, receipt)
            before = told.setdefault(receipt["epoch"], said)
            if before != said:
                self._odd(f"{command} was answered {before} and then {said}")
            self._receipt_stands(command, outcome in DONE, receipt)

    def _receipt_stands(self, command: str, accepted: bool, receipt: Json) -> None:
        """A receipt given in this life of the database is in it; one of a life before may have
        been undone, and then the command came again.
        """
        row = self._receipts.get(command)
        if row is None:
            if accepted and not self._undone(command, receipt):
                self.found.lost.append(f"{command} has a receipt that the service has not")
            elif receipt["epoch"] == self._epochs[-1]:
                self._odd(f"{command} was rejected, and the service does not know")
            return
        same = (row["outcome"] == "accepted") == accepted and row["epoch"] == receipt["epoch"]
        later = row["epoch"] != receipt["epoch"] and self._is_later(row["epoch"], receipt["epoch"])
        if not same and not later:
            self._odd(f"{command} was answered {receipt}, and the service has {dict(row)}")

    def _undone(self, command: str, receipt: Json) -> bool:
        """A restore has undone it, it came again, and it is kept until it can be done or somebody
        decides.
        """
        kept = self._kept.get(command, [])
        return receipt["epoch"] != self._epochs[-1] and any(
            each["outcome"] == "held" and each["accepted_in"] == receipt["epoch"] for each in kept
        )

    def _is_later(self, one: str, other: str) -> bool:
        number = {name: place for place, name in enumerate(self._epochs)}
        return number.get(one, -1) > number.get(other, -1)

    def _end(self, command: str, line: Json, last: Json | None, heard: list[Json]) -> None:
        """Where a command stands in the end, on the device and at the service."""
        row, kept = self._receipts.get(command), self._kept.get(command, [])
        if last is None:
            self.found.lost.append(f"{command} is not on the device that wrote it")
            return
        if row is not None and row["digest"].hex() != line["digest"]:
            self._odd(f"the service has other bytes under {command}")
        accepted = row is not None and row["outcome"] == "accepted"
        state, reasons = last["state"], _reasons(last, heard)
        if state == "accepted" and not accepted:
            self.found.lost.append(f"{command}: accepted, says its device; {row}")
        elif state == "held":
            self._held(command, line, reasons)
        elif state in {"rejected", "refused"}:
            if not reasons or accepted:
                self._odd(f"{command} was rejected, says its device, for {reasons}; {row}")
            elif row is not None and not kept:
                self.found.lost.append(f"{command} was rejected and its body is kept nowhere")
        elif state == "clash" and not line.get("rogue"):
            self._odd(f"{command} clashes in the end")
        elif state == "queued":
            self.found.lost.append(f"{command} is unsent in the end, and nothing says why")

    def _held(self, command: str, line: Json, reasons: list[str]) -> None:
        """It waits, as it must, for one that was refused or waits itself."""
        if command in self._receipts:
            self._odd(f"{command} was answered, and its device has not heard of it")
        elif not any(each["outcome"] == "held" for each in self._kept.get(command, [])):
            self.found.lost.append(f"{command} is held, says its device; nobody keeps it")
        elif reasons == ["undone"]:
            if not any(each["accepted_in"] for each in self._kept[command]):
                self._odd(f"{command} is held as undone, and was never done")
        elif reasons != ["waiting"] or all(
            self._settled(each, line["author"]) for each in line["after"]
        ):
            self._odd(f"{command} is held for {reasons}, after {line['after']}")

    def _settled(self, command: str, author: str) -> bool:
        """Accepted; or its correction is, and it is known to be its author's, or is `author`'s."""
        row = self._receipts.get(command)
        if row is not None and row["outcome"] == "accepted":
            return True
        return any(
            str(other["corrects"]) == command
            and other["outcome"] == "accepted"
            and (row is not None or str(other["author"]) == author)
            for other in self._receipts.values()
        )

    def _odd(self, what: str) -> None:
        self.found.unexplained.append(what)

    # Effects

    async def _effects(self) -> None:
        """One line of the journal for the aggregate of each accepted command."""
        rows = await self._conn.fetch(
            "select command, kind, entity, count(*) as n from journal where command is not null "
            "and entity is not null group by 1, 2, 3"
        )
        effects: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
        for row in rows:
            effects[str(row["command"])][row["kind"], str(row["entity"])] = row["n"]
        for command in {line["command"] for line in self._lines("wrote")}:
            receipt = self._receipts.get(command)
            of = effects.get(command, {})
            if receipt is not None and receipt["outcome"] == "accepted":
                if not any(entity == str(receipt["entity"]) for _, entity in of):
                    self.found.lost.append(f"{command} was accepted and changed nothing")
            elif of and (receipt is None or receipt["entity"] is None):
                self._odd(f"{command} was not accepted and changed {of}")
            for (kind, entity), n in of.items():
                if n > 1:
                    self.found.doubled.append(f"{command} was applied {n} times to {kind}/{entity}")

    async def _journal(self) -> None:
        """Versions of an entity are 1 to n, each once."""
        rows = await self._conn.fetch(
            "select kind, entity, array_agg(version order by version) as versions from journal "
            "where kind in ('case', 'task', 'person', 'room') group by 1, 2"
        )
        for row in rows:
            versions = row["versions"]
            if versions != list(range(1, len(versions) + 1)):
                self.found.doubled.append(f"{row['kind']}/{row['entity']} has versions {versions}")

    async def _numbers(self) -> None:
        rows = await self._conn.fetch("select id, number, document from case_file")
        numbers = Counter(row["number"] for row in rows)
        self.found.doubled += [f"number {n} was given twice" for n, c in numbers.items() if c > 1]
        reports = Counter(
            report["id"]
            for row in rows
            for report in json.loads(row["document"])["reports"]
            if json.loads(row["document"]).get("merged_into") is None
        )
        self.found.doubled += [f"report {r} made {c} cases" for r, c in reports.items() if c > 1]

    async def _people(self) -> None:
        """Every change of a person that was accepted is kept, and each device that holds the person
        shows in that field what somebody said, and the same as every other device.
        """
        kept = await self._conn.fetch("select id::text, entity::text from registry_write")
        entities = {row["id"]: row["entity"] for row in kept}
        said: dict[tuple[str, str], set[Any]] = defaultdict(set)
        for line in self._lines("wrote"):
            receipt = self._receipts.get(line["command"])
            if line["type"] != "person.edit" or not receipt or receipt["outcome"] != "accepted":
                continue
            if entities.get(line["command"]) != line["entity"]:
                self.found.lost.append(
                    f"{line['command']} is not among what was said of its person"
                )
            for name, value in line["fields"].items():
                said[f"person/{line['entity']}", name].add(value)
        shown: dict[str, list[Any]] = {}
        for line in self._last_words():
            for key, held in line["documents"].items():
                if key.startswith("person/") and shown.setdefault(key, held) != held:
                    self._odd(f"two devices show {key} as {shown[key]} and as {held}")
        for (key, name), values in said.items():
            if key in shown and shown[key][1][name] not in values:
                self.found.lost.append(f"nobody sees what was said of {key}: {name} is {values}")

    # Photos

    async def _photos(self) -> None:
        """What was acknowledged is stored with its very bytes; what is due was sent."""
        rows = await self._conn.fetch("select id, sha256, state from media")
        stored = {str(row["id"]): row["sha256"] for row in rows if row["state"] == "stored"}
        said = {line["media"]: line["sha256"] for line in self._lines("arrived")}
        queue: dict[str, Json] = {}
        held: dict[str, Json] = {}
        for line in self._lines("holds"):
            queue |= line["queue"]
            held |= line["media"]
        for id_, digest in said.items():
            # A restore may undo what came with a command that was then refused: nobody needs it,
            # and the device sends it again with a correction.
            state = queue.get(held.get(id_, {}).get("command", ""), {}).get("state")
            undone = len(self._epochs) > 1 and state in {"rejected", "refused"}
            if not undone and (stored.get(id_) != digest or not self._on_disk(digest)):
                self.found.lost.append(f"photo {id_} was acknowledged and is not there")
        for line in self._lines("wrote"):
            for id_ in line["media"]:
                self._photo(id_, held.get(id_), queue, id_ in said)

    def _photo(self, id_: str, last: Json | None, queue: dict[str, Json], said: bool) -> None:
        if last is None:
            self.found.lost.append(f"photo {id_} is not on the device that took it")
            return
        due = queue.get(last["command"], {}).get("state") in {"accepted", "held"}
        if due and not last["sent"] and not last["refused"]:
            self.found.lost.append(f"photo {id_} was never sent, and nothing says why")
        elif last["sent"] and not said:
            self._odd(f"photo {id_} is sent, says its device, and nobody told it so")

    def _lines(self, event: str) -> Iterator[Json]:
        for lines in self._diaries.values():
            yield from (line for line in lines if line["event"] == event)

    def _on_disk(self, digest: str) -> bool:
        """Whether some object holds these very bytes."""
        paths = [path for path in self._objects.rglob(f"*{digest}*") if path.is_file()]
        return any(sha256(path.read_bytes()).hexdigest() == digest for path in paths)

    # Replicas

    async def _members(self) -> None:
        """Bucket rows name the version that the document has, and cases are where they belong."""
        rows = await self._conn.fetch(
            "select m.bucket, m.entity, m.version, c.version as has, c.ending, c.grid "
            "from bucket_member m join case_file c on c.id = m.entity "
            "where m.kind = 'case' and not m.removed"
        )
        for row in rows:
            if row["version"] != row["has"]:
                self._odd(
                    f"{row['bucket']} has {row['entity']} at {row['version']}, not {row['has']}"
                )
            if row["bucket"].startswith("grid:") and row["ending"] is not None:
                self._odd(f"{row['bucket']} still has {row['entity']}, which ended")
        missing = await self._conn.fetch(
            "select c.id from case_file c where c.ending is null and not exists (select from "
            "bucket_member m where m.entity = c.id and not m.removed "
            "and m.bucket = 'grid:' || c.grid || '/cases')"
        )
        self.found.unexplained += [f"open case {row['id']} is in no grid" for row in missing]

    async def _replicas(self) -> None:
        documents = {
            f"case/{row['id']}": json.loads(row["document"])
            for row in await self._conn.fetch("select id, document from case_file")
        }
        for line in self._last_words():
            if line["user"] is not None:
                await self._replica(line["device"], line, documents)

    def _last_words(self) -> Iterator[Json]:
        """What each device held in the end, with its name."""
        for name, lines in self._diaries.items():
            last = [line for line in lines if line["event"] == "holds"]
            yield from (line | {"device": name} for line in last[-1:])

    async def _replica(self, name: str, holds: Json, documents: Json) -> None:
        if holds["epoch"] != self._epochs[-1]:
            self._odd(f"{name} lives in epoch {holds['epoch']}, the service in {self._epochs[-1]}")
        allowed = await self._allowed(holds["user"])
        # Rooms and people of a grid go with its cases; what of them is for the city to say.
        grids = {each.partition("/")[0] for each in allowed if each.startswith("grid:")}
        registry = {f"{grid}/{what}" for grid in grids for what in REGISTRY}
        if set(holds["buckets"]) - registry != allowed:
            self._odd(f"{name} holds {sorted(set(holds['buckets']) ^ allowed)} or should")
        theirs = await self._standing(holds["buckets"])
        for bucket, mine in (holds["members"] or {}).items():  # our own client does not tell
            if mine != theirs.get(bucket, {}):
                self._odd(
                    f"{name} has another {bucket}: {_difference(mine, theirs.get(bucket, {}))}"
                )
        named = {key: version for of in theirs.values() for key, version in of.items()}
        has = {key: version for key, (version, _) in holds["documents"].items()}
        if has != named:
            self._odd(f"{name} has other documents: {_difference(has, named)}")
        for key, (_, document) in holds["documents"].items():
            if key in documents and document is not None and document != documents[key]:
                self._odd(f"{name} has another {key}")

    async def _standing(self, buckets: list[str]) -> dict[str, dict[str, int]]:
        rows = await self._conn.fetch(
            "select bucket, kind, entity, version from bucket_member "
            "where bucket = any($1) and not removed",
            buckets,
        )
        held: dict[str, dict[str, int]] = {bucket: {} for bucket in buckets}
        for row in rows:
            held[row["bucket"]][f"{row['kind']}/{row['entity']}"] = row["version"]
        return held

    async def _allowed(self, user: str) -> set[str]:
        """By the tables, what a user's device may hold in the post they act in."""
        rows = await self._conn.fetch(
            "select p.county, p.org, r.permissions, p.areas from app_user u "
            'join appointment h on h."user" = u.code and h.valid_from <= current_date '
            "and (h.valid_to is null or h.valid_to >= current_date) "
            "join post p on p.code = h.post join role r on r.code = p.role "
            "where u.id = $1::text::uuid order by p.code <> u.code, p.code limit 1",
            user,
        )
        allowed = {f"user:{user}"}
        for row in rows:
            allowed.add(f"reference:{row['county']}")
            can = set(row["permissions"])
            if can & {"case.report", "task.answer"}:
                grids = await self._conn.fetch(
                    "select code from area where code = any($1) and kind <> 'administrative'",
                    row["areas"],
                )
                allowed |= {f"grid:{grid['code']}/cases" for grid in grids}
            if "case.handle" in can:
                allowed.add(f"org:{row['org']}/cases")
        return allowed

    # The seal

    async def _chain(self) -> None:
        """The audit's blocks are chained and cover lines that are still as they were."""
        before = bytes(32)
        journal = {
            row["seq"]: row
            for row in await self._conn.fetch(
                "select *, extract(epoch from occurred_at) * 1000000 as occurred_us, "
                "extract(epoch from received_at) * 1000000 as received_us from journal"
            )
        }
        for number, block in enumerate(
            await self._conn.fetch("select * from audit_block order by number"), start=1
        ):
            digests = b""
            for seq in block["rows"]:
                row = journal.get(seq)
                if row is None:
                    self._odd(f"line {seq} is sealed and gone")
                    return
                times = {"occurred_at": "occurred_us", "received_at": "received_us"}
                digests += _sm3(
                    b"".join(_field(int(row[times[c]]) if c in times else row[c]) for c in SEALED)
                )
            rows = b",".join(b"%d" % seq for seq in block["rows"])
            digest = _sm3(b"%d:" % block["number"] + before + rows + digests)
            if block["number"] != number or digest != block["digest"]:
                self._odd(f"block {block['number']} of the audit does not fit")
                return
            before = digest


def _reasons(last: Json, heard: list[Json]) -> list[str]:
    """Codes of why a command was not accepted; what a wipe has locked shows none on the device."""
    if last.get("locked") and heard:
        return [reason["code"] for reason in heard[-1]["reasons"]]
    codes: list[str] = last["reasons"]
    return codes


def _difference(mine: dict[str, int], theirs: dict[str, int]) -> str:
    differing = [
        f"{key} {mine.get(key)} for {theirs.get(key)}"
        for key in sorted(mine.keys() | theirs.keys())
        if mine.get(key) != theirs.get(key)
    ]
    return f"{len(differing)} differ: {'; '.join(differing[:3])}"


def _sm3(data: bytes) -> bytes:
    digest = Hash(SM3())
    digest.update(data)
    return digest.finalize()


def _field(value: object) -> bytes:
    if value is None:
        return b"-"
    text = str(value).encode()
    return b"%d:%b," % (len(text), text)
