# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of docs/witness.md have every message that the stores and the records can give."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[4]
UTILS = ROOT / "plugins" / "module_utils"
PAGE = (ROOT / "docs" / "witness.md").read_text(encoding="utf-8")
STORE = sorted((UTILS / "agent" / "store").glob("*.py"))
RECORDS = [
    UTILS / "ha" / "ownership" / name for name in ("records.py", "memory.py", "sightings.py", "fencing.py")
]
# Calls whose argument of this number is a message.
CALLS = {"Failure": 1, "StoreOutage": 0, "StandbyError": 0, "BadRecord": 0, "NewerRecord": 0}


def text(node: ast.AST) -> str:
    """What a literal says, with dots for what is put in; "" where it is none."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(one.value) if isinstance(one, ast.Constant) else "..." for one in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def is_meaning(parts: list[ast.expr]) -> bool:
    """Whether a tuple ends with a clause, a remedy, and whether waiting does not help."""
    last = parts[-1] if len(parts) in (3, 4) else None
    return isinstance(last, ast.Constant) and isinstance(last.value, bool)


def messages(path: Path) -> Iterator[str]:
    """Every text of a module that is the problem of a failure."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            place = 0 if name == "__init__" else CALLS.get(name, len(node.args))
            yield from map(text, node.args[place : place + 1])
            yield from (text(one.value) for one in node.keywords if one.arg == "problem")
            if name == "Seen":
                yield from map(text, node.args[4:5])
        elif isinstance(node, ast.Tuple) and is_meaning(node.elts):
            yield text(node.elts[-3])
        elif isinstance(node, ast.Assign) and path.name == "records.py":
            yield text(node.value) if getattr(node.targets[0], "id", "") == "told" else ""
        elif isinstance(node, ast.Return) and path.name == "placement.py" and node.value is not None:
            yield text(node.value)


def clause(message: str) -> str:
    """What stands in a message between the name of what it is about and the particulars."""
    begun = re.sub(r"^(the witness (etcd (?=cannot)|\.\.\. )|\.\.\. (?!is another))", "", message)
    return re.split(r" \(|: |, ", begun)[0]


def clauses(paths: list[Path]) -> set[str]:
    found = {clause(message) for path in paths for message in messages(path)}
    return {one for one in found if one.strip(". ()")}


def documented(table: str) -> set[str]:
    rows = [line.split(" | ")[0].strip("| ").replace("`", "") for line in table.strip().splitlines()]
    return {one for row in rows for one in row.split(" / ")}


def tables() -> list[str]:
    return [one.split("\n\n")[0] for one in PAGE.split("| message | what to do |\n| --- | --- |\n")[1:]]


def test_every_message_of_the_stores_and_no_other_is_documented():
    assert documented(tables()[0]) == clauses(STORE)


def test_every_message_about_records_and_no_other_is_documented():
    assert documented(tables()[1]) == clauses(RECORDS)
