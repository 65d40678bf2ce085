"""The generic task: one thing that one user, post or org pool must answer by a time."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

TaskKind = Literal["verify", "check", "recollect"]
"""Kinds registered so far; more come with their domains."""

TaskState = Literal["open", "answered", "void"]


class Task(Struct, frozen=True, kw_only=True):
    """Exactly one of `user`, `post`, `org` must answer. This is also the device's document."""

    id: UUID
    version: int
    kind: str
    subject_kind: str  # 'case'
    subject: UUID
    title: str
    county: str
    area_path: str
    user: UUID | None = None
    post: UUID | None = None
    org: str | None = None
    claimed_by: UUID | None = None
    state: TaskState
    opened_at: datetime
    yellow_at: datetime | None = None
    due_at: datetime | None = None
    answered_at: datetime | None = None
    verdict: str | None = None
