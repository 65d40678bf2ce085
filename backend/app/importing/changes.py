"""What the ledger says of a change of configuration: each field's old and new value."""

from hashlib import sha256
from typing import Any

import msgspec

from backend.catalogue.flow import Flow
from backend.catalogue.form import Form
from backend.core.sheets.shelf import Difference
from backend.directory.structs import MultiPolygon, Polygon

PERSONAL = {"user": frozenset(("name",))}
"""Fields of a kind whose values the ledger must not hold: only that they changed."""
_BESIDES = frozenset(("id", "version", "county"))
"""What every line of the ledger says anyway."""
_KEYS = ("county", "code", "category", "area", "org", "user", "post")


def facts_of(each: Difference[Any]) -> dict[str, Any]:
    """`old` (of what was changed) and `new` (of what is new, every field) by field. A list of parts
    (a category's standards, a calendar's days) is told by the parts that differ; a flow, a form or
    a polygon by its digest, a flow or form with its version too: they are kept whole themselves.
    """
    hidden = PERSONAL.get(each.kind, frozenset())
    fields = each.fields or tuple(
        name for name in each.after.__struct_fields__ if name not in _BESIDES
    )
    shown = [name for name in fields if name not in hidden]
    facts: dict[str, Any] = {"status": each.status, "fields": list(each.fields)}
    facts["new"] = {name: _told(getattr(each.after, name)) for name in shown}
    if each.before is not None:
        facts["old"] = {name: _told(getattr(each.before, name)) for name in shown}
        for name in shown:
            old, new = facts["old"][name], facts["new"][name]
            if _parts(old) and _parts(new):
                facts["old"][name] = [part for part in old if part not in new]
                facts["new"][name] = [part for part in new if part not in old]
    return {**_key(each.after), **facts}


def _key(state: Any) -> dict[str, str]:
    """The codes by which people know a row; never a person's name."""
    return {
        name: getattr(state, name) for name in _KEYS if isinstance(getattr(state, name, None), str)
    }


def _told(value: Any) -> Any:
    match value:
        case Flow() | Form():
            return {"code": value.code, "version": value.version, "digest": _digest(value)}
        case Polygon() | MultiPolygon():
            return {"digest": _digest(value)}
        case _:
            return msgspec.to_builtins(value)


def _digest(value: Any) -> str:
    return sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()


def _parts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, dict) for part in value)
