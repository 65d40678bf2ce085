"""The patterns of `regex()`: a small language matched alike, and in linear time, on both ends.

Twin of shared-schemas/rules/patterns.ts. Two engines' own regular expressions differ in what a
digit, `.` and `$` are, and may both take years over `(a+)+`; these may not.
"""

from collections.abc import Callable
from functools import lru_cache

from msgspec import Struct

MOST_STEPS = 300
"""Instructions of a compiled pattern: with the text's length it bounds the time of a match."""
MOST_NESTED = 10
MOST_CHARACTERS = 2000
"""Longer texts match nothing."""

_DIGITS = [("0", "9")]
_WORD = [("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z")]
_SPACE = [("\t", "\n"), ("\r", "\r"), (" ", " ")]
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_SPECIAL = "\\^$.|?*+()[]{}"
_COUNT_DIGITS = 3


class PatternError(ValueError):
    """Why a pattern cannot be used, and at which character (from 0)."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(message)
        self.position = position
        self.message = message


class _One(Struct, frozen=True):
    """One character inside (or, negated, outside) the ranges."""

    ranges: list[tuple[str, str]]
    negated: bool = False

    def takes(self, char: str) -> bool:
        return any(low <= char <= high for low, high in self.ranges) != self.negated


class _Fork(Struct, frozen=True):
    """Go on at any of these."""

    to: list[int]


_Step = _One | _Fork
_Emit = Callable[[list[_Step]], None]


@lru_cache(maxsize=512)
def compile_pattern(text: str) -> list[_Step]:
    """The steps of a pattern. Raises PatternError."""
    return _Reader(text).whole()


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern takes the whole text. Raises PatternError."""
    steps = compile_pattern(pattern)
    if len(text) > MOST_CHARACTERS:
        return False
    alive = _reach(steps, [0])
    for char in text:
        following: list[int] = []
        for at in alive:
            step = steps[at] if at < len(steps) else None
            if isinstance(step, _One) and step.takes(char):
                following.append(at + 1)
        alive = _reach(steps, following)
        if not alive:
            return False
    return len(steps) in alive


def _reach(steps: list[_Step], start: list[int]) -> set[int]:
    reached: set[int] = set()
    waiting = list(start)
    while waiting:
        at = waiting.pop()
        if at in reached:
            continue
        reached.add(at)
        step = steps[at] if at < len(steps) else None
        if isinstance(step, _Fork):
            waiting += step.to
    return reached


