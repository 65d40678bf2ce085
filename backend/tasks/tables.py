"""The generic task. Whoever must answer is a user, a post or an org's pool."""

from piccolo.columns import UUID, Integer, Text, Timestamptz, Varchar
from piccolo.table import Table


class Task(Table, tablename="task"):
    """One thing to answer by a time; the struct is backend.tasks.structs.Task."""

    id = UUID(primary_key=True)
    version = Integer()
    kind = Varchar(32)
    subject_kind = Varchar(32)
    subject = UUID(index=True)
    title = Text()
    county = Varchar(32)
    area_path = Text()
    user = UUID(null=True, default=None)
    post = UUID(null=True, default=None)
    org = Varchar(32, null=True, default=None)
    claimed_by = UUID(null=True, default=None)
    state = Varchar(16)
    opened_at = Timestamptz()
    yellow_at = Timestamptz(null=True, default=None)
    due_at = Timestamptz(null=True, default=None)
    answered_at = Timestamptz(null=True, default=None)
    verdict = Text(null=True, default=None)
