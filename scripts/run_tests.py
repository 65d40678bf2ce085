"""Every test, Python's and TypeScript's, with one closing line: `python -m scripts.run_tests`."""

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

from msgspec import Struct


class Tally(Struct, frozen=True):
    """How many tests passed and failed; one that could not start failed."""

    passed: int = 0
    failed: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.passed + other.passed, self.failed + other.failed)


def tally(report: Path, exit_code: int) -> Tally:
    """Read a JUnit report; a run that broke off without naming a failure counts as one."""
    found = Tally()
    if report.exists():
        for suite in ET.parse(report).getroot().iter("testsuite"):
            count = {
                key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")
            }
            bad = count["failures"] + count["errors"]
            found += Tally(count["tests"] - bad - count["skipped"], bad)
    return found if found.failed or not exit_code else found + Tally(failed=1)


def main() -> int:
    """Run vitest, then pytest unless that failed; answers the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        vitest, pytest = Path(folder) / "vitest.xml", Path(folder) / "pytest.xml"
        runs = {
            vitest: ["npx", "vitest", "run", "--bail=1", "--reporter=default", "--reporter=junit",
                     f"--outputFile.junit={vitest}"],
            pytest: [sys.executable, "-m", "pytest", "-x", "-q", "-n", "2", "--dist", "loadfile",
                     f"--junitxml={pytest}"],
        }  # fmt: skip
        total = Tally()
        for report, command in runs.items():
            exit_code = subprocess.run(command, check=False).returncode
            total += tally(report, exit_code)
            if total.failed:
                break
    print(f"{total.passed} passed, {total.failed} failed", flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
