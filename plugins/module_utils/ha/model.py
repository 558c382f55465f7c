# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is protected: resources, and the hierarchies they form.

The definition of a resource is what operators declare (plus what discovery derived for a site). It is stored
on every node of the cluster; see ``definition.py`` for its stored form.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Union


class VolumeKind(str, Enum):
    """How the data of a volume gets to the other nodes."""

    LOCAL = "local"  # deployed to every node; checked, never moved
    SHARED = "shared"  # one disk that every node can reach; online on the owner alone
    MIRROR = "mirror"  # a volume on each of two nodes, copied from the owner to the other one


class SiteType(str, Enum):
    """A service that a site is served by, each with a run state of its own."""

    WEB = "web"
    FTP = "ftp"
    SMTP = "smtp"


class StandbyMode(str, Enum):
    """What a protected site does on the nodes that do not have it in service."""

    COLD = "cold"  # it is stopped there, and started when one of them takes over
    WARM = "warm"  # it is started there where it can be, and waits for its address; ``warm.py``


@dataclass(frozen=True)
class Ip:
    """A floating address.

    Attributes:
        address: canonical text form, IPv4 or IPv6.
        prefix: prefix length in bits.
        nodes: inventory names in order of priority, primary first.
        interfaces: (node, interface alias) pairs where the operator named one; otherwise the adapter whose
            subnet holds the address is used.
        dad_transmits: DadTransmits wanted on the interface, or None to leave it as it is.
        dad_before: (node, DadTransmits found there before it was changed), to be restored when the last
            address that wanted it is removed.
        elsewhere: (node, address, prefix length) for nodes in another subnet, where it is another address.
    """

    address: str
    prefix: int
    nodes: tuple[str, ...]
    interfaces: tuple[tuple[str, str], ...] = ()
    dad_transmits: int | None = None
    dad_before: tuple[tuple[str, int], ...] = ()
    elsewhere: tuple[tuple[str, str, int], ...] = ()

    @property
    def id(self) -> str:
        """``ip 10.0.0.50``: how the resource is named in messages, plans and the stored definition."""
        return f"ip {self.address}"

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address that it may be, its own first."""
        return tuple(dict.fromkeys((self.address, *(address for _node, address, _rest in self.elsewhere))))

    def on(self, node: str) -> Ip:
        """The address as it is on a node: itself, or the one of the subnet that the node is in."""
        for name, address, prefix in self.elsewhere:
            if name == node:
                return replace(self, address=address, prefix=prefix, elsewhere=())
        return replace(self, elsewhere=()) if self.elsewhere else self


# The provider whose mirrors the agents copy.
AGENTS = "robocopy"


class MirrorMode(str, Enum):
    """When a write counts as done."""

    SYNC = "sync"  # once both nodes have it
    ASYNC = "async"  # once its source has it


class Takeover(str, Enum):
    """Whether a node may take over by itself what may be older than what the lost owner had."""

    NEVER = "never"
    WITHIN_RPO = "within_rpo"  # of asynchronous mirrors: by at most the RPO, at the last known state


@dataclass(frozen=True)
class MirrorEnd:
    r"""One node's part of a mirror.

    Attributes:
        node: inventory name.
        computer: its computer name, by which the other node's mirror reaches it.
        group: name of its replication group.
        log: access path of its log volume, ``L:\``.
    """

    node: str
    computer: str
    group: str
    log: str


@dataclass(frozen=True)
class Mirror:
    """How a mirrored volume is copied; exactly two nodes for any volume.

    Attributes:
        ends: of both nodes, in the order of the volume's.
        mode: see MirrorMode.
        rpo: seconds by which the copy of an asynchronous mirror may be behind; None for synchronous ones.
        takeover: see Takeover.
        provider: what does the copying.
    """

    ends: tuple[MirrorEnd, ...]
    mode: MirrorMode = MirrorMode.SYNC
    rpo: int | None = None
    takeover: Takeover = Takeover.NEVER
    provider: str = "storage_replica"

    def end(self, node: str) -> MirrorEnd | None:
        """A node's part, None where it has none."""
        return next((one for one in self.ends if one.node == node), None)

    def other(self, node: str) -> MirrorEnd | None:
        """The part of the other node."""
        return next((one for one in self.ends if one.node != node), None)


@dataclass(frozen=True)
class Volume:
    r"""A volume that carries content.

    Attributes:
        path: access path with its final backslash, ``E:\`` or ``D:\mounts\web\``; upper-case drive letter.
        kind: local, shared or mirror.
        nodes: inventory names in order of priority, primary first.
        disk: UniqueId or GPT Guid of the shared disk, the same on every node; None for other volumes.
        mirror: how a mirrored volume is copied; None for other volumes.
    """

    path: str
    kind: VolumeKind
    nodes: tuple[str, ...]
    disk: str | None = None
    mirror: Mirror | None = None

    @property
    def id(self) -> str:
        r"""``volume E:\``."""
        return f"volume {self.path}"


