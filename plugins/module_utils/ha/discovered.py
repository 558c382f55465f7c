# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What discovery finds of a site."""

from __future__ import annotations

from dataclasses import dataclass

from .model import SiteType
from .obstacles import Obstacle


@dataclass(frozen=True)
class Certificate:
    """What the configuration says of the certificate of an https binding.

    Attributes:
        binding: the binding, as shown in messages.
        chosen_by: ``address``, ``host name`` (SNI), ``central store`` or ``site`` (FTP).
        thumbprint: hex digits, None where the configuration does not say: http.sys keeps it, per node. That
            another node has the certificate is shown by the deep check over https alone.
        store: such as ``MY``, None where not said.
    """

    binding: str
    chosen_by: str
    thumbprint: str | None = None
    store: str | None = None


@dataclass(frozen=True)
class DiscoveredFtp:
    """The FTP side of a site.

    Attributes:
        state: Started, Stopped, Starting, Stopping or Unknown.
        control_policy: TLS on the control channel: SslAllow, SslRequire or SslRequireCredentialsOnly.
        data_policy: TLS on data channels: SslAllow, SslRequire or SslDeny.
        isolation: mode of user isolation.
        notes: what cannot be told from the configuration, each one sentence without a final full stop.
        passive_ports: ports of data connections, such as ``50000-50100``; empty for any, or where not read.
    """

    state: str
    control_policy: str
    data_policy: str
    isolation: str
    notes: tuple[str, ...] = ()
    passive_ports: str = ""


@dataclass(frozen=True)
class DiscoveredSmtp:
    """An SMTP virtual server.

    Attributes:
        path: its place in the metabase, such as ``SmtpSvc/1``, which may differ from node to node.
        queue: folder that mail waits in until it is delivered.
        pickup: folder that applications put mail into.
        bad_mail: folder of mail that can neither be delivered nor returned.
        drop: folder of mail for domains of its own.
        smart_host: where it delivers to; empty where every domain's own server is asked.
        notes: what is worth to know before it is relied on, each one sentence without a final full stop.
    """

    path: str
    queue: str
    pickup: str
    bad_mail: str
    drop: str
    smart_host: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SiteDiscovery:
    """One site of a node and what it depends on.

    Attributes:
        name: letter for letter.
        id: the site's number on this node.
        state: as IisSite.
        type: ``web`` where it has an http or https binding, else ``ftp``, ``smtp``, or ``other``.
        services: what it is served by: web, ftp, or both; or smtp.
        ips: addresses its bindings name, canonical, in binding order; in 127/8 only if it is an ip resource.
        volumes: access paths its content lies on, the system volume and UNC paths apart, in the order found.
        pools: application pools it uses that exist.
        hosts: host names of its bindings, lower case.
        certificates: one for every https binding, and for every ftp binding where the site offers TLS.
        other_bindings: every binding that is not http, https or ftp, as shown in messages.
        unc_paths: content on shares of other machines, which every node reaches by itself.
        obstacles: why it cannot be protected as it is; empty where it can.
        loopback_bindings: bindings that only the node itself reaches.
        missing_pools: application pools it names that do not exist.
        ftp: its FTP settings with its run state; None without ftp binding.
        smtp: what it is as an SMTP virtual server; None for a site of IIS.
    """

    name: str
    id: int
    state: str
    type: str
    ips: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    pools: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    other_bindings: tuple[str, ...] = ()
    unc_paths: tuple[str, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    loopback_bindings: tuple[str, ...] = ()
    missing_pools: tuple[str, ...] = ()
    services: tuple[SiteType, ...] = (SiteType.WEB,)
    ftp: DiscoveredFtp | None = None
    smtp: DiscoveredSmtp | None = None
