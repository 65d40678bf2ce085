"""What an act stands on besides the case, and how it can fail."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from backend.catalogue.flow import Flow
from backend.catalogue.queries import Catalogue
from backend.catalogue.structs import Category
from offline.wire import Reason


class Impossible(Exception):
    """The act cannot be done as it is: `reason` says why and names the field."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


class Fit(Struct, frozen=True):
    """Someone who may verify and check in the case's grid, with the tasks on their hands."""

    user: UUID
    open_tasks: int = 0


class Doing(Struct, frozen=True, kw_only=True):
    """Who acts and when, and the city's tables. `user`, `post` and `org` are null by rule."""

    command: UUID
    user: UUID | None
    post: UUID | None
    org: str | None
    permissions: frozenset[str] = frozenset()
    occurred_at: datetime
    received_at: datetime
    at: datetime  # when it counts
    flow: Flow
    category: Category | None
    catalogue: Catalogue
    parents: dict[str, str | None]  # org -> its parent
    workers: list[Fit]  # who may verify and check in the case's grid
    org_names: dict[str, str] = {}
    place: tuple[str, str] | None = None  # grid and area path of the position that the act amends