class _Reader:
    """Reads a pattern from left to right into steps."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def whole(self) -> list[_Step]:
        if self.text[:1] == "^":
            self.at = 1
        emit = self._either()
        if self.text[self.at :] == "$":
            self.at += 1
        if self.at < len(self.text):
            self._fail(f"这里不该有“{self.text[self.at]}”")
        steps: list[_Step] = []
        emit(steps)
        return steps

    def _fail(self, message: str) -> None:
        raise PatternError(self.at, message)

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _either(self) -> _Emit:
        ways = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            ways.append(self._sequence())
        return ways[0] if len(ways) == 1 else lambda steps: _emit_either(steps, ways)

    def _sequence(self) -> _Emit:
        parts: list[_Emit] = []
        while (char := self._peek()) and char not in "|)" and self.text[self.at :] != "$":
            parts.append(self._repeated())

        def emit(steps: list[_Step]) -> None:
            for part in parts:
                part(steps)

        return emit

    def _repeated(self) -> _Emit:
        start = self.at
        atom = self._atom()
        char = self._peek()
        if not char or char not in "?*+{":
            return atom
        least, most = self._count()
        if self._peek() and self._peek() in "?*+{":
            self._fail("次数只能写一个")

        def emit(steps: list[_Step]) -> None:
            _emit_repeated(steps, atom, least, most)
            if len(steps) > MOST_STEPS:
                raise PatternError(start, "格式太复杂")

        return emit

    def _count(self) -> tuple[int, int | None]:
        char = self._peek()
        self.at += 1
        if char == "?":
            return 0, 1
        if char == "*":
            return 0, None
        if char == "+":
            return 1, None
        least = self._number()
        most: int | None = least
        if self._peek() == ",":
            self.at += 1
            most = None if self._peek() == "}" else self._number()
        if self._peek() != "}" or (most is not None and most < least):
            self._fail("次数应写成 {2}、{2,} 或 {2,5}")
        self.at += 1
        return least, most

    def _number(self) -> int:
        start = self.at
        while self._peek() and self._peek() in "0123456789":
            self.at += 1
        if not 0 < self.at - start <= _COUNT_DIGITS:
            self._fail("次数应写成 {2}、{2,} 或 {2,5}")
        return int(self.text[start : self.at])

    def _atom(self) -> _Emit:
        char = self._peek()
        if char == "(":
            return self._group()
        if char == "[":
            return _emit_one(self._set())
        if char == ".":
            self.at += 1
            return _emit_one(_One([], negated=True))
        if char == "\\":
            return _emit_one(_One(self._escape()))
        if char in _SPECIAL:
            self._fail(f"这里不该有“{char}”；要这个字符本身请写成 \\{char}")
        self.at += 1
        return _emit_one(_One([(char, char)]))

    def _group(self) -> _Emit:
        self.depth += 1
        if self.depth > MOST_NESTED:
            self._fail("括号套得太深")
        self.at += 1
        inner = self._either()
        if self._peek() != ")":
            self._fail("缺少“)”")
        self.at += 1
        self.depth -= 1
        return inner

    def _escape(self) -> list[tuple[str, str]]:
        char = self.text[self.at + 1 : self.at + 2]
        if char in _CLASSES:
            self.at += 2
            return _CLASSES[char]
        if not char or (char != "-" and char not in _SPECIAL):
            self._fail("反斜杠后只能是 d、w、s 或标点")
        self.at += 2
        return [(char, char)]

    def _set(self) -> _One:
        self.at += 1
        negated = self._peek() == "^"
        self.at += negated
        ranges: list[tuple[str, str]] = []
        while self._peek() != "]":
            if not self._peek() or self._peek() == "[":
                self._fail("缺少“]”")
            low = self._member()
            if self._peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("", "]"):
                self.at += 1
                high = self._member()
                if len(low) > 1 or len(high) > 1 or low[0][0] > high[0][0]:
                    self._fail("范围应从小到大，如 a-z")
                low = [(low[0][0], high[0][0])]
            ranges += low
        if not ranges:
            self._fail("方括号里是空的")
        self.at += 1
        return _One(ranges, negated)

    def _member(self) -> list[tuple[str, str]]:
        char = self._peek()
        if char == "\\":
            return self._escape()
        self.at += 1
        return [(char, char)]


def _emit_one(one: _One) -> _Emit:
    return lambda steps: steps.append(one)


def _emit_either(steps: list[_Step], ways: list[_Emit]) -> None:
    fork = _Fork([])
    steps.append(fork)
    leave: list[_Fork] = []
    for way in ways:
        fork.to.append(len(steps))
        way(steps)
        out = _Fork([])
        steps.append(out)
        leave.append(out)
    for out in leave:
        out.to.append(len(steps))


def _emit_repeated(steps: list[_Step], atom: _Emit, least: int, most: int | None) -> None:
    for _ in range(least):
        if len(steps) <= MOST_STEPS:
            atom(steps)
    if most is None:
        fork = _Fork([])
        start = len(steps)
        steps.append(fork)
        atom(steps)
        steps.append(_Fork([start]))
        fork.to.extend([start + 1, len(steps)])
        return
    forks: list[_Fork] = []
    for _ in range(most - least):
        if len(steps) > MOST_STEPS:
            break
        fork = _Fork([len(steps) + 1])
        steps.append(fork)
        forks.append(fork)
        atom(steps)
    for fork in forks:
        fork.to.append(len(steps))
