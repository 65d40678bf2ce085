"""Reading a county's labels."""

from backend.core.rows import select_rows
from backend.labels.structs import Label
from offline.ports import Connection


async def load_labels(conn: Connection, county: str) -> list[Label]:
    """All of them, those no longer valid too."""
    return await select_rows(conn, "label", Label, "county = $1", county)
