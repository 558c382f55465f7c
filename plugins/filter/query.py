# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""JMESPath queries on results, without a dependency on another collection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

try:
    import jmespath
except ImportError:
    jmespath = None

DOCUMENTATION = r"""
name: query
short_description: Select from a result with a JMESPath expression
version_added: "1.0.0"
description:
  - Evaluates a JMESPath expression on a data structure, such as the result of M(standby.iis.hierarchy_info).
author:
  - The standby.iis authors (!UNKNOWN)
requirements:
  - jmespath (Python library, on the controller)
options:
  _input:
    description: The data.
    type: raw
    required: true
  expression:
    description: The JMESPath expression.
    type: str
    required: true
positional: expression
seealso:
  - name: JMESPath
    description: The language of the expressions.
    link: https://jmespath.org/
"""

EXAMPLES = r"""
- name: Show which node has what in service
  ansible.builtin.debug:
    msg: "{{ found.hierarchies | standby.iis.query('[].{name: name, owner: owner}') }}"
"""

RETURN = r"""
_value:
  description: What the expression selects, null where it selects nothing.
  type: raw
"""


def query(data: object, expression: str) -> object:
    """What a JMESPath expression selects from data.

    Raises:
        AnsibleFilterError: jmespath is not installed, or the expression is malformed.
    """
    if jmespath is None:
        raise AnsibleFilterError(
            "standby.iis.query needs jmespath: install it with the Python that runs Ansible"
        )
    try:
        return jmespath.search(expression, _plain(data))
    except jmespath.exceptions.JMESPathError as error:
        raise AnsibleFilterError(f"standby.iis.query: {expression!r}: {error}") from error


def _plain(data: object) -> object:
    """The same data in Python's own types: jmespath knows no others, and Ansible tags its values."""
    if isinstance(data, dict):
        return {str(key): _plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_plain(value) for value in data]
    for exact in (str, bool, int, float):
        if isinstance(data, exact):
            return exact(data)
    return data


class FilterModule:
    """Filters of this collection."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> function."""
        return {"query": query}
