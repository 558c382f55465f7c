# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers import downwards only. What is imported for its types counts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

MODULE_UTILS = Path(__file__).parents[2] / "plugins" / "module_utils"
LAYERS = ("wsman", "windows", "ha", "control", "agent", "monitor")


def imports(layer: str) -> Iterator[tuple[str, str, str]]:
    """File, imported module below module_utils, imported name."""
    for file in sorted((MODULE_UTILS / layer).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level >= 2:
                for name in node.names:
                    yield file.name, node.module or name.name, name.name


@pytest.mark.parametrize("layer", LAYERS)
def test_no_layer_imports_one_above_it(layer: str) -> None:
    above = LAYERS[LAYERS.index(layer) + 1 :]
    assert [found for found in imports(layer) if found[1].partition(".")[0] in above] == []


def test_decisions_read_no_node() -> None:
    assert [found for found in imports("ha") if found[2].startswith("read_") or found[2] == "Node"] == []
