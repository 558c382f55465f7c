# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Dns resources: declared, tried on their servers, removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..errors import StandbyError, foreseen
from ..ha.addressing import canonical
from ..ha.dns import validated
from ..ha.facts import Scope
from ..ha.graph import hierarchies
from ..ha.model import Cluster, Dns, Hierarchy, Ip, Volume
from ..ha.status import State, status
from ..node import Clock
from . import dns_client, store
from .agent_guard import to_take_up
from .declared import PENDING_SPEC, pending_resources
from .dns_record import TIMEOUT, Keys, ensure, key_of
from .dns_tcp import exchange
from .fleet import Fleet
from .membership import NAME
from .outcome import Outcome
from .records import Due, due, failed, not_updated
from .site import with_pending
from .survey import survey

DNS_SPEC: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "zone": {"type": "str"},
    "type": {"type": "str", "choices": ["A", "AAAA"]},
    "ip": {"type": "str"},
    "servers": {"type": "list", "elements": "str"},
    "ttl": {"type": "int", "default": 60},
    "key": {"type": "str", "no_log": False},
    "pending": {"type": "dict", "options": {"ips": PENDING_SPEC["ips"]}},
}


@dataclass(frozen=True)
class DnsRequest:
    """What an operator asks of a record.

    Attributes:
        record: as it was given.
        type: where it was said, for comparison.
        pending: addresses that earlier tasks declare; in check mode, where those declare nothing, they count
            as declared.
    """

    record: Dns
    type: str | None = None
    pending: tuple[Ip | Volume, ...] = ()


def dns_request(params: Mapping[str, Any], nodes: Sequence[str]) -> DnsRequest:
    """A record as requested, from options by ``DNS_SPEC``.

    Args:
        params: the options.
        nodes: those of an address that names none.

    Raises:
        StandbyError: an option is missing.
    """
    for option in ("zone", "ip", "servers"):
        if not params[option]:
            raise StandbyError(
                f"has no {option}", resource=f"dns {params['name']}", remedy=f"Give the option {option}"
            )
    ip = canonical(params["ip"].partition("/")[0])
    servers = tuple(params["servers"])
    record = Dns(params["name"], params["zone"], ip, servers, params["ttl"], params["key"] or "")
    return DnsRequest(record, params["type"], pending_resources(params["pending"], nodes))


def ensure_dns(fleet: Fleet, request: DnsRequest, keys: Keys, check: bool, *, clock: Clock) -> Outcome:
    """Have a record declared, and its servers say where its hierarchy is in service.

    Args:
        fleet: all nodes of the cluster.
        request: what is wanted.
        keys: TSIG keys by name.
        check: only say what would be done.
        clock: for waiting.

    Raises:
        StandbyError: the record does not fit, its servers do not take updates, or a node cannot be read.
    """
    before = store.read_cluster(fleet)
    cluster = before or Cluster(NAME, fleet.names)
    if check:
        cluster = with_pending(cluster, request.pending)
    record = declare_dns(request, cluster)
    existing = next((one for one in cluster.records if one.id == record.id), None)
    after = with_record(cluster, record)
    hierarchy = next(one for one in hierarchies(after) if record in one.records)
    if existing != record:
        _try_servers(record, keys)
    pending = _pending(fleet, hierarchy, record, after)
    notes: list[str] = []
    changed = existing != record or (pending is not None and pending.needed)
    if pending is not None and pending.needed and not check:
        done = ensure(record, pending.value, keys, clock)
        pending = replace(pending, told=done.told)
        if failed(pending, done.updated):
            raise not_updated(pending)
    # Last: a record that no server takes would make every move fail.
    if not check and existing != record:
        notes += store.write_cluster(fleet, before, after)
        notes += to_take_up(fleet, hierarchy.nodes)
    if pending is not None:
        notes += pending.notes
    return _outcome(record, existing, pending, changed, notes)


def declare_dns(request: DnsRequest, cluster: Cluster) -> Dns:
    """The record that a request makes of a definition.

    Raises:
        StandbyError: it does not fit.
    """
    record = validated(request.record, cluster.ips)
    if request.type not in (None, record.type):
        raise StandbyError(
            f"is of type {record.type} by its address {record.ip}, not {request.type}",
            resource=record.id,
            remedy="Leave the option type out, or name an address of that family",
        )
    return record


def with_record(cluster: Cluster, record: Dns) -> Cluster:
    """The definition with a record added, or put in place of the one of that name and type."""
    if any(one.id == record.id for one in cluster.records):
        kept = tuple(record if one.id == record.id else one for one in cluster.records)
        return replace(cluster, records=kept)
    return replace(cluster, records=(*cluster.records, record))


