"""The directory's kinds: what devices hold of places, orgs, posts and colleagues."""

from backend.core.rows import row_kind
from backend.directory.states import (
    AppointmentState,
    AreaState,
    OrgState,
    PostState,
    RoleState,
    UserState,
)
from backend.directory.structs import Area, Org, Post, User


def _of_county(state: AreaState | OrgState | PostState | UserState) -> frozenset[str]:
    return frozenset((f"reference:{state.county}",))


def _for_the_server(_: RoleState | AppointmentState) -> frozenset[str]:
    """No device holds this bucket; by its newest row the server sees that its memory is stale."""
    return frozenset(("server",))


def _area(state: AreaState) -> Area:
    return Area(
        id=state.id,
        version=state.version,
        code=state.code,
        name=state.name,
        kind=state.kind,
        level=state.level,
        parent=state.parent,
        path=state.path,
        valid_from=state.valid_from,
        valid_to=state.valid_to,
        polygon=None if state.kind == "administrative" else state.polygon,
        longitude=state.longitude,
        latitude=state.latitude,
    )


def _org(state: OrgState) -> Org:
    return Org(
        id=state.id,
        version=state.version,
        code=state.code,
        name=state.name,
        kind=state.kind,
        parent=state.parent,
        area=state.area,
    )


def _post(state: PostState) -> Post:
    return Post(
        id=state.id,
        version=state.version,
        code=state.code,
        name=state.name,
        org=state.org,
        role=state.role,
        areas=state.areas,
    )


def _user(state: UserState) -> User:
    return User(id=state.id, version=state.version, code=state.code, name=state.name)


KINDS = (
    row_kind("area", "area", AreaState, _area, _of_county),
    row_kind("org", "org", OrgState, _org, _of_county),
    row_kind("role", "role", RoleState, buckets=_for_the_server),
    row_kind("post", "post", PostState, _post, _of_county),
    row_kind("user", "app_user", UserState, _user, _of_county),
    row_kind("appointment", "appointment", AppointmentState, buckets=_for_the_server),
)
