"""A form as data: groups, repeats and fields. A city loads it; one renderer shows it.

Required, visible, allowed, default and calculated values are expressions
(backend/catalogue/expressions.py), evaluated alike on the server and on the phone.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Expression = Annotated[str, Meta(max_length=500)]
"""An expression over the answers and the case, e.g. `${kind} = 'other' and ${people} > 3`."""

Answers = dict[str, Any]
"""Answers by field name. A group's are its own dict, a repeat's a list of dicts; the form says what
each value is, and `backend.catalogue.forms.checking` checks it.
"""

Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$", max_length=32)]
FieldKind = Literal[
    "text",  # str
    "number",  # int or float
    "datetime",  # RFC 3339 with offset
    "choice",  # an option's code
    "choices",  # codes
    "cascade",  # the codes from the root to the leaf
    "photo",  # media ids, role "form"
    "audio",  # media ids
    "file",  # media ids
    "position",  # backend.core.position.Position
    "person",  # a user id
    "org",  # an org code
    "note",  # shown, never answered
    "calculated",  # the value of `calculation`, shown
]


class Option(Struct, frozen=True):
    """One allowed value. `parent` places it under another in a cascade."""

    code: Annotated[str, Meta(min_length=1, max_length=64)]
    name: str
    parent: str | None = None


class Field(Struct, frozen=True, kw_only=True, tag="field"):
    """One question. An expression left empty does not apply; `.` in `constraint` is the answer."""

    name: Name
    label: str
    kind: FieldKind
    hint: str = ""
    required: Expression = ""  # "true()" always
    visible: Expression = ""
    constraint: Expression = ""
    constraint_message: str = ""
    default: Expression = ""
    calculation: Expression = ""
    choices: list[Option] = []
    minimum: float | None = None  # number: value; text: characters; choices and media: how many
    maximum: float | None = None
    multiline: bool = False
    personal: bool = False  # masked unless the post may see it


class Group(Struct, frozen=True, kw_only=True, tag="group"):
    """Fields under one heading."""

    name: Name
    label: str
    items: list["Item"]
    visible: Expression = ""


class Repeat(Struct, frozen=True, kw_only=True, tag="repeat"):
    """The same fields several times: one for each vehicle, each witness."""

    name: Name
    label: str
    items: list["Item"]
    visible: Expression = ""
    minimum: int = 0
    maximum: int = 50


Item = Field | Group | Repeat


class Form(Struct, frozen=True, kw_only=True):
    """A form with its version; a filled form names the version it was filled with."""

    code: Name
    name: str
    version: Annotated[int, Meta(ge=1)]
    items: list[Item]


class FormRef(Struct, frozen=True):
    """Which form was filled."""

    code: Name
    version: int
