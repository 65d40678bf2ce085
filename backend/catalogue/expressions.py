"""Expressions of forms and flows: `${kind} = 'other' and ${people} > 3`.

Twin of shared-schemas/rules/expressions.ts, to the character; docs/decisions/0050. An expression
that was parsed always has a value: what cannot be worked out (a missing name, a division by zero,
a sum of words) is empty, and empty is unequal to everything but empty.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from msgspec import Struct

from backend.catalogue.patterns import PatternError, compile_pattern, matches

Value = str | float | bool | list[Any] | dict[str, Any]
"""Text, a number, a truth, a list, or a row of a repeat. Empty is ''."""

MOST_CHARACTERS = 500
MOST_NESTED = 30
MOST_OPERATORS = 60
SELF = "."
NOW = "now"
"""Where the context holds the moment: RFC 3339 text in the city's own offset."""


class ExpressionError(ValueError):
    """Why an expression cannot be used, and at which character (from 0)."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(message)
        self.position = position
        self.message = message


class Constant(Struct, frozen=True):
    """A value written out."""

    value: Value


class Named(Struct, frozen=True):
    """What the context holds; further parts lead into rows."""

    path: tuple[str, ...]


class Call(Struct, frozen=True):
    """A function or operator over its operands."""

    function: str
    operands: list["Parsed"]


Parsed = Constant | Named | Call


def evaluate(text: str, context: Mapping[str, Any]) -> Value:
    """The value of an expression. Raises ExpressionError when it cannot be parsed."""
    return _value(parse(text), context)


def holds(text: str, context: Mapping[str, Any]) -> bool:
    """Whether it is true: not false, zero or empty. Raises ExpressionError."""
    return truth(evaluate(text, context))


def names(text: str) -> set[str]:
    """The `${…}` an expression reads, paths whole. Raises ExpressionError."""
    found: set[str] = set()
    waiting = [parse(text)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Call):
            waiting += node.operands
        elif isinstance(node, Named) and node.path[0] not in (SELF, NOW):
            found.add("/".join(node.path))
    return found


@lru_cache(maxsize=4096)
def parse(text: str) -> Parsed:
    """Raises ExpressionError."""
    if len(text) > MOST_CHARACTERS:
        raise ExpressionError(MOST_CHARACTERS, f"表达式最多 {MOST_CHARACTERS} 字")
    return _Parser(_tokens(text), len(text)).whole()


# Reading

_TOKEN = re.compile(
    r"[ \t\r\n]*(?:"
    r"(?P<number>[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:/[A-Za-z_][A-Za-z0-9_]*)*)\}"
    r"|(?P<word>[a-z]+(?:-[a-z]+)*)"
    r"|(?P<sign>!=|<=|>=|[-+*=<>(),.])"
    r"|(?P<end>\Z)"
    r")"
)
_SPACES = re.compile(r"[ \t\r\n]*")
_POWERS = {
    "or": 1,
    "and": 2,
    "=": 3,
    "!=": 3,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "div": 6,
    "mod": 6,
}
_UNARY = 7
_ARITY = {
    "true": (0, 0),
    "false": (0, 0),
    "now": (0, 0),
    "today": (0, 0),
    "not": (1, 1),
    "if": (3, 3),
    "coalesce": (1, 9),
    "concat": (1, 9),
    "selected": (2, 2),
    "count-selected": (1, 1),
    "count": (1, 1),
    "sum": (1, 1),
    "string-length": (1, 1),
    "contains": (2, 2),
    "starts-with": (2, 2),
    "regex": (2, 2),
    "round": (2, 2),
    "int": (1, 1),
    "number": (1, 1),
    "string": (1, 1),
}


class _Token(Struct, frozen=True):
    kind: str
    text: str
    at: int


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while not found or found[-1].kind != "end":
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            at += len(_SPACES.match(text, at)[0])  # type: ignore[index] # always matches
            if text[at] in "'\"":
                raise ExpressionError(at, "引号没有合上")
            if text[at] == "$":
                raise ExpressionError(at, "名称应写成 ${name}")
            raise ExpressionError(at, f"这里不该有“{text[at]}”")
        kind = match.lastgroup
        start = match.start(kind) - (2 if kind == "name" else 0)
        found.append(_Token(kind, match[kind], start))
        at = match.end()
    return found


class _Parser:
    """Operator precedence by binding power (Pratt)."""

    def __init__(self, tokens: list[_Token], end: int) -> None:
        self.tokens = tokens
        self.end = end
        self.next = 0
        self.depth = 0
        self.operators = 0

    def whole(self) -> Parsed:
        node = self._expression(0)
        if self._peek().kind != "end":
            raise self._unexpected(self._peek())
        return node

    def _peek(self) -> _Token:
        return self.tokens[self.next]

    def _take(self) -> _Token:
        token = self.tokens[self.next]
        self.next += 1
        return token

    def _unexpected(self, token: _Token) -> ExpressionError:
        if token.kind == "end":
            return ExpressionError(self.end, "表达式没有写完")
        text = f"${{{token.text}}}" if token.kind == "name" else token.text
        return ExpressionError(token.at, f"这里不该有“{text}”")

    def _expect(self, sign: str) -> None:
        token = self._peek()
        if token.kind != "sign" or token.text != sign:
            at = self.end if token.kind == "end" else token.at
            raise ExpressionError(at, f"缺少“{sign}”")
        self.next += 1

    def _expression(self, power: int) -> Parsed:
        self.depth += 1
        if self.depth > MOST_NESTED:
            raise ExpressionError(self._peek().at, "表达式套得太深")
        left = self._operand()
        while self._peek().kind in ("word", "sign"):
            operator = self._peek()
            binding = _POWERS.get(operator.text, 0)
            if binding <= power:
                break
            self.next += 1
            self.operators += 1
            if self.operators > MOST_OPERATORS:
                raise ExpressionError(operator.at, "表达式太长，请拆成几项计算")
            left = Call(operator.text, [left, self._expression(binding)])
        self.depth -= 1
        return left

    def _operand(self) -> Parsed:
        token = self._take()
        match token.kind:
            case "number" | "text" | "name":
                return _single(token)
            case "word" if token.text not in _POWERS:
                return self._call(token)
            case "sign" if token.text == SELF:
                return Named((SELF,))
            case "sign" if token.text == "-":
                return Call("negative", [self._expression(_UNARY)])
            case "sign" if token.text == "(":
                inner = self._expression(0)
                self._expect(")")
                return inner
        raise self._unexpected(token)

    def _call(self, token: _Token) -> Parsed:
        if token.text not in _ARITY:
            raise ExpressionError(token.at, f"没有函数“{token.text}”")
        self._expect("(")
        operands: list[Parsed] = []
        starts: list[int] = []
        while not operands or self._peek().text == ",":
            if operands:
                self.next += 1
            elif self._peek().kind == "sign" and self._peek().text == ")":
                break
            starts.append(self.next)
            operands.append(self._expression(0))
        self._expect(")")
        least, most = _ARITY[token.text]
        if not least <= len(operands) <= most:
            wanted = str(least) if least == most else f"{least} 到 {most}"
            raise ExpressionError(token.at, f"“{token.text}”要 {wanted} 个值")
        return self._made(token, operands, starts)

    def _made(self, token: _Token, operands: list[Parsed], starts: list[int]) -> Parsed:
        match token.text:
            case "true" | "false":
                return Constant(token.text == "true")
            case "now":
                return Named((NOW,))
            case "today":
                return Call("today", [Named((NOW,))])
            case "regex":
                pattern = operands[1]
                at = self.tokens[starts[1]].at
                if not isinstance(pattern, Constant) or not isinstance(pattern.value, str):
                    raise ExpressionError(at, "regex 的第二个值要直接写成文字")
                try:
                    compile_pattern(pattern.value)
                except PatternError as error:
                    raise ExpressionError(at + 1 + error.position, error.message) from None
        return Call(token.text, operands)


def _single(token: _Token) -> Parsed:
    if token.kind == "name":
        return Named(tuple(token.text.split("/")))
    if token.kind == "text":
        return Constant(token.text[1:-1])
    number = float(token.text)
    if not math.isfinite(number):
        raise ExpressionError(token.at, "数太大")
    return Constant(number)


# Working out


def _value(node: Parsed, context: Mapping[str, Any]) -> Value:
    if isinstance(node, Constant):
        return node.value
    if isinstance(node, Named):
        value = plain(context.get(node.path[0]))
        for part in node.path[1:]:
            value = _part(value, part)
        return value
    return _FUNCTIONS[node.function](*[_value(operand, context) for operand in node.operands])


def plain(value: Any) -> Value:
    """A JSON value as a value here: null is empty, whole numbers are doubles."""
    if isinstance(value, bool | str | dict):
        return value
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, int | float):
        try:
            return _finite(float(value))
        except OverflowError:
            return ""
    return ""


def _part(value: Value, part: str) -> Value:
    if isinstance(value, dict):
        return plain(value.get(part))
    if isinstance(value, list):
        parts = [_part(each, part) for each in value]
        return [each for each in parts if not is_empty(each)]
    return ""


def is_empty(value: Value) -> bool:
    """Whether there is no answer: no text, or an empty list."""
    return value in ("", [])


def truth(value: Value) -> bool:
    """Not false, zero or empty."""
    if isinstance(value, dict):
        return True
    return bool(value)


def as_number(value: Value) -> float | None:
    """A number, a truth as 1 or 0, or a text that is a plain decimal; else None."""
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    if isinstance(value, float):
        return value
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        number = float(value)
        return number if math.isfinite(number) else None
    return None


_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def as_text(value: Value) -> str:
    """What `string()` and a note show: numbers as JavaScript writes them, lists with commas."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number_text(value)
    if isinstance(value, list):
        return ",".join([as_text(each) for each in value])
    return ""