@dataclass(frozen=True)
class Check:
    """A deep check: the answer that shows a site serves.

    Attributes:
        url: absolute URL, http, https, smtp, or ftp (``ftps`` where TLS comes before everything); its host is
            the floating address.
        host: Host header (and TLS server name), or None for the host of the URL.
        status: status codes that count as healthy; empty means any below 400. Of http alone.
        body: regular expression that must be found in the first 64 KiB of the body, or None.
        timeout: seconds for the whole exchange.
        verify: verify the certificate of an https answer.
        latency: seconds after which a good answer is too late and counts as none, or None.
        certificate_days: days of validity below which the certificate shown is told of, or None.
        starttls: change to TLS after the greeting (AUTH TLS of ftp, STARTTLS of smtp).
        login: user to log in as, such as ``anonymous``, or None to go no further than the greeting.
        password_file: file with that user's password on whatever machine makes the check, or None.
        listing: list the folder of the URL, over a data connection. It needs a login.
        sender: of smtp: address that a mail would come from, None for the empty one.
        recipient: of smtp: address that a mail would go to; it is begun and taken back before any of it is
            sent. None to begin none.
    """

    url: str
    host: str | None = None
    status: tuple[int, ...] = ()
    body: str | None = None
    timeout: float = 5.0
    verify: bool = True
    latency: float | None = None
    certificate_days: float | None = None
    starttls: bool = False
    login: str | None = None
    password_file: str | None = None
    listing: bool = False
    sender: str | None = None
    recipient: str | None = None


@dataclass(frozen=True)
class Site:
    """A protected IIS site with what discovery found it to depend on.

    Attributes:
        name: the IIS site name, letter for letter.
        services: what it is served by; a site with http and ftp bindings is one resource with two states.
        nodes: inventory names in order of priority, primary first.
        ips: addresses of its ip resources, in binding order.
        volumes: paths of its volume resources.
        pools: names of its application pools.
        checks: deep checks.
        standby_mode: what it does where it is not in service.
    """

    name: str
    nodes: tuple[str, ...]
    ips: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    pools: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    services: tuple[SiteType, ...] = (SiteType.WEB,)
    standby_mode: StandbyMode = StandbyMode.COLD

    @property
    def id(self) -> str:
        """``site "WebSite1"``."""
        return f'site "{self.name}"'

    @property
    def type(self) -> SiteType:
        """What it is first of all."""
        return self.services[0]


@dataclass(frozen=True)
class Dns:
    """A record in the domain name system that names the address of a hierarchy, wherever it is in service.

    It is in no node's hands: servers answer for it. So it is no member that a node could show.

    Attributes:
        name: absolute, lower case, without a final dot: ``www.example.com``.
        zone: that holds it, in the same form.
        ip: address of the ip resource that it names; on each node, that which the resource has there.
        servers: name servers, ``192.0.2.53`` or ``192.0.2.53:5353``: updates go to the first that takes them,
            and all of them have to answer with the new value.
        ttl: seconds that resolvers may keep an answer.
        key: name of the TSIG key that updates are signed with; "" for none.
    """

    name: str
    zone: str
    ip: str
    servers: tuple[str, ...]
    ttl: int = 60
    key: str = ""

    @property
    def type(self) -> str:
        """``A`` or ``AAAA``."""
        return "AAAA" if ":" in self.ip else "A"

    @property
    def id(self) -> str:
        """``dns www.example.com A``."""
        return f"dns {self.name} {self.type}"


Resource = Union[Ip, Volume, Site]  # noqa: UP007 - the oldest Python that ansible-test knows reads this too


@dataclass(frozen=True)
class Hierarchy:
    """A connected component of the dependency graph: what moves as one.

    Attributes:
        name: the name of its first site in alphabetical order; without a site, the id of its first resource.
        nodes: priority order, the same for all its members.
    """

    name: str
    nodes: tuple[str, ...]
    ips: tuple[Ip, ...] = ()
    volumes: tuple[Volume, ...] = ()
    sites: tuple[Site, ...] = ()
    records: tuple[Dns, ...] = ()

    @property
    def resources(self) -> tuple[Resource, ...]:
        """What nodes have, children first: volumes, addresses, sites."""
        return (*self.volumes, *self.ips, *self.sites)


@dataclass(frozen=True)
class Intent:
    """What was last asked of a hierarchy, kept on every node so that any of them can say why it is as it is.

    Attributes:
        hierarchy: its name at that time.
        owner: the node it was put in service on, or None for out of service.
        moving_from: the former owner while a move is under way, else None.
        running: a run is at it. It is cleared when the run ends, in whichever way, and stays where it was
            killed.
        reason: one sentence, without a final full stop.
        at: ISO 8601 UTC time of the controller, for people only; never compared.
        seconds: the outage measured at the last move, the best estimate of the next one; None before that.
    """

    hierarchy: str
    owner: str | None
    reason: str
    at: str = field(compare=False)
    moving_from: str | None = None
    seconds: float | None = field(default=None, compare=False)
    running: bool = False


@dataclass(frozen=True)
class Cluster:
    """The whole definition, as stored on every node.

    Attributes:
        name: the same for every cluster; nothing is addressed by it.
        revision: rises with every write: a node that was away can be told from one that is up to date. It is
            no part of what is defined, and not compared.
    """

    name: str
    nodes: tuple[str, ...]
    ips: tuple[Ip, ...] = ()
    volumes: tuple[Volume, ...] = ()
    sites: tuple[Site, ...] = ()
    intents: tuple[Intent, ...] = ()
    revision: int = field(default=0, compare=False)
    records: tuple[Dns, ...] = ()
