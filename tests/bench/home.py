"""cases: lists of 100,000 cases for a district-wide actor."""

from tests.bench.figures import Figure


async def run() -> list[Figure]:
    return []
