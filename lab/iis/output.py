# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What appcmd prints: objects as text lines, as XML, with their configuration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lab.iis.document import Node, quote, render
from lab.iis.failure import BUFFER_TOO_SMALL, IisError
from lab.iis.model import Application, Pool, Site, VirtualDirectory

NEWLINE = "\r\n"
XML_HEAD = f'<?xml version="1.0" encoding="UTF-8"?>{NEWLINE}<appcmd>{NEWLINE}'
XML_FOOT = f"</appcmd>{NEWLINE}"
# azure-pipelines-extensions#677 names 129 bindings, the report behind sous-chefs/iis#71 "70ish": a buffer of
# about 4096 characters for the joined text explains both. Which it is, and its exact size, is not confirmed.
MOST_BINDINGS = 128
MOST_BINDINGS_TEXT = 4096


@dataclass(frozen=True)
class Item:
    """An object as ``list`` shows it.

    Attributes:
        kind: ``SITE``, ``APP``, ``VDIR``, ``APPPOOL`` or ``CONFIG``.
        identifier: what it is called.
        summary: the attributes of its text line: label and value.
        attributes: the attributes of its XML element, in order.
        node: its configuration.
    """

    kind: str
    identifier: str
    summary: tuple[tuple[str, str], ...]
    attributes: dict[str, str]
    node: Node

    def check(self) -> None:
        """Fails as appcmd does where the text of the bindings outgrows its buffer.

        Raises:
            IisError: 8007007a.
        """
        bindings = self.attributes.get("bindings", "")
        if len(bindings) >= MOST_BINDINGS_TEXT or (
            self.kind == "SITE" and bindings.count(",") >= MOST_BINDINGS
        ):
            raise IisError(BUFFER_TOO_SMALL, "Failed to generate item output.")


def site_item(site: Site, state: str) -> Item:
    """A site."""
    bindings = ",".join(f"{one.protocol}/{one.information}" for one in site.bindings)
    return Item(
        "SITE",
        site.name,
        (("id", str(site.id)), ("bindings", bindings), ("state", state)),
        {"SITE.NAME": site.name, "SITE.ID": str(site.id), "bindings": bindings, "state": state},
        site.node,
    )


def pool_item(pool: Pool, state: str) -> Item:
    """A pool."""
    return Item(
        "APPPOOL",
        pool.name,
        (("MgdVersion", pool.runtime), ("MgdMode", pool.pipeline), ("state", state)),
        {
            "APPPOOL.NAME": pool.name,
            "PipelineMode": pool.pipeline,
            "RuntimeVersion": pool.runtime,
            "state": state,
        },
        pool.node,
    )


def app_item(site: Site, application: Application, node: Node) -> Item:
    """An application."""
    name = site.name + application.path
    attributes = {
        "path": application.path,
        "APP.NAME": name,
        "APPPOOL.NAME": application.pool,
        "SITE.NAME": site.name,
    }
    return Item("APP", name, (("applicationPool", application.pool),), attributes, node)


def vdir_item(site: Site, application: Application, directory: VirtualDirectory, node: Node) -> Item:
    """A virtual directory."""
    app = site.name + application.path
    name = app.rstrip("/") + directory.path
    attributes = {
        "VDIR.NAME": name,
        "physicalPath": directory.physical_path,
        "path": directory.path,
        "APP.NAME": app,
    }
    return Item("VDIR", name, (("physicalPath", directory.physical_path),), attributes, node)


def line(item: Item) -> str:
    """The item's text line."""
    details = ",".join(f"{label}:{value}" for label, value in item.summary)
    return f'{item.kind} "{item.identifier}" ({details}){NEWLINE}'


def element(item: Item, config: Node | None) -> str:
    """The item as an XML element, with its configuration inside where that was asked for."""
    start = f"    <{item.kind}" + "".join(
        f" {name}={quote(value)}" for name, value in item.attributes.items()
    )
    if config is None:
        return f"{start} />{NEWLINE}"
    inside = render(config, level=2, newline=NEWLINE)
    return f"{start}>{NEWLINE}        {inside}{NEWLINE}    </{item.kind}>{NEWLINE}"


def config_text(config: Node) -> str:
    """Configuration as ``/config`` without ``/xml`` shows it."""
    return render(config, indent="  ", newline=NEWLINE) + NEWLINE


def details(item: Item, config: Node) -> str:
    """Everything of an item, as ``/text:*`` shows it."""
    lines = [
        item.kind,
        *(f'  {name}:"{value}"' for name, value in item.attributes.items()),
        *_detail_lines(config, 1),
    ]
    return NEWLINE.join(lines) + NEWLINE


def _detail_lines(node: Node, level: int) -> Iterator[str]:
    indent = "  " * level
    yield f"{indent}[{node.tag}]"
    for name, value in node.attributes.items():
        yield f'{indent}  {name}:"{value}"'
    for child in node.children:
        yield from _detail_lines(child, level + 1)
