"""A minute of chaos with a fresh seed: nothing lost, nothing doubled, nothing unexplained."""

import asyncio
import os
import secrets

from tests.chaos.run import evidence, perform

SECONDS = 40
"""On a free machine; with its beginning and end about a minute."""


def test_nothing_is_lost_or_doubled_in_a_storm() -> None:
    seed = int(os.environ.get("SEED") or secrets.randbelow(1 << 32))
    print(f"chaos seed {seed}")
    report = asyncio.run(perform(SECONDS, seed))
    assert report.findings.clean, evidence(report)
    assert report.findings.operations > 0
    assert report.weather.total() > 0
