"""Pure rules of sign-in and of what a post's device holds."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.core.actor import Actor
from backend.core.ids import new_id
from backend.directory.rules import (
    SESSION_IDLE,
    SESSION_LIFE,
    Attempts,
    attempted,
    buckets_of,
    locked_for,
    password_fault,
    renewed_end,
    session_end,
    subject_of,
)

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("Ab1-", "至少要 10 位"),
        ("abcdefgh12", "至少三种"),
        ("王小明加油干活吧十一", "至少三种"),
        ("Wangxm-2026", "不能包含"),
        ("WangXM-2026", "不能包含"),
        ("Admin@12345", "太常见"),
        ("Qiao-tou-9527", None),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(password: str, says: str | None) -> None:
    fault = password_fault(password, ("王小明", "wangxm"))
    assert fault == says or (says is not None and fault is not None and says in fault)


def test_a_name_may_be_typed_on_any_keyboard() -> None:
    assert subject_of(" ＷａｎｇXM ") == "wangxm"


def test_the_lock_doubles_from_the_third_failure_up_to_a_quarter_of_an_hour() -> None:
    attempts, now, locks = Attempts(), NOW, []
    for _ in range(15):
        attempts = attempted(attempts, now)
        lock = locked_for(attempts, now) or timedelta()
        locks.append(int(lock.total_seconds()))
        now += lock
        assert locked_for(attempts, now) is None
    assert locks == [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_failures_are_forgotten_after_a_quiet_day() -> None:
    attempts = Attempts(9, None, NOW)
    assert attempted(attempts, NOW + timedelta(hours=23)).failures == 10
    assert attempted(attempts, NOW + timedelta(hours=25)).failures == 1


def test_a_session_in_use_goes_on_until_its_absolute_end() -> None:
    end = session_end(NOW, NOW)
    assert end == NOW + SESSION_IDLE
    assert renewed_end(NOW, end, NOW + timedelta(minutes=5)) is None
    assert renewed_end(NOW, end, NOW + timedelta(days=3)) == end + timedelta(days=3)
    assert session_end(NOW, NOW + timedelta(days=85)) == NOW + SESSION_LIFE


def test_a_session_being_handed_over_is_not_revived() -> None:
    assert renewed_end(NOW, NOW + timedelta(minutes=1), NOW) is None


def actor(*permissions: str, grids: tuple[str, ...] = ()) -> Actor:
    return Actor(
        user=new_id(),
        post=new_id(),
        org="O",
        role="r",
        county="K",
        areas=("K",),
        categories=(),
        permissions=frozenset(permissions),
        grids=grids,
    )


def test_field_posts_hold_their_grids_handlers_their_org_and_desks_neither() -> None:
    worker = actor("case.report", "task.answer", grids=("G1", "G2"))
    common = ["reference:K", f"user:{worker.user}"]
    assert buckets_of(worker) == [*common, "grid:G1/cases", "grid:G2/cases"]
    handler = actor("case.handle")
    assert buckets_of(handler)[2:] == ["org:O/cases"]
    assert buckets_of(actor("case.report", "case.browse", "task.answer"))[2:] == []
