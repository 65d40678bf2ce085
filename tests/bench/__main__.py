"""`make bench`: one JSON line a figure, ours beside the floor it is compared with.

python -m tests.bench [name]   `sync` runs all of sync_first, sync_changes …
"""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from tests.bench import (
    cases,
    engine,
    home,
    push,
    sync_changes,
    sync_device,
    sync_first,
    sync_live,
    sync_overload,
)
from tests.bench.figures import Figure

BENCHES: dict[str, Callable[[], Coroutine[Any, Any, list[Figure]]]] = {
    "push": push.run,
    "cases": cases.run,
    "home": home.run,
    "engine": engine.run,
    "sync_first": sync_first.run,
    "sync_device": sync_device.run,
    "sync_changes": sync_changes.run,
    "sync_live": sync_live.run,
    "sync_overload": sync_overload.run,
}
KEPT = Path("bench.json")


def main() -> None:
    """Run all benches, or those named."""
    asked = sys.argv[1:] or list(BENCHES)
    names = [name for name in BENCHES if any(f"{name}_".startswith(f"{each}_") for each in asked)]
    kept = []
    for name in names:
        for figure in asyncio.run(BENCHES[name]()):
            line = figure.line()
            print(json.dumps(line), flush=True)
            kept.append(line)
    KEPT.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
