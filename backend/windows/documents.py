"""Indicators and score cards as rows that an import writes. Devices ask the server for figures."""

from backend.core.rows import row_kind
from backend.windows.structs import Indicator, Scorecard

KINDS = (
    row_kind("indicator", "indicator", Indicator),
    row_kind("scorecard", "scorecard", Scorecard),
)
