"""Whatever anybody sends: no fault of ours, and every failure says what it is.

What our own description names is tried by everybody who may sign in, and by nobody in particular;
commands, which the description sees as text, by a strategy made of their structs.

Left out: /api/sync/live, which never ends by itself (tests/api/test_over_http.py listens to it);
/schema, whose pages are the framework's own.
"""

import asyncio
import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import response_schema_conformance

from backend.cases.structs import ActOnCase, ReportCase
from backend.directory.structs import SessionView
from offline.wire import Command, Item, PushRequest, PushResponse
from tests.api.serving import Phone, Server, photo
from tests.api.test_over_http import CATEGORY, report

ROLES = ("nobody", "wg001", "sl01", "zb02", "cz01", "xt01")
LEFT_OUT = ("/api/sync/live", "/schema")
ENDING = ("DELETE /api/session", "DELETE /api/sessions", "POST /api/session/password")
"""These may end the session they are called in, so they come last."""
SIGN_IN = "POST /api/session"
"""Limited by address, so that only one of them tries it."""

OURS = settings(
    max_examples=8,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TUS = st.fixed_dictionaries(
    {"Tus-Resumable": st.sampled_from(["1.0.0", "0.2", ""])},
    optional={
        "Upload-Length": st.sampled_from(["0", "7", "-1", "x", "9" * 30, "104857600"]),
        "Upload-Offset": st.sampled_from(["0", "7", "-1", "x", "9" * 30]),
        "Upload-Metadata": st.sampled_from(["id", "id !!,kind cGhvdG8=", "sha256 eA==", "id &"]),
        "X-HTTP-Method-Override": st.sampled_from(["PATCH", "HEAD", "DELETE", "TRACE"]),
        "Content-Type": st.just("application/offset+octet-stream"),
    },
)


class Session(msgspec.Struct):
    headers: dict[str, str]
    view: SessionView | None


class Fuzzed:
    """The server with what to try on it."""

    def __init__(self, server: Server, case: UUID, upload: UUID) -> None:
        self.server = server
        self.case = case
        self.upload = upload
        self.schema = schemathesis.openapi.from_url(f"{server.url}/schema/openapi.json")

    def real(self, operation: Any) -> list[dict[str, Any]]:
        """What is there, so that more is looked at than what is not."""
        if "{case_id}" in operation.path:
            return [{"path_parameters": {"case_id": str(self.case)}}]
        if "{upload}" in operation.path:
            return [{"path_parameters": {"upload": str(self.upload)}}]
        if operation.path.endswith("/similar"):
            return [{"query": {"category": CATEGORY}}]
        return []

    def session(self, role: str) -> Session:
        """A session of its own for somebody."""
        if role == "nobody":
            return Session({}, None)

        async def sign_in() -> SessionView:
            async with Phone.of(self.server, role) as phone:
                return phone.view

        view = asyncio.run(sign_in())
        return Session({"Authorization": f"Bearer {view.token}"}, view)


@pytest.fixture(scope="module")
def fuzzed(city_server: Server) -> Iterator[Fuzzed]:
    async def prepare() -> tuple[UUID, UUID]:
        async with Phone.of(city_server, "wg001") as phone:
            upload = uuid4()
            said = {"id": str(upload), "kind": "photo", "sha256": "0" * 64, "name": "a.jpg"}
            coded = ",".join(f"{k} {b64encode(v.encode()).decode()}" for k, v in said.items())
            headers = {
                "Tus-Resumable": "1.0.0",
                "Upload-Length": "5000",
                "Upload-Metadata": coded,
            }
            answer = await phone.client.post("/api/uploads", headers=headers)
            assert answer.status_code == 201, answer.text
            return await report(phone, city_server), upload

    yield Fuzzed(city_server, *asyncio.run(prepare()))
    assert city_server.faults() == []


def operations(fuzzed: Fuzzed) -> list[Any]:
    found: list[Any] = [result.ok() for result in fuzzed.schema.get_all_operations()]  # type: ignore[union-attr]
    named = [operation for operation in found if not operation.path.startswith(LEFT_OUT)]
    return sorted(named, key=lambda operation: operation.label in ENDING)


def check(case: Any, answer: Any) -> None:
    said = f"{case.as_curl_command()} {answer.status_code} {answer.text[:500]}"
    assert answer.status_code < 500 or answer.status_code == 503, said
    if answer.status_code == 503:
        assert answer.headers["retry-after"], said
    if answer.status_code >= 400 and case.method.upper() != "HEAD":
        assert "application/json" in answer.headers.get("content-type", ()), said
        failure = answer.json()
        assert failure["code"].isidentifier(), said
        assert failure["message"], said
        assert not failure["message"].isascii(), said
    if case.method.upper() != "HEAD":
        case.validate_response(answer, checks=[response_schema_conformance])


@pytest.mark.parametrize("role", ROLES)
def test_whatever_is_sent_is_answered(fuzzed: Fuzzed, role: str) -> None:
    headers = fuzzed.session(role).headers
    for operation in operations(fuzzed):
        if operation.label == SIGN_IN and role != "nobody":
            continue
        strategies = [
            operation.as_strategy(mode, **known)
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
            for known in ({}, *fuzzed.real(operation))
        ]
        tus = TUS if "/uploads" in operation.path else st.just({})

        @OURS
        @given(case=st.one_of(strategies), more=tus)
        def ask(case: Any, more: dict[str, str]) -> None:
            answer = case.call(base_url=fuzzed.server.url, headers=headers | more)
            check(case, answer)

        ask()


def payloads(struct: type) -> st.SearchStrategy[Any]:
    """Bodies that a struct's schema allows, and some that it does not."""
    (schema,), components = msgspec.json.schema_components(
        [struct], ref_template="#/components/schemas/{name}"
    )
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    described = schemathesis.openapi.from_dict(
        {
            "openapi": "3.1.0",
            "info": {"title": "payload", "version": "1"},
            "paths": {"/": {"post": {"requestBody": body, "responses": {}}}},
            "components": {"schemas": components},
        }
    )
    operation = described["/"]["POST"]
    return (
        st.one_of(
            operation.as_strategy(GenerationMode.POSITIVE),
            operation.as_strategy(GenerationMode.NEGATIVE),
        )
        .map(lambda case: case.body)
        .filter(lambda body: isinstance(body, dict | list | str | int | float | None))
    )


def _nearby(body: Any) -> Any:
    """Mostly inside the county and of a category there is, so that more of it is looked at."""
    if isinstance(body, dict) and isinstance(body.get("description"), str):
        place = {"longitude": 120.65, "latitude": 27.98, "accuracy_m": 5}
        photos = [photo("near"), photo("far"), photo("reference")]
        told = {"position": place, "category": CATEGORY}
        return body | told | ({"media": photos} if len(body["description"]) % 2 else {})
    return body


@pytest.mark.parametrize("role", ["wg001", "sl01", "zb02"])
def test_whatever_a_command_says_is_decided(fuzzed: Fuzzed, role: str) -> None:
    """Every command gets an outcome, none of them our own fault."""
    session = fuzzed.session(role)
    me = session.view
    assert me is not None
    envelope = {
        "device": str(me.device),
        "user": str(me.user),
        "post": str(me.post),
        "device_seq": 1,
        "occurred_at": "2026-11-20T01:00:00Z",
        "clock_offset_ms": 0,
    }
    action = st.sampled_from(["accept", "refuse", "file", "dispatch", "void", "answer_verify"])
    reports = st.tuples(st.just("case.report"), payloads(ReportCase).map(_nearby))
    acts = st.tuples(
        st.just("case.act"),
        st.builds(
            lambda body, action: (
                body | {"case": str(fuzzed.case), "action": action}
                if isinstance(body, dict)
                else body
            ),
            payloads(ActOnCase),
            action,
        ),
    )

    @settings(OURS, max_examples=25)
    @given(
        bodies=st.lists(st.one_of(reports, acts), min_size=1, max_size=4),
        strange=payloads(Command),
        some=st.sets(st.sampled_from(sorted(Command.__struct_fields__)), max_size=2),
    )
    def push(bodies: list[tuple[str, Any]], strange: Any, some: set[str]) -> None:
        commands = [
            envelope | {"id": str(uuid4()), "type": type_, "payload": body}
            for type_, body in bodies
        ]
        if isinstance(strange, dict):
            odd = {name: strange[name] for name in some if name in strange}
            commands += [strange, commands[0] | {"id": str(uuid4())} | odd]
        items = [Item(json.dumps(command, default=str)) for command in commands]
        answer = httpx.post(
            f"{fuzzed.server.url}/api/sync/push",
            content=msgspec.json.encode(PushRequest(items)),
            headers=session.headers,
        )
        assert answer.status_code == 200, answer.text
        outcomes = msgspec.json.decode(answer.content, type=PushResponse).outcomes
        assert len(outcomes) == len(commands)
        for outcome, command in zip(outcomes, commands, strict=True):
            codes = [reason.code for reason in outcome.reasons]
            assert "internal" not in codes, command

    push()
