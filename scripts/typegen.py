"""Python structs -> JSON Schema -> TypeScript: `python -m scripts.typegen [--check]`.

One line in MODULES makes one file `shared-schemas/schemas/<name>.json` and one
`shared-schemas/types/<name>.ts`. What the server writes, and what a device writes whole, has every
field required; requests and payloads may leave out fields with a default.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from backend.app import deciding, kept
from backend.app.configuring import views as settings
from backend.cases import structs as cases
from backend.cases import views
from backend.cases.exporting import views as exporting
from backend.catalogue import structs as catalogue
from backend.directory import structs as directory
from backend.labels import structs as labels
from backend.registry import structs as registry
from backend.tasks import structs as tasks
from backend.windows import views as windows
from offline import wire

Schema = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = Path("shared-schemas/schemas")
TYPES = Path("shared-schemas/types")
BANNER = (
    "/* Made by scripts/typegen.py from the Python structs; change those, then `make types`. */"
)

NOISE = re.compile(
    r"export interface \w+ \{\n  \[k: string\]: unknown;\n\}\n"
    r"|^ \*\n \* This interface was referenced by .*\n \* via the `definition` .*\n"
    r"|^ +/\*\*\n +\* @\w+Items \d+\n +\*/\n",
    re.MULTILINE,
)

WHOLE: dict[str, list[type]] = {
    "wire": [
        wire.Command,
        wire.PushRequest,
        wire.PushResponse,
        wire.PullRequest,
        wire.PullResponse,
    ],
    "cases": [
        cases.Case,
        views.CaseList,
        views.CaseDetail,
        views.Counts,
        views.MapPoints,
        views.SimilarCase,
        views.Suggestion,
        views.RequestList,
        views.SavedSearch,
        exporting.Export,
    ],
    "tasks": [tasks.Task],
    "catalogue": [
        catalogue.Category,
        catalogue.Calendar,
        catalogue.FlowDocument,
        catalogue.FormDocument,
        catalogue.TargetGroup,
    ],
    "admin": [kept.KeptList],
    "labels": [labels.Label],
    "registry": [
        registry.PersonDocument,
        registry.PersonFull,
        registry.RoomDocument,
        registry.PersonDetail,
        registry.PersonPage,
        registry.RoomPage,
        registry.FieldChange,
    ],
    "windows": [windows.Evaluation, windows.Drill],
    "settings": [
        settings.KindView,
        settings.RowList,
        settings.Preview,
        settings.Applied,
        settings.HistoryEntry,
    ],
    "directory": [
        directory.Area,
        directory.Org,
        directory.Post,
        directory.User,
        directory.PersonView,
        directory.SessionView,
        directory.DeviceView,
        directory.DeviceList,
    ],
}
PARTIAL: dict[str, list[type]] = {
    "commands": [
        cases.ReportCase,
        cases.ActOnCase,
        cases.MergeCases,
        cases.SplitCase,
        cases.HandOver,
        deciding.DecideCommand,
        registry.RecordPerson,
        registry.EditPerson,
        registry.RecordRoom,
        registry.EditRoom,
        registry.SettleDispute,
    ],
    "requests": [
        directory.SignIn,
        directory.SwitchPost,
        directory.ChangePassword,
        directory.RenameDevice,
        views.Reveal,
        views.SaveSearch,
        exporting.AskExport,
        registry.FindRecords,
        registry.Unmask,
    ],
}


def schema_of(structs: list[type], *, whole: bool) -> Schema:
    """JSON Schema 2020-12 whose $defs are these structs and all that they name."""
    _, definitions = msgspec.json.schema_components(structs, ref_template="#/$defs/{name}")
    if whole:
        for definition in definitions.values():
            if "properties" in definition:
                definition["required"] = list(definition["properties"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": dict(sorted(definitions.items())),
    }


def for_typescript(node: object, *, inside: bool = True) -> object:
    """The same schema as json-schema-to-typescript reads it: tuples by `items`, and without the
    titles and defaults that would name or annotate every field.
    """
    if isinstance(node, list):
        return [for_typescript(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {
        key: for_typescript(value, inside=key not in ("properties", "$defs"))
        for key, value in node.items()
        if not (inside and key in ("title", "default", "propertyNames"))
    }
    if inside and "prefixItems" in kept:
        kept["items"] = kept.pop("prefixItems")
    return kept


def generate() -> dict[Path, str]:
    """Text of every generated file by its path from the root."""
    schemas = {name: schema_of(structs, whole=True) for name, structs in WHOLE.items()}
    schemas |= {name: schema_of(structs, whole=False) for name, structs in PARTIAL.items()}
    files = {
        SCHEMAS / f"{name}.json": json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
        for name, schema in schemas.items()
    }
    with tempfile.TemporaryDirectory(dir=ROOT / TYPES) as folder:
        for name, schema in schemas.items():
            (Path(folder) / f"{name}.json").write_text(json.dumps(for_typescript(schema)))
        subprocess.run(
            [
                ROOT / "node_modules/.bin/json2ts",
                *("--input", folder, "--output", folder),
                *("--unreachableDefinitions", "--no-additionalProperties", "--maxItems=-1"),
                *("--no-style.singleQuote", f"--bannerComment={BANNER}"),
            ],
            check=True,
            cwd=ROOT,
        )
        for name in schemas:
            text = (Path(folder) / f"{name}.d.ts").read_text()
            files[TYPES / f"{name}.ts"] = NOISE.sub("", text)
    exports = "".join(f'export type * as {name} from "./{name}";\n' for name in sorted(schemas))
    files[TYPES / "index.ts"] = f"{BANNER}\n\n{exports}"
    return files


def main() -> int:
    """Write the files, or with --check say which are stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if a file is stale")
    check = parser.parse_args().check
    files = generate()
    stale = [
        path
        for path, text in files.items()
        if not (ROOT / path).exists() or (ROOT / path).read_text() != text
    ]
    expected = {*files, TYPES / "package.json"}
    strays = [
        path.relative_to(ROOT)
        for folder in (SCHEMAS, TYPES)
        for path in (ROOT / folder).iterdir()
        if path.is_file() and path.relative_to(ROOT) not in expected
    ]
    if check:
        for path in stale + strays:
            sys.stderr.write(f"stale: {path} (run `make types`)\n")
        return 1 if stale or strays else 0
    for path in stale:
        (ROOT / path).write_text(files[path])
    for path in strays:
        (ROOT / path).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
