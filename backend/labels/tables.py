"""Label definitions; what carries one keeps its code."""

from piccolo.columns import UUID, Date, Integer, Text, Varchar
from piccolo.table import Table


class Label(Table, tablename="label"):
    """标签: the struct is backend.labels.structs.Label."""

    id = UUID(primary_key=True)  # derived_id("label", county, code)
    county = Varchar(32, index=True)
    code = Varchar(32)
    name = Text()
    kind = Varchar(16)
    definition = Text(default="")
    org = Varchar(32)
    area = Varchar(32)
    colour = Varchar(16)
    valid_from = Date()
    valid_to = Date(null=True, default=None)
    version = Integer(default=1)
