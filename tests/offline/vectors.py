"""The examples that both ends of the protocol are tested against."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "offline/vectors"


def load(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text())


SEAL, COMMANDS = load("seal"), load("commands")
