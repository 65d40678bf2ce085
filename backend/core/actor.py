"""Who acts: a user in one post, with the rights and the reach of that post at that time."""

from typing import Literal
from uuid import UUID

from msgspec import Struct

from backend.core.errors import Problem

DevicePeople = Literal["nothing", "masked", "full"]


class Actor(Struct, frozen=True):
    """A session's or a command's author. `areas` are paths ('330304/330304001'); what lies under
    one of them is within reach. `grids` are the codes of those areas that are grids. `categories`
    are code prefixes; none means all. `device_people` is what of people the county lets any
    device hold.
    """

    user: UUID
    post: UUID
    org: str
    role: str
    county: str
    areas: tuple[str, ...]
    categories: tuple[str, ...]
    permissions: frozenset[str]
    grids: tuple[str, ...] = ()
    device: UUID | None = None
    session: UUID | None = None
    ip: str | None = None
    device_people: DevicePeople = "masked"

    def may(self, permission: str) -> bool:
        """Whether the post holds a named permission."""
        return permission in self.permissions

    def demand(self, permission: str) -> None:
        """Raise Problem 403 `forbidden` unless the post holds the permission."""
        if not self.may(permission):
            raise Problem(403, "forbidden", "您当前的岗位没有这项权限", field=permission)

    def covers(self, area_path: str) -> bool:
        """Whether a place lies in the post's areas."""
        return any(area_path == area or area_path.startswith(area + "/") for area in self.areas)
