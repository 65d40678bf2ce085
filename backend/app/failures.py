"""Every failed request answers in one shape: a stable code, Chinese, and the field at fault."""

import re
from typing import Any

import structlog
from asyncpg import CharacterNotInRepertoireError, UntranslatableCharacterError
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap
from msgspec import Struct
from redis.exceptions import RedisError

from backend.core.errors import Problem, is_full, storage_full
from offline.ports import Unavailable

_log = structlog.get_logger("failure")

AnyRequest = Request[Any, Any, Any]

RETRY_AFTER_S = 5
"""When to come back to a service whose database was away; servers take seconds to restart."""


class Failure(Struct, frozen=True, omit_defaults=True):
    """The body of every answer from 400 up. `field` is a dotted path into the input."""

    code: str
    message: str
    field: str | None = None
    request_id: str | None = None


_HTTP = {
    400: ("bad_request", "请求的内容不对,请更新到最新版本后再试"),
    401: ("unauthenticated", "请先登录"),
    403: ("forbidden", "您没有这项权限"),
    404: ("not_found", "没有找到您要的内容"),
    405: ("method_not_allowed", "这个地址不支持这种操作"),
    413: ("too_large", "内容太大"),
    415: ("unsupported_media_type", "不支持这种内容格式"),
    429: ("too_many_requests", "操作太频繁,请稍后再试"),
    503: ("unavailable", "服务正忙,请稍后再试"),
}

_CUT_SHORT = "client disconnected prematurely"
"""How Litestar says that a connection broke inside a body, as a fault of the server's."""

_INPUT = (
    (re.compile(r"missing required field `([^`]+)`"), "缺少这一项"),
    (re.compile(r"contains unknown field `([^`]+)`"), "没有这一项"),
    (re.compile(r"Expected `[^`]+`, got `null`"), "不能为空"),
    (re.compile(r"Expected `\w+` of length"), "长度不对"),
    (re.compile(r"Expected `\w+` [<>]"), "超出范围"),
    (re.compile(r"matching regex|Invalid (uuid|RFC3339|enum)"), "格式不对"),
    (re.compile(r"Expected `"), "类型不对"),
)


def _problem(_: AnyRequest, error: Problem) -> Response[Failure]:
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    return Response(
        Failure(error.code, error.message, error.field), status_code=error.status, headers=headers
    )


def _invalid(_: AnyRequest, error: ValidationException) -> Response[Failure]:
    field, said = _first_fault(error)
    named = next((match for pattern, _ in _INPUT if (match := pattern.search(said))), None)
    if named is not None and named.groups() and named.group(1) and "field" in named.re.pattern:
        field = f"{field}.{named.group(1)}" if field else named.group(1)
    reason = next((text for pattern, text in _INPUT if pattern.search(said)), "内容不对")
    subject = f"“{field}”" if field else "提交的内容"
    return Response(Failure("invalid", f"{subject}{reason},请改正后再提交", field), status_code=400)


def _first_fault(error: ValidationException) -> tuple[str | None, str]:
    """The path of the first fault and msgspec's words on it, which are matched, never echoed."""
    extra = error.extra
    first = extra[0] if isinstance(extra, list) and extra else {}
    key = first.get("key")
    return (None if key == "data" else key) or None, first.get("message") or error.detail


def _http(request: AnyRequest, error: HTTPException) -> Response[Failure]:
    if error.detail == _CUT_SHORT:
        return Response(Failure(*_HTTP[400]), status_code=400)  # which nobody hears
    if error.status_code >= 500 and error.status_code not in _HTTP:
        return _unknown(request, error)
    code, message = _HTTP.get(error.status_code, _HTTP[400])
    return Response(Failure(code, message), status_code=error.status_code, headers=error.headers)


def _unavailable(_: AnyRequest, error: Exception) -> Response[Failure]:
    """What we stand on is away: nothing is lost, and the same request will do later."""
    cause = error.__cause__ or error
    _log.warning("unavailable", error=f"{type(cause).__name__}: {cause}")
    code, message = _HTTP[503]
    return Response(
        Failure(code, message), status_code=503, headers={"Retry-After": str(RETRY_AFTER_S)}
    )


def _unstorable(_: AnyRequest, __: Exception) -> Response[Failure]:
    """Text that PostgreSQL cannot hold: it has no character 0."""
    message = "内容里有不能保存的字符,请删去后再试"
    return Response(Failure("invalid", message), status_code=400)


def _too_deep(_: AnyRequest, __: RecursionError) -> Response[Failure]:
    """A body nested without end."""
    return Response(Failure(*_HTTP[400]), status_code=400)


def _os(request: AnyRequest, error: OSError) -> Response[Failure]:
    if is_full(error):
        _log.warning("storage_full", error=str(error))
        return _problem(request, storage_full())
    return _unknown(request, error)


def _unknown(request: AnyRequest, error: Exception) -> Response[Failure]:
    """A fault of ours: all of it into the log, its id alone to the caller."""
    request_id = request.scope["state"].get("request_id")
    _log.error("unexpected", exc_info=error)
    message = "系统出了点问题,已记录,请稍后再试"
    return Response(Failure("internal", message, request_id=request_id), status_code=500)


HANDLERS: ExceptionHandlersMap = {
    Problem: _problem,
    ValidationException: _invalid,
    HTTPException: _http,
    CharacterNotInRepertoireError: _unstorable,
    UntranslatableCharacterError: _unstorable,
    RecursionError: _too_deep,
    Unavailable: _unavailable,
    RedisError: _unavailable,
    OSError: _os,
    Exception: _unknown,
}
