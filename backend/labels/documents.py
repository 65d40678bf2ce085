"""Labels as devices hold them."""

from backend.core.rows import row_kind
from backend.labels.structs import Label


def _of_county(label: Label) -> frozenset[str]:
    return frozenset((f"reference:{label.county}",))


KINDS = (row_kind("label", "label", Label, lambda label: label, _of_county),)
