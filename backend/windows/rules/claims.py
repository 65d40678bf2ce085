"""Counting things that later news may count otherwise.

A figure of a period reads the world as it stood when the period ended: the limit of that moment,
nothing that was answered, sent back or voided later. So every count has two instants: `at`, when
it belongs to, and `settled`, from when on it holds. The figure of a period [a, b) is the sum over
all marks with a <= at < b and settled < b; what later turns out otherwise is taken back by a mark
of -1 that is settled then. A sum of marks needs no clock: a duty whose limit lies ahead has its
marks already, settled at the limit.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backend.windows.rules.measures import Measure


class Credit(Struct, frozen=True):
    """To whom a mark is credited: the area path, org, post and person of the time.

    in_area: whether it counts for the area too; a case missed by three workers is one missed case.
    """

    place: str
    org: str | None = None
    post: UUID | None = None
    person: UUID | None = None
    in_area: bool = True


class Mark(Struct, frozen=True):
    """`n` of a measure for one thing (a report, part, task, request or case)."""

    measure: Measure
    thing: UUID
    at: datetime
    settled: datetime
    credit: Credit


class View(Struct, frozen=True):
    """What is counted of a thing as known from `known` on, each at its instant."""

    known: datetime
    credit: Credit
    counts: Mapping[Measure, datetime]


class Claim:
    """One thing that counts; each view replaces the one before."""

    def __init__(self, thing: UUID) -> None:
        self.thing = thing
        self._views: list[View] = []

    def see(self, known: datetime, credit: Credit, counts: Mapping[Measure, datetime]) -> None:
        """What it counts for from `known` on."""
        self._views.append(View(known, credit, counts))

    def drop(self, known: datetime) -> None:
        """It counts for nothing from `known` on."""
        if self._views:
            self.see(known, self._views[-1].credit, {})

    def marks(self) -> Iterable[tuple[Mark, int]]:
        """All of its marks, those that cancel each other included."""
        for n, view in enumerate(self._views):
            until = self._views[n + 1].known if n + 1 < len(self._views) else None
            for measure, at in view.counts.items():
                since = max(at, view.known)
                if until is not None and until <= since:
                    continue  # replaced before it held
                mark = Mark(measure, self.thing, at, since, view.credit)
                yield mark, 1
                if until is not None:
                    yield replace(mark, settled=until), -1


class Duty:
    """Something to be answered by a limit that may move: counted once, at the earlier of its limit
    (as it stands) and its answer.

    A duty without a limit, or whose clock is paused, is not due; its answer is in time.
    """

    def __init__(
        self,
        thing: UUID,
        due: Measure,
        on_time: Measure | None,
        *,
        late: Measure | None = None,
        unanswered: Measure | None = None,
        answered: Measure | None = None,
    ) -> None:
        self.claim = Claim(thing)
        self.open = True
        self.limit: datetime | None = None
        self._credit: Credit | None = None
        self._measures = (due, on_time, late, unanswered, answered)

    def stand(self, known: datetime, limit: datetime | None, credit: Credit) -> None:
        """How it stands, unanswered: its limit and whose it is."""
        if self.open and self._credit == credit and self.limit == limit:
            return
        self.open, self.limit, self._credit = True, limit, credit
        due, _, _, unanswered, _ = self._measures
        counts = {} if limit is None else _given({due: limit, unanswered: limit})
        self.claim.see(known, credit, counts)

    def answer(self, at: datetime, credit: Credit) -> None:
        """It has been answered by whom `credit` names."""
        self.open, self._credit = False, credit
        due, on_time, late, _, answered = self._measures
        if self.limit is None or at <= self.limit:
            counts = {due: at, on_time: at, answered: at}
        else:
            counts = {due: self.limit, late: self.limit, answered: self.limit}
        self.claim.see(at, credit, _given(counts))

    def lapse(self, at: datetime) -> None:
        """It was taken away: not due when the limit had not come, else unanswered for good."""
        if self.open and (self.limit is None or self.limit >= at):
            self.claim.drop(at)
        self.open = False

    def revoke(self, at: datetime) -> None:
        """It never was a duty, as is known from `at` on."""
        self.claim.drop(at)
        self.open, self.limit, self._credit = False, None, None


def _given(counts: Mapping[Measure | None, datetime]) -> dict[Measure, datetime]:
    return {measure: at for measure, at in counts.items() if measure is not None}


def summed(marks: Iterable[tuple[Mark, int]]) -> dict[Mark, int]:
    """Marks with their sums; what cancels out is gone."""
    sums: Counter[Mark] = Counter()
    for mark, n in marks:
        sums[mark] += n
    return {mark: n for mark, n in sums.items() if n}
