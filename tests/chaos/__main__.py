"""`python -m tests.chaos SECONDS [SEED]`: chaos for so long, and one JSON line at the end."""

import asyncio
import json
import secrets
import sys

from tests.chaos.run import evidence, perform, say


def main() -> int:
    """Exit code 0 when nothing was lost, doubled or unexplained."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else secrets.randbelow(1 << 32)
    say(f"seed {seed}")
    report = asyncio.run(perform(seconds, seed))
    say(f"weather {dict(sorted(report.weather.items()))} in {report.requests} requests")
    say(f"disasters {dict(sorted(report.disasters.items()))}")
    if not report.findings.clean:
        say(evidence(report))
    print(json.dumps(report.line()))
    return 0 if report.findings.clean else 1


if __name__ == "__main__":
    sys.exit(main())
