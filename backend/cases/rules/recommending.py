"""Whom to give a case to: the dispatch matrix's word, and what was done with cases like it."""

from collections import Counter
from collections.abc import Mapping, Sequence

from backend.cases.views import Recommendation
from backend.catalogue.structs import DispatchRule

FEWEST = 3
"""Fewer like cases than this say nothing."""
SHARE = 0.2
"""An org that closed less than this share of them is not named."""


def recommendations(
    rule: DispatchRule | None, closed: Sequence[str], days: int, names: Mapping[str, str]
) -> list[Recommendation]:
    """The orgs to choose from, the matrix's first, then by how many like cases they closed; each
    with its reasons.

    closed: the main org of each case of the same subclass near by, closed within `days`. names: of
    the orgs there are; others are not named.
    """
    counts = Counter(org for org in closed if org in names)
    reasons: dict[str, list[str]] = {}
    if rule is not None and rule.org in names:
        reasons[rule.org] = [f"派遣规则:类别 {rule.category or '全部'},区划 {rule.area}"]
    if len(closed) >= FEWEST:
        for org, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
            if count >= SHARE * len(closed):
                said = f"近 {days} 天附近同类 {len(closed)} 件中 {count} 件由{names[org]}处置"
                reasons.setdefault(org, []).append(said)
    return [Recommendation(org, names[org], why) for org, why in reasons.items()]
