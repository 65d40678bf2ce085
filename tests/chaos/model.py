"""A device as a third party would write it from offline/PROTOCOL.md, for scale.

It imports nothing of the service or its client, and does what the protocol says and no more.
"""

import asyncio
import base64
import gzip
import io
import json
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from msgspec import Struct, field
from PIL import Image

from tests.chaos.diary import Diary

Json = dict[str, Any]
Key = tuple[str, str]
"""An entity: kind and id."""

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = 1500
"""Bytes of a photo that go in one request: several requests for most."""
PATIENCE_S = 5.0
MONTH_S = 30 * 86_400.0


class NoAnswer(Exception):
    """Nothing that counts came back."""


class SignedOut(Exception):
    """401: someone must sign in."""


class Item(Struct):
    """A command in the queue."""

    id: str
    seq: int
    body: str
    signature: str
    digest: str
    after: list[str]
    corrects: str | None
    author: str
    state: str = "queued"  # queued, held, accepted, rejected, clash
    reasons: list[Json] = []
    receipt: Json | None = None
    accepted_in: str | None = None
    epoch: str | None = None
    """Of the last answer."""
    replaced: bool = False


class Photo(Struct):
    """A photo that waits, and its bytes, which are kept after it has arrived."""

    id: str
    sha256: str
    data: bytes
    command: str
    author: str
    sent: bool = False
    refused: str | None = None


class Disk(Struct):
    """What survives a kill."""

    id: str
    key: ec.EllipticCurvePrivateKey
    skew_s: float
    seq: int = 0
    offset_ms: int | None = None
    items: dict[str, Item] = field(default_factory=dict)
    photos: dict[str, Photo] = field(default_factory=dict)
    token: str | None = None
    view: Json | None = None
    cursor: str | None = None
    epoch: str | None = None
    """As last heard. It outlives every wipe, as what was accepted in it does."""
    buckets: list[str] = field(default_factory=list)
    members: dict[str, dict[Key, int]] = field(default_factory=dict)
    documents: dict[Key, tuple[int, Any]] = field(default_factory=dict)
    snapshots: bool = True

    @property
    def user(self) -> str | None:
        return None if self.view is None else str(self.view["user"])


def uuid7(dice: random.Random, now_s: float) -> str:
    """RFC 9562."""
    value = int(now_s * 1000) << 80 | dice.getrandbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def new_disk(dice: random.Random, skew_s: float) -> Disk:
    """A phone taken out of its box, with a clock that is wrong by `skew_s`."""
    key = ec.derive_private_key(dice.getrandbits(250) + 1, ec.SECP256R1())
    return Disk(uuid7(dice, time.time()), key, skew_s)


def picture(dice: random.Random) -> bytes:
    """A JPEG unlike any other."""
    side = dice.randint(16, 48)
    image = Image.frombytes("RGB", (side, side), dice.randbytes(side * side * 3))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


