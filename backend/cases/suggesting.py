"""What a description may be about: subclasses ranked by words, without leaving the machine."""

import re
import sqlite3
import unicodedata
from asyncio import to_thread
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

from msgspec import Struct

from backend.cases.ground import Ground
from backend.cases.views import Suggestion
from backend.catalogue.settings import value_of
from backend.catalogue.structs import Category
from offline.ports import Connection

TOP = 3
LONGEST = 200
"""Characters of a description that are read; what matters is said first."""
NEWEST = 3000
"""Closed cases that are looked at."""
EACH = 20
"""Closed cases of one subclass that are learned from."""

_WEIGHTS = "0, 10.0, 10.0, 1.0"
"""code (never searched), name, synonyms, and filing conditions or the words of a closed case."""
_TABLE = (
    "create virtual table words using fts5(code unindexed, name, synonyms, said, tokenize='ascii')"
)
_RANK = (
    f"select code from words where words match ? order by bm25(words, {_WEIGHTS}), code limit 30"  # noqa: S608
)


class Ranker:
    """BM25 (SQLite's FTS5) over single characters and pairs, in memory: Chinese has no spaces to
    split words at, and pairs need no dictionary. docs/decisions/0051.
    """

    def __init__(
        self, categories: Iterable[Category], closed: Iterable[tuple[str, str]] = ()
    ) -> None:
        """closed: (subclass, description) of closed cases, newest first."""
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._db.execute(_TABLE)
        known = {each.code: each for each in categories if each.active and each.parent is not None}
        self._add((each.code, *_own_words(each)) for each in known.values())
        taught = _taught(closed)
        self._add((code, "", "", taught[code]) for code in taught.keys() & known.keys())

    def _add(self, rows: Iterable[tuple[str, str, str, str]]) -> None:
        self._db.executemany("insert into words values (?, ?, ?, ?)", rows)

    def top(self, text: str, count: int = TOP) -> list[str]:
        """The codes of the likeliest subclasses, best first; none when nothing is alike."""
        words = sorted(set(_words(text[:LONGEST]).split()))
        if not words:
            return []
        found = self._db.execute(_RANK, (" OR ".join(words),))
        return list(dict.fromkeys(code for (code,) in found))[:count]


class _Kept(Struct):
    """A county's ranker, and what it was made of."""

    mark: str
    since: datetime
    ranker: Ranker


_rankers: dict[str, _Kept] = {}
_AGE = timedelta(hours=1)


async def suggest(conn: Connection, ground: Ground, text: str, now: datetime) -> list[Suggestion]:
    """The likeliest subclasses of a description. Closed cases are learned anew every hour."""
    kept = _rankers.get(ground.county)
    if kept is None or kept.mark != ground.mark or now - kept.since > _AGE:
        days = value_of(ground.catalogue.settings, "similar_closed_days")
        rows = await conn.fetch(
            "select category, description from case_file where county = $1 and ending = 'closed' "
            "and not sensitive and reported_at >= $2 order by reported_at desc limit $3",
            ground.county,
            now - timedelta(days=days),
            NEWEST,
        )
        closed = [(row["category"], row["description"]) for row in rows]
        ranker = await to_thread(Ranker, ground.catalogue.categories.values(), closed)
        _rankers[ground.county] = kept = _Kept(ground.mark, now, ranker)
    categories = ground.catalogue.categories
    return [Suggestion(code, categories[code].name) for code in kept.ranker.top(text)]


def _own_words(category: Category) -> tuple[str, str, str]:
    conditions = " ".join(standard.filing_condition for standard in category.standards)
    return _words(category.name), _words(" ".join(category.synonyms)), _words(conditions)


def _taught(closed: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The words of each subclass's newest closed cases, one row for all of them: a row a case would
    cost a suggestion a hundred milliseconds. What several of them say, stands there several times.
    """
    texts: dict[str, list[str]] = defaultdict(list)
    for code, text in closed:
        if len(texts[code]) < EACH:
            texts[code].append(text[:LONGEST])
    return {code: _words(" ".join(each)) for code, each in texts.items()}


def _words(text: str) -> str:
    """Characters and pairs as words no tokenizer splits: `坑洼` is `u5751 u6d3c u5751u6d3c`."""
    words: list[str] = []
    for run in re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()):
        codes = [f"u{ord(character):x}" for character in run]
        words += codes
        words += (one + other for one, other in pairwise(codes))
    return " ".join(words)
