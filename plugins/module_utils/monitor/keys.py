# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The key of a cluster on all its nodes: made once, changed in rounds so that agents always know each other.

A key is the text of a line of ``cluster.key``. Its first line signs, all lines are accepted
(``agent/peers/keys.py``). A round is written on every node before the next one begins.

Between the first round and the last one some node has more than one key: so a change that broke off is seen.
Which of them is the old one cannot be seen (``a: X, b: X Y`` is the first round on the way to Y, or the last
one on the way to X). It is finished with a fresh key, so that the old one is gone in either case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..agent.peers.keys import read_keys
from ..errors import StandbyError

Keys = tuple[str, ...]
Round = Mapping[str, Keys]


def parse(data: bytes, node: str) -> Keys:
    """The keys in a file.

    Raises:
        StandbyError: it holds none, or a line is no key; the message names the line, never what it holds.
    """
    try:
        read_keys(data)
    except StandbyError as error:
        error.node = node
        raise
    lines = (line.strip() for line in data.decode("utf-8-sig").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def text(keys: Keys) -> bytes:
    """The file that holds keys."""
    return "".join(f"{key}\n" for key in keys).encode("ascii")


def rounds(found: Mapping[str, Keys], fresh: str, *, rotate: bool) -> list[Round]:
    """What to write, round by round: in the end every node has one key, the same.

    Args:
        found: node -> its keys, none where it has no file; every node of the cluster.
        fresh: a new key, for the first installation and for a rotation.
        rotate: the key is changed, though all nodes have the same one. A change that broke off is finished
            without being asked for.

    Returns:
        Rounds in order, each with the nodes that it changes; none where nothing is to be done.
    """
    signing = tuple(dict.fromkeys(keys[0] for keys in found.values() if keys))
    broke_off = any(len(keys) > 1 for keys in found.values())
    target = fresh if rotate or broke_off or not signing else signing[0]
    return list(_changes(found, (*signing, target), target))


def _changes(found: Mapping[str, Keys], known: Keys, target: str) -> Iterator[Round]:
    """Known everywhere, then signing everywhere, then alone; what signs nowhere is needed nowhere."""
    now = dict(found)
    for wanted in (
        {node: tuple(dict.fromkeys((*keys[:1], *known))) for node, keys in found.items()},
        {node: tuple(dict.fromkeys((target, *known))) for node in found},
        dict.fromkeys(found, (target,)),
    ):
        changed = {node: keys for node, keys in wanted.items() if now[node] != keys}
        now.update(changed)
        if changed:
            yield changed
