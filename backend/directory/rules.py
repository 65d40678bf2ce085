"""Passwords, lock-out, the life of a session, and what a post's device may hold."""

import unicodedata
from datetime import datetime, timedelta

from msgspec import Struct

from backend.core.actor import Actor

SESSION_IDLE = timedelta(days=14)
SESSION_LIFE = timedelta(days=90)
RENEWAL_STEP = timedelta(hours=1)
"""A session's end is moved at most this often, so that reading does not mean writing."""
HANDOVER = timedelta(minutes=1)
"""How long requests under way may still use the session that switching post has replaced."""

FREE_FAILURES = 2
LOCK_LIMIT = timedelta(minutes=15)
FAILURES_FORGOTTEN = timedelta(days=1)

PASSWORD_LENGTH = 10
PASSWORD_CLASSES = 3
COMMON_PASSWORDS = frozenset(
    {
        "password1!",
        "password12",
        "password123",
        "password1234",
        "password@1",
        "p@ssw0rd12",
        "p@ssw0rd123",
        "passw0rd123",
        "admin12345",
        "admin@1234",
        "admin@12345",
        "admin123456",
        "admin@123456",
        "admin123!",
        "root@12345",
        "test@12345",
        "qwerty1234",
        "qwerty12345",
        "qwerty123456",
        "1qaz2wsx3edc",
        "1qaz@wsx3edc",
        "1qaz!qaz2wsx",
        "zaq12wsxcde3",
        "abc1234567",
        "abcd123456",
        "abc@123456",
        "abcd@12345",
        "a123456789",
        "aa12345678",
        "aa123456789",
        "aa@1234567",
        "woaini1314",
        "woaini520!",
        "woaini1314520",
        "huawei@123",
        "huawei12#$",
        "wz@1234567",
        "zhejiang123",
        "zhejiang@123",
        "wenzhou123",
        "wenzhou@123",
        "ouhai12345",
        "ouhai@1234",
        "ouhai@12345",
        "xunge12345",
        "xunge@1234",
    }
)


def subject_of(name: str) -> str:
    """A sign-in name as it is compared: full-width, case and spaces around make no difference."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def password_fault(password: str, names: tuple[str, ...]) -> str | None:
    """Why a new password will not do, in Chinese, or None. `names` are the user's own."""
    if len(password) < PASSWORD_LENGTH:
        return f"密码至少要 {PASSWORD_LENGTH} 位"
    classes = (
        any(char.islower() for char in password),
        any(char.isupper() for char in password),
        any(char.isdigit() for char in password),
        any(not char.isalnum() for char in password),
    )
    if sum(classes) < PASSWORD_CLASSES:
        return "密码要包含大写字母、小写字母、数字、符号中的至少三种"
    plain = subject_of(password)
    if any(subject_of(name) in plain for name in names if len(name) > 1):
        return "密码不能包含您的姓名或用户名"
    if plain in COMMON_PASSWORDS:
        return "这个密码太常见，容易被猜中，请换一个"
    return None


class Attempts(Struct, frozen=True):
    """Tries at one name since the last success, and until when no other is let in."""

    failures: int = 0
    locked_until: datetime | None = None
    changed_at: datetime | None = None


def locked_for(attempts: Attempts, now: datetime) -> timedelta | None:
    """How long the name is still locked, or None."""
    if attempts.locked_until is None or attempts.locked_until <= now:
        return None
    return attempts.locked_until - now


def attempted(attempts: Attempts, now: datetime) -> Attempts:
    """The state after letting one more try in, counted as failed until it succeeds, so that many
    at once gain nothing. From the third on it locks for 1, 2, 4 … seconds, at most LOCK_LIMIT.
    """
    stale = attempts.changed_at is None or now - attempts.changed_at > FAILURES_FORGOTTEN
    failures = 1 if stale else attempts.failures + 1
    doublings = failures - FREE_FAILURES - 1
    if doublings < 0:
        return Attempts(failures, None, now)
    lock = min(timedelta(seconds=2 ** min(doublings, 20)), LOCK_LIMIT)
    return Attempts(failures, now + lock, now)


def session_end(signed_in_at: datetime, now: datetime) -> datetime:
    """When a session used now ends if it is not used again."""
    return min(now + SESSION_IDLE, signed_in_at + SESSION_LIFE)


def renewed_end(signed_in_at: datetime, ends_at: datetime, now: datetime) -> datetime | None:
    """The later end that using a session now earns it, or None when it is not worth a write.
    One that is being handed over is let go.
    """
    end = session_end(signed_in_at, now)
    return end if ends_at - now > HANDOVER and end - ends_at > RENEWAL_STEP else None


def buckets_of(actor: Actor) -> list[str]:
    """What the actor's device may hold: place x subject x view."""
    buckets = [f"reference:{actor.county}", f"user:{actor.user}"]
    if actor.may("case.report") or actor.may("task.answer"):
        buckets += [f"grid:{grid}/cases" for grid in actor.grids]
    if actor.may("case.handle"):
        buckets.append(f"org:{actor.org}/cases")
    if actor.may("person.browse"):
        buckets += [f"grid:{grid}/rooms" for grid in actor.grids]
        if actor.device_people != "nothing":
            buckets += [f"grid:{grid}/people.masked" for grid in actor.grids]
        if actor.device_people == "full" and actor.may("person.full"):
            buckets += [f"grid:{grid}/people.full" for grid in actor.grids]
    return buckets