_WIDEST = 21  # digits before JavaScript turns to an exponent
_NARROWEST = -6


def _number_text(number: float) -> str:
    if number == 0:
        return "0"
    sign, raw, exponent = Decimal(repr(number)).as_tuple()
    written = "".join(map(str, raw))
    digits = written.rstrip("0")
    point = len(written) + int(exponent)  # places before the point
    minus = "-" if sign else ""
    if len(digits) <= point <= _WIDEST:
        return minus + digits.ljust(point, "0")
    if 0 < point <= _WIDEST:
        return f"{minus}{digits[:point]}.{digits[point:]}"
    if _NARROWEST < point <= 0:
        return f"{minus}0.{'0' * -point}{digits}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{minus}{digits[0]}{rest}e{'+' if point > 0 else '-'}{abs(point - 1)}"


_MOMENT = re.compile(
    r"([1-9][0-9]{3})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?"
    r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_OFFSET_HOUR = 14
_LAST_MINUTE = 59


def moment(text: str) -> int | None:
    """Milliseconds since 1970 of an RFC 3339 text with offset; None when it is none."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    away_hours, away_minutes = int(match[9] or 0), int(match[10] or 0)
    if away_hours > _LAST_OFFSET_HOUR or away_minutes > _LAST_MINUTE:
        return None
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    away = (away_hours * 60 + away_minutes) * (-1 if match[8] == "-" else 1)
    thousandths = int((match[7] or "0")[:3].ljust(3, "0"))
    return (local - _EPOCH) // timedelta(milliseconds=1) + thousandths - away * 60_000


def _equal(a: Value, b: Value) -> bool:
    if is_empty(a) or is_empty(b):
        return is_empty(a) and is_empty(b)
    if isinstance(a, bool) or isinstance(b, bool):
        return truth(a) == truth(b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_equal(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, str) and isinstance(b, str):
        at = moment(a)
        return a == b or (at is not None and at == moment(b))
    number = as_number(a)
    return number is not None and number == as_number(b)


def _order(a: Value, b: Value) -> float | None:
    """Below, at or above zero as `a` is before, at or after `b`; None when they have no order."""
    if isinstance(a, str) and isinstance(b, str):
        first, second = moment(a), moment(b)
        if first is not None and second is not None:
            return first - second
    x, y = as_number(a), as_number(b)
    if x is None or y is None:
        return None
    return 0 if x == y else -1 if x < y else 1


def _ordered(check: Callable[[float], bool]) -> Callable[[Value, Value], Value]:
    def compare(a: Value, b: Value) -> Value:
        order = _order(a, b)
        return order is not None and check(order)

    return compare


def _arithmetic(work: Callable[[float, float], float]) -> Callable[[Value, Value], Value]:
    def calculate(a: Value, b: Value) -> Value:
        x, y = as_number(a), as_number(b)
        if x is None or y is None:
            return ""
        try:
            return _finite(work(x, y))
        except (ZeroDivisionError, ValueError):  # fmod(x, 0)
            return ""

    return calculate


def _finite(number: float) -> Value:
    return number if math.isfinite(number) else ""


def _members(value: Value) -> list[Any]:
    if isinstance(value, list):
        return value
    return [] if value == "" else [value]


def _coalesce(*values: Value) -> Value:
    return next((value for value in values if not is_empty(value)), "")


def _sum(value: Value) -> Value:
    total = 0.0
    for each in _members(value):
        total += as_number(each) or 0.0
    return _finite(total)


_TENS = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]


def _round(value: Value, places: Value) -> Value:
    """Halves away from zero, to 0..9 places."""
    number, to = as_number(value), as_number(places)
    if number is None or to is None or to not in range(len(_TENS)):
        return ""
    tens = _TENS[int(to)]
    scaled = abs(number) * tens + 0.5
    if not math.isfinite(scaled):
        return ""
    return math.copysign(float(math.floor(scaled)) / tens, number)


def _number(value: Value) -> Value:
    number = as_number(value)
    return "" if number is None else number


def _int(value: Value) -> Value:
    number = as_number(value)
    return "" if number is None else float(math.trunc(number))


def _negative(value: Value) -> Value:
    number = as_number(value)
    return "" if number is None else -number


def _today(now: Value) -> Value:
    """Midnight of the day of `now`, in its own offset."""
    if not isinstance(now, str) or moment(now) is None:
        return ""
    return f"{now[:10]}T00:00:00{'Z' if now.endswith('Z') else now[-6:]}"


_FUNCTIONS: dict[str, Callable[..., Value]] = {
    "or": lambda a, b: truth(a) or truth(b),
    "and": lambda a, b: truth(a) and truth(b),
    "=": _equal,
    "!=": lambda a, b: not _equal(a, b),
    "<": _ordered(lambda order: order < 0),
    "<=": _ordered(lambda order: order <= 0),
    ">": _ordered(lambda order: order > 0),
    ">=": _ordered(lambda order: order >= 0),
    "+": _arithmetic(lambda a, b: a + b),
    "-": _arithmetic(lambda a, b: a - b),
    "*": _arithmetic(lambda a, b: a * b),
    "div": _arithmetic(lambda a, b: a / b),
    "mod": _arithmetic(math.fmod),
    "negative": _negative,
    "not": lambda a: not truth(a),
    "if": lambda condition, yes, no: yes if truth(condition) else no,
    "coalesce": _coalesce,
    "concat": lambda *parts: "".join([as_text(part) for part in parts]),
    "selected": lambda chosen, code: any(_equal(each, code) for each in _members(chosen)),
    "count-selected": lambda chosen: float(len(_members(chosen))),
    "count": lambda rows: float(len(_members(rows))),
    "sum": _sum,
    "string-length": lambda text: float(len(as_text(text))),
    "contains": lambda text, part: as_text(part) in as_text(text),
    "starts-with": lambda text, start: as_text(text).startswith(as_text(start)),
    "regex": lambda text, pattern: matches(pattern, as_text(text)),
    "round": _round,
    "int": _int,
    "number": _number,
    "string": as_text,
    "today": _today,
}
