"""A device's honest log, kept outside the system: what it says it wrote, heard and holds."""

import json
from pathlib import Path
from typing import Any, TextIO


class Diary:
    """One device's file of JSON lines, written through at once. `event` names each line.

    wrote: a command is on the device's disk (command, digest, type, after, corrects, author; media:
    id to SHA-256). said: the app told its user that it is recorded (command). heard: an outcome of
    one (command, outcome, receipt, reasons). arrived: the service said that it has all bytes of a
    photo (media, sha256). reset: why a pull began anew. unverified, checksum_differs: what did not
    add up. holds: the end (user, epoch, buckets, members, documents, queue, media).
    """

    def __init__(self, path: Path) -> None:
        self._file: TextIO = path.open("a", encoding="utf-8")

    def note(self, event: str, **said: Any) -> None:
        self._file.write(json.dumps({"event": event} | said, ensure_ascii=False) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def read_diaries(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Every device's lines, by the device's name."""
    return {
        path.stem: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for path in sorted(folder.glob("*.jsonl"))
    }
