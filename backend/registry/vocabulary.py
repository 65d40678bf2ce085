"""The registry's code tables, shared with every app: GB/T 2261.1 (sex), GB/T 3304 (ethnic groups),
GA/T 517 (papers); kinds of people and the use and occupancy of rooms have no national code.
"""

import json
from pathlib import Path

VOCABULARY: dict[str, dict[str, str]] = json.loads(
    (Path(__file__).parents[2] / "shared-schemas/vocabularies/registry.json").read_text("utf-8")
)
"""Names by code, by table."""
