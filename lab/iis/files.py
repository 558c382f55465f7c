# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The static files of a site: from a URL path to a file of the node's volumes."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from lab.iis.http import Answer, error_answer
from lab.iis.model import Application, Site, VirtualDirectory

# hiddenSegments of the default configuration (IISD system.webServer/security/requestFiltering/hiddenSegments)
HIDDEN_SEGMENTS = frozenset(
    {"web.config", "bin", "app_code", "app_globalresources", "app_localresources", "app_data"}
)

Routed = TypeVar("Routed", Application, VirtualDirectory)


@dataclass(frozen=True)
class Place:
    """Where a URL path leads.

    Attributes:
        application: the application it belongs to.
        directory: the virtual directory of it, None where the application has none for the path.
        rest: the path below the virtual directory, without a leading slash.
    """

    application: Application
    directory: VirtualDirectory | None
    rest: str


def locate(site: Site, path: str) -> Place | None:
    """The application and virtual directory with the longest paths that hold a URL path, if any."""
    application = _longest(site.applications, path)
    if application is None:
        return None
    below = _below(application.path, path)
    directory = _longest(application.directories, below)
    rest = _below(directory.path, below).lstrip("/") if directory else ""
    return Place(application, directory, rest)


def _longest(ones: Sequence[Routed], path: str) -> Routed | None:
    fitting = [one for one in ones if _holds(one.path, path)]
    return max(fitting, key=lambda one: len(one.path), default=None)


def _holds(prefix: str, path: str) -> bool:
    trunk = prefix.rstrip("/").lower()
    return path.lower() == trunk or path.lower().startswith(trunk + "/")


def _below(prefix: str, path: str) -> str:
    return path[len(prefix.rstrip("/")) :] or "/"


def expand(text: str, environment: Mapping[str, str]) -> str:
    """``%Name%`` replaced by the variable of that name, looked up without case; unknown ones stay."""
    upper = {name.upper(): value for name, value in environment.items()}
    return re.sub(r"%([^%]+)%", lambda match: upper.get(match.group(1).upper(), match.group(0)), text)


def serve(
    place: Place, documents: Sequence[str], environment: Mapping[str, str], local: Callable[[str], Path]
) -> Answer:
    """The file a place names, or the answer that says why not.

    Args:
        place: where the URL leads.
        documents: names of default documents, in order.
        environment: the machine's variables.
        local: from an absolute Windows path to the file that stands for it.
    """
    if place.directory is None:
        return error_answer(404)
    if HIDDEN_SEGMENTS & {part.lower() for part in place.rest.split("/")}:
        return error_answer(404)
    base = expand(place.directory.physical_path, environment).replace("/", "\\").rstrip("\\") + "\\"
    try:
        root = local(base).resolve()
        file = local(base + place.rest.replace("/", "\\").rstrip("\\"))
    except (FileNotFoundError, ValueError):
        # The worker process cannot read the web.config of a path that is gone: 500.19.
        return error_answer(500, "<h3>HTTP Error 500.19 - the physical path is not available</h3>")
    return _answer(file, root, documents, place.rest)


def _answer(file: Path, root: Path, documents: Sequence[str], rest: str) -> Answer:
    if not file.resolve().is_relative_to(root):
        return error_answer(404)
    if file.is_dir():
        if rest and not rest.endswith("/"):
            return Answer(301, headers={"Location": "./" + rest.rpartition("/")[2] + "/"})
        found = _default_document(file, documents)
        return _file(found) if found else error_answer(403)
    return _file(file) if file.is_file() else error_answer(404)


def _default_document(folder: Path, documents: Sequence[str]) -> Path | None:
    by_name = {one.name.lower(): one for one in folder.iterdir()}
    return next((by_name[name.lower()] for name in documents if name.lower() in by_name), None)


def _file(file: Path) -> Answer:
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return Answer(200, file.read_bytes(), kind)