class Device:
    """One running app on a disk. Dropping it at any await is a kill."""

    def __init__(self, disk: Disk, port: int, diary: Diary, dice: random.Random) -> None:
        self.disk = disk
        self.diary = diary
        self._dice = dice
        self.patience_s = PATIENCE_S
        self._http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}")

    async def close(self) -> None:
        await self._http.aclose()

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self.disk.skew_s, UTC)

    async def _ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        headers = given.pop("headers", {})
        if self.disk.token is not None:
            headers = headers | {"Authorization": f"Bearer {self.disk.token}"}
        try:
            answer = await self._http.request(
                method, f"/api{path}", headers=headers, timeout=self.patience_s, **given
            )
        except (httpx.HTTPError, OSError) as error:
            raise NoAnswer(repr(error)) from error
        if answer.status_code in {408, 429} or answer.status_code >= 500:
            raise NoAnswer(str(answer.status_code))
        if answer.status_code == 401:
            self.disk.token = None
            raise SignedOut(_json(answer).get("code"))
        return answer

    async def sign_in(self, name: str, password: str) -> None:
        """Another user than the last wipes the replica."""
        public = self.disk.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        device = {
            "id": self.disk.id,
            "name": "third party",
            "public_key": base64.b64encode(public).decode(),
        }
        self.disk.token = None
        answer = await self._ask(
            "POST", "/session", json={"name": name, "password": password, "device": device}
        )
        if answer.status_code != 201:
            raise NoAnswer(f"sign-in: {answer.status_code} {answer.text[:200]}")
        view = _json(answer)
        if "token" not in view:
            raise NoAnswer("not ours")
        if self.disk.user not in {None, view["user"]}:
            self.wipe()
        self.disk.token, self.disk.view = view["token"], view

    async def sign_out(self) -> None:
        """The replica goes at once, whether the service hears of it or not."""
        self.wipe()
        try:
            await self._ask("DELETE", "/session")
        finally:
            self.disk.token = None

    def wipe(self) -> None:
        """Others' data goes; the user's own unsent items stay."""
        self.disk.cursor = None
        self.disk.buckets = []
        self.disk.members = {}
        self.disk.documents = {}

    def record(
        self,
        type_: str,
        payload: Json,
        photos: Sequence[Photo] = (),
        after: Sequence[str] = (),
        corrects: str | None = None,
        bases: dict[str, int] | None = None,
    ) -> Item:
        """Fix a command on disk, with its photos; needs no network."""
        disk = self.disk
        assert disk.view is not None, "nobody has ever signed in"
        id_ = uuid7(self._dice, self.now().timestamp())
        disk.seq += 1
        command = {
            "id": id_,
            "device": disk.id,
            "device_seq": disk.seq,
            "user": disk.view["user"],
            "post": disk.view["post"],
            "type": type_,
            "type_version": 1,
            "occurred_at": self.now().isoformat().replace("+00:00", "Z"),
            "clock_offset_ms": disk.offset_ms,
            "origin": "own",
            "bases": bases or {},
            "after": list(after),
            "corrects": corrects,
            "payload": payload,
        }
        body = json.dumps(command, ensure_ascii=False)
        r, s = decode_dss_signature(disk.key.sign(body.encode(), ec.ECDSA(hashes.SHA256())))
        signature = base64.b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()
        digest = sha256(body.encode()).hexdigest()
        author = str(command["user"])
        item = Item(id_, disk.seq, body, signature, digest, list(after), corrects, author)
        disk.items[id_] = item
        for photo in photos:
            photo.command = id_
            disk.photos[photo.id] = photo
        if corrects is not None:
            disk.items[corrects].replaced = True
        self.diary.note(
            "wrote",
            command=id_,
            digest=digest,
            type=type_,
            after=item.after,
            corrects=corrects,
            author=author,
            entity=payload.get("case") or payload.get("person"),
            fields=payload.get("fields"),
            media={photo.id: photo.sha256 for photo in photos},
        )
        return item

    def edit(self, person: str, fields: Json) -> Item:
        """Record a change of a person whom the device holds."""
        version, _ = self.disk.documents["person", person]

        def stands_on(item: Item) -> bool:
            """Said by the same author, and not yet in what they see."""
            waiting = item.state in {"queued", "held"}
            unseen = item.receipt is not None and (item.receipt["version"] or 0) > version
            about = json.loads(item.body)["payload"].get("person")
            return (waiting or unseen) and item.author == self.disk.user and about == person

        mine = [item.id for item in self.disk.items.values() if stands_on(item)]
        payload = {"person": person, "fields": fields}
        return self.record("person.edit", payload, after=mine, bases={person: version})

    def photograph(self) -> Photo:
        """A photo that no command names yet."""
        data = picture(self._dice)
        id_ = uuid7(self._dice, self.now().timestamp())
        assert self.disk.user is not None
        return Photo(id_, sha256(data).hexdigest(), data, "", self.disk.user)

    async def push(self, most: int = 50) -> int:
        """Send what is queued or held once, in order; says how many outcomes were new."""
        open_ = [i for i in self.disk.items.values() if i.state in {"queued", "held"}]
        news = 0
        while open_:
            batch = open_[:most]
            try:
                news += await self._push(batch)
                open_ = open_[len(batch) :]
            except _Blamed as blamed:
                if len(batch) > 1:
                    most = (len(batch) + 1) // 2
                    continue
                batch[0].state, batch[0].reasons = "rejected", [blamed.error]
                self._heard(batch[0], "refused", None)
                open_ = open_[1:]
        return news

    async def _push(self, batch: list[Item]) -> int:
        commands = [
            {"body": item.body, "signature": item.signature, "accepted_in": item.accepted_in}
            for item in batch
        ]
        asked = time.time()
        answer = await self._ask("POST", "/sync/push", json={"commands": commands})
        said = _json(answer)
        if answer.status_code in {400, 413, 422} and "code" in said:
            raise _Blamed(said)
        outcomes = said.get("outcomes")
        if answer.status_code != 200 or not isinstance(outcomes, list):
            raise NoAnswer(f"{answer.status_code} to push")
        if [outcome["id"] for outcome in outcomes] != [item.id for item in batch]:
            raise NoAnswer("an answer to something else")
        self._measure(said["server_time"], asked)
        before = [item.state for item in batch]
        for item, outcome in zip(batch, outcomes, strict=True):
            if item.epoch != said["epoch"]:
                self._send_photos_again(item)
            item.epoch = said["epoch"]
            self._settle(item, outcome)
        return sum(item.state != state for item, state in zip(batch, before, strict=True))

    def _measure(self, server_time: str, asked: float) -> None:
        middle = (asked + time.time()) / 2 + self.disk.skew_s
        self.disk.offset_ms = round(
            (datetime.fromisoformat(server_time).timestamp() - middle) * 1e3
        )

    def _settle(self, item: Item, outcome: Json) -> None:
        kind, receipt = outcome["outcome"], outcome.get("receipt")
        item.reasons = outcome.get("reasons", [])
        if kind in {"accepted", "repeated"}:
            mine = receipt is not None and receipt["digest"] == item.digest
            item.state = "accepted" if mine else "clash"
            item.receipt = receipt
            item.accepted_in = receipt and receipt["epoch"]
        else:
            item.state = kind
            item.receipt = receipt or item.receipt
        self._heard(item, kind, receipt)

    def _heard(self, item: Item, outcome: str, receipt: Json | None) -> None:
        self.diary.note(
            "heard", command=item.id, outcome=outcome, receipt=receipt, reasons=item.reasons
        )

    async def upload(self) -> int:
        """Send the photos whose commands the service has; says how many arrived."""
        arrived = 0
        for photo in list(self.disk.photos.values()):
            command = self.disk.items[photo.command]
            due = command.state in {"accepted", "held"} and not photo.sent and not photo.refused
            if due and photo.author == self.disk.user:
                arrived += await self._upload(photo)
        return arrived

    async def _upload(self, photo: Photo) -> int:
        named = {"id": photo.id, "kind": "photo", "sha256": photo.sha256, "name": "a.jpg"}
        metadata = ",".join(
            f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in named.items()
        )
        size = len(photo.data)
        announce = TUS | {"Upload-Length": str(size), "Upload-Metadata": metadata}
        answer = await self._ask("POST", "/uploads", headers=announce)
        if answer.status_code != 201:
            return self._refused(photo, answer)
        where = answer.headers.get("location", "").removeprefix("/api")
        offset = int(answer.headers.get("upload-offset", 0))
        while offset < size:
            piece = photo.data[offset : offset + PIECE]
            sends = TUS | {
                "Upload-Offset": str(offset),
                "Content-Type": "application/offset+octet-stream",
            }
            answer = await self._ask("PATCH", where, headers=sends, content=piece)
            if answer.status_code == 409:
                answer = await self._ask("HEAD", where, headers=TUS)
            if answer.status_code == 460:  # damaged: anew, the next time
                return 0
            if answer.status_code not in {200, 204}:
                return self._refused(photo, answer)
            if "upload-offset" not in answer.headers:
                raise NoAnswer("not ours")
            offset = int(answer.headers["upload-offset"])
        photo.sent = True
        self.diary.note("arrived", media=photo.id, sha256=photo.sha256, author=photo.author)
        return 1

    def _refused(self, photo: Photo, answer: httpx.Response) -> int:
        said = _json(answer)
        if "code" not in said or answer.status_code in {404, 410, 423}:
            raise NoAnswer(f"{answer.status_code} to an upload")
        photo.refused = said["code"]
        return 0

    async def pull(self, *, check: bool = False) -> None:
        """Bring the replica to what the service has now."""
        disk = self.disk
        asked_of = disk.user
        request: Json = {
            "cursor": disk.cursor,
            "epoch": disk.epoch,
            "buckets": disk.buckets,
            "check": check,
            "snapshots": disk.snapshots,
        }
        named: dict[str, set[Key]] = {}
        allowed: set[str] | None = None
        while True:
            asked = time.time()
            answer = await self._ask("POST", "/sync/pull", json=request)
            page = _json(answer)
            if answer.status_code == 400 and page.get("code") == "bad_cursor":
                disk.cursor = None
            if answer.status_code != 200 or "members" not in page:
                raise NoAnswer(f"{answer.status_code} to pull")
            self._measure(page["server_time"], asked)
            files = [
                (bucket, await self._snapshot(bucket)) for bucket in page.get("snapshots") or []
            ]
            if asked_of != disk.user:
                return
            for file, lines in files:
                self._apply_snapshot(file, lines, named)
            self._apply(page, named)
            here = set(page["buckets"])
            allowed = here if allowed is None else allowed & here
            if page.get("page") is None:
                break
            request = request | {"page": page["page"]}
        self._finish(page, named, allowed)

    async def _snapshot(self, told: Json) -> list[Json]:
        answer = await self._ask("GET", f"/sync/snapshots/{told['id']}")
        try:
            data = answer.content
            if data[:2] == b"\x1f\x8b":
                data = gzip.decompress(data)
            lines = [json.loads(line) for line in data.decode().splitlines()]
            members = {(line["kind"], line["id"]): line["version"] for line in lines[1:]}
        except (ValueError, KeyError, TypeError, OSError, EOFError):
            raise NoAnswer(f"{answer.status_code}, and no snapshot") from None
        if answer.status_code != 200 or len(members) != told["documents"]:
            self.disk.snapshots = False
            raise NoAnswer("no such snapshot")
        if checksum(members) != told["checksum"]:
            self.disk.snapshots = False
            self.diary.note("unverified", bucket=told["bucket"])
            raise NoAnswer("a snapshot that does not verify")
        return lines[1:]

    def _apply_snapshot(self, told: Json, lines: list[Json], named: dict[str, set[Key]]) -> None:
        bucket = self.disk.members.setdefault(told["bucket"], {})
        for line in lines:
            key = (line["kind"], line["id"])
            bucket[key] = line["version"]
            named.setdefault(told["bucket"], set()).add(key)
            self.disk.documents[key] = line["version"], line["document"]

    def _apply(self, page: Json, named: dict[str, set[Key]]) -> None:
        for held in page["documents"]:
            self.disk.documents[held["kind"], held["id"]] = held["version"], held["document"]
        for member in page["members"]:
            bucket = self.disk.members.setdefault(member["bucket"], {})
            key = (member["kind"], member["id"])
            if member.get("removed"):
                bucket.pop(key, None)
                named.setdefault(member["bucket"], set()).discard(key)
            else:
                bucket[key] = member["version"]
                named.setdefault(member["bucket"], set()).add(key)

    def _finish(self, page: Json, named: dict[str, set[Key]], allowed: set[str]) -> None:
        disk = self.disk
        for bucket in page["fresh"]:
            had = disk.members.get(bucket, {})
            disk.members[bucket] = {key: had[key] for key in had.keys() & named.get(bucket, set())}
        disk.members = {name: of for name, of in disk.members.items() if name in allowed}
        kept = {key for bucket in disk.members.values() for key in bucket}
        disk.documents = {key: of for key, of in disk.documents.items() if key in kept}
        disk.epoch = page["epoch"]
        disk.cursor, disk.buckets = page["cursor"], sorted(allowed)
        if page.get("reset") is not None:
            self.diary.note("reset", why=page["reset"], epoch=page["epoch"])
        self._send_again()
        for bucket, told in (page.get("checksums") or {}).items():
            if checksum(disk.members.get(bucket, {})) != told:
                self.diary.note("checksum_differs", bucket=bucket)
                disk.buckets = [name for name in disk.buckets if name != bucket]

    def _send_again(self) -> None:
        """What an earlier life of the database accepted may be gone."""
        for item in self.disk.items.values():
            if item.state == "accepted" and item.epoch != self.disk.epoch:
                item.state = "queued"

    def _send_photos_again(self, item: Item) -> None:
        for photo in self.disk.photos.values():
            photo.sent = photo.sent and photo.command != item.id

    def unsettled(self) -> int:
        """Items and photos that may still move."""
        items = sum(item.state in {"queued", "held"} for item in self.disk.items.values())
        states = {item.id: item.state for item in self.disk.items.values()}
        photos = sum(
            states[p.command] in {"queued", "held", "accepted"} and not p.sent and not p.refused
            for p in self.disk.photos.values()
        )
        return items + photos

    def say_what_is_held(self) -> None:
        """The device's last word."""
        disk = self.disk
        self.diary.note(
            "holds",
            user=disk.user,
            epoch=disk.epoch,
            buckets=disk.buckets,
            members={
                bucket: {f"{kind}/{id_}": version for (kind, id_), version in of.items()}
                for bucket, of in disk.members.items()
            },
            documents={
                f"{kind}/{id_}": [version, document if kind in SPOKEN else None]
                for (kind, id_), (version, document) in disk.documents.items()
            },
            queue={
                i.id: {"state": i.state, "reasons": [r.get("code") for r in i.reasons]}
                for i in disk.items.values()
            },
            media={
                p.id: {"sent": p.sent, "refused": p.refused, "command": p.command}
                for p in disk.photos.values()
            },
        )


SPOKEN = {"case", "task", "person", "room"}
"""Kinds whose documents are compared whole; others by version."""


class _Blamed(Exception):
    """The service blames what is in the batch."""

    def __init__(self, error: Json) -> None:
        super().__init__(error.get("code"))
        self.error = error


def checksum(members: dict[Key, int]) -> str:
    """PROTOCOL.md 5."""
    lines = sorted((id_, version) for (_, id_), version in members.items())
    return sha256("".join(f"{id_} {version}\n" for id_, version in lines).encode()).hexdigest()


def _json(answer: httpx.Response) -> Json:
    try:
        said = answer.json()
    except ValueError:
        raise NoAnswer(f"{answer.status_code}, and no JSON") from None
    if not isinstance(said, dict):
        raise NoAnswer("no object")
    return said


async def settle(device: Device, rounds: int = 8) -> None:
    """On a healed network: send and fetch until nothing moves any more."""
    for _ in range(rounds):
        moved = await device.push()
        moved += await device.upload()
        await device.pull(check=True)
        if not moved:
            return
        await asyncio.sleep(0)
