"""People and rooms. What is known of a record is the sum of its writes (`registry_write`); the
columns of `person` and `room` are what they are found by.
"""

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    Bytea,
    Integer,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table


class Person(Table, tablename="person"):
    """人员. Nothing here can be read as a name, a number or a phone: they are keyed hashes."""

    id = UUID(primary_key=True)
    version = Integer()
    county = Varchar(32)
    grid = Varchar(32)
    area_path = Text()
    places = JSONB()
    room = UUID(null=True, default=None)
    disputed = Array(base_column=Text())
    name_parts = Array(base_column=Text())
    number_blind = Bytea(null=True, default=None)
    phone_blind = Bytea(null=True, default=None)


class Room(Table, tablename="room"):
    """房屋."""

    id = UUID(primary_key=True)
    version = Integer()
    county = Varchar(32)
    grid = Varchar(32)
    area_path = Text()
    places = JSONB()
    disputed = Array(base_column=Text())
    address = Text()


class RegistryWrite(Table, tablename="registry_write"):
    """What one command said of a record; the struct is backend.registry.structs.Write. Personal
    values are in `sealed_value`, under the record's own key; `sealed` names them by field.
    """

    id = UUID(primary_key=True)
    entity = UUID()
    version = Integer()
    base = Integer()
    after = Array(base_column=Text())
    at = Timestamptz()
    received_at = Timestamptz()
    user = UUID(null=True, default=None)
    post = UUID(null=True, default=None)
    source = Varchar(16)
    values = JSONB()
    sealed = JSONB()