def remove_dns(
    fleet: Fleet, name: str, kind: str | None, keys: Keys, check: bool, *, delete: bool, clock: Clock
) -> Outcome:
    """Have a record declared no more.

    Args:
        fleet: all nodes of the cluster.
        name: of the record.
        kind: A or AAAA; None for whichever there is.
        keys: TSIG keys by name, needed to delete.
        check: only say what would be done.
        delete: delete it from its servers too.
        clock: for waiting.

    Raises:
        StandbyError: no server deletes it, agents would write it again, or a node cannot be read.
    """
    cluster = store.read_cluster(fleet)
    wanted = name.strip().rstrip(".").lower()
    known = cluster.records if cluster is not None else ()
    gone = [one for one in known if one.name == wanted and kind in (None, one.type)]
    if cluster is None or not gone:
        return Outcome(False, f"dns {wanted} is not defined", data={"resource": f"dns {wanted}", "notes": []})
    message = f"{' and '.join(one.id for one in gone)} {'are' if len(gone) > 1 else 'is'} removed"
    message += ", from its servers too" if delete else "; its servers keep what they say"
    before = {one.id: asdict(one) for one in gone}
    outcome = Outcome(True, message, before, {}, {"resource": gone[0].id, "notes": []})
    concerned = [one for one in hierarchies(cluster) if {*gone} & {*one.records}]
    kept = to_take_up(fleet, [node for one in concerned for node in one.nodes])
    if kept and delete:
        raise _kept(gone[0], kept[0])
    if check:
        return outcome
    silent = [note for one in gone if delete for note in _delete(one, keys, clock)]
    left = replace(cluster, records=tuple(one for one in cluster.records if one not in gone))
    notes = [*silent, *store.write_cluster(fleet, cluster, left), *kept]
    return replace(outcome, data={**outcome.data, "notes": notes})


def _kept(record: Dns, why: str) -> StandbyError:
    """What agents have in service, they keep in the DNS: a record that is deleted is back within a minute."""
    return StandbyError(
        f"would be written again by agents: {why}",
        resource=record.id,
        remedy="Remove it without delete_record, run the role monitor, then delete it on its servers",
    )


def _delete(record: Dns, keys: Keys, clock: Clock) -> list[str]:
    """Delete a record from its servers; a sentence for each that is silent.

    Raises:
        StandbyError: it stays, or none of them answers.
    """
    done = ensure(record, None, keys, clock)
    silent = [told for told in done.told if told.values is None]
    kept = [told for told in done.told if told.values]
    gone = [told for told in done.told if told.values == ()]
    if not gone or (kept and not done.updated):
        raise StandbyError(
            f"no server deletes it: {'; '.join(told.words for told in done.told)}",
            resource=record.id,
            remedy="Make one of its servers take the update, or remove it without delete_record",
        )
    return [f"{record.id} may still be there: the server {told.words}" for told in (*silent, *kept)]


def _try_servers(record: Dns, keys: Keys) -> None:
    """Whether any of the servers takes updates with that key: found now, not when a site is down.

    Raises:
        StandbyError: none does; with what each says.
    """
    key = key_of(record, keys)
    said: list[StandbyError] = []
    for server in record.servers:
        try:
            dns_client.check_access(record, server, key, exchange, TIMEOUT)
        except Exception as error:
            said.append(foreseen(error, None, record.id))
        else:
            return
    raise StandbyError(
        f"none of its servers takes updates: {'; '.join(one.problem.rstrip('.') for one in said)}",
        resource=record.id,
        remedy=said[0].remedy,
    )


def _pending(fleet: Fleet, hierarchy: Hierarchy, record: Dns, cluster: Cluster) -> Due | None:
    """What the record should say; None where its hierarchy is in service nowhere."""
    found = status(hierarchy, survey(fleet, Scope.MEMBERS, cluster.nodes), cluster)
    if found.state is not State.IN_SERVICE or found.owner not in hierarchy.nodes:
        return None
    return next(one for one in due(hierarchy, str(found.owner)) if one.record == record)


def _outcome(
    record: Dns, existing: Dns | None, pending: Due | None, changed: bool, notes: Sequence[str]
) -> Outcome:
    message = f"{record.id} is {'as defined' if existing == record else 'defined'}"
    if pending is not None:
        message += f" and {'is to say' if pending.needed else 'says'} {pending.value}"
    before = {**asdict(existing), **_said(pending)} if existing is not None else {}
    after = {**asdict(record), **({"value": pending.value} if pending is not None else {})}
    if not changed:
        before = after
    shown = {**asdict(record), "type": record.type}
    return Outcome(
        changed, message, before, after, {"resource": record.id, "dns": shown, "notes": list(notes)}
    )


def _said(pending: Due | None) -> dict[str, Any]:
    if pending is None:
        return {}
    return {"value": {one.server: list(one.values or ()) for one in pending.told}}
