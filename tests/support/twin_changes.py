# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single changes to a twin, with the path each is found at and its verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ansible_collections.standby.iis.plugins.module_utils.ha.drift.model import Verdict
from ansible_collections.standby.iis.plugins.module_utils.windows.certificate_reading import (
    Bound,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.twin_reading import (
    Folder,
)
from tests.support.twin_pair import Half, certificate, folder

BREAKS, PURPOSE, COSMETIC = Verdict.BREAKS, Verdict.PURPOSE, Verdict.COSMETIC
Change = Callable[[Half], Half]
AUTHENTICATION = "system.webServer/security/authentication"


def edit(old: str, new: str = "") -> Change:
    return lambda twin: twin.edited(old, new)


def files(**changed: str | None) -> Change:
    """The twin's shop with a file that is otherwise, or None for none."""
    kept = {"index.html": "A1" * 32, "bin\\shop.dll": "B2" * 32}
    given = {name.replace("_", "."): digest for name, digest in changed.items()}
    found = {name: digest for name, digest in (kept | given).items() if digest}
    return lambda twin: replace(twin, folders={**twin.folders, "E:\\shop": folder("2-2-2", found)})


def rights(old: str, new: str) -> Change:
    def change(twin: Half) -> Half:
        one = twin.folders["E:\\shop"]
        return replace(
            twin, folders={**twin.folders, "E:\\shop": replace(one, sddl=one.sddl.replace(old, new))}
        )

    return change


SITE = '<site name="Shop" id="2" serverAutoStart="false">'
_SCHEDULE = '<add value="03:00:00" />'
_STATIC = (
    '<add name="StaticFile" path="*" verb="*" modules="StaticFileModule" resourceType="Either"'
    ' requireAccess="Read" />'
)
ERROR = '<error statusCode="500" prefixLanguageFilePath="%SystemDrive%\\inetpub\\custerr" path="500.htm" />'
_PHP = (
    '<add name="PHP" path="*.php" verb="GET,POST" modules="FastCgiModule"'
    ' scriptProcessor="C:\\PHP\\php-cgi.exe" resourceType="Either" />'
)
# What is changed, how, the path it is found at, the verdict.
CHANGES: dict[str, tuple[Change, str, Verdict]] = {
    "binding gone": (
        edit('<binding protocol="http" bindingInformation="127.77.1.50:8080:" />'),
        "bindings/http/127.77.1.50:8080:",
        BREAKS,
    ),
    "binding of another host": (
        edit(
            '"127.77.1.50:8443:shop.example.net" sslFlags="1"',
            '"127.77.1.50:8443:other.example.net" sslFlags="1"',
        ),
        "bindings/https/127.77.1.50:8443:shop.example.net",
        BREAKS,
    ),
    "SNI off": (
        edit(' sslFlags="1"'),
        "bindings/https/127.77.1.50:8443:shop.example.net",
        BREAKS,
    ),
    "application in another pool": (
        edit('applicationPool="Catalog"', 'applicationPool="DefaultAppPool"'),
        "applications[/catalog]/pool",
        BREAKS,
    ),
    "protocol of an application": (
        edit('enabledProtocols="http,net.tcp"'),
        "applications[/catalog]/protocols",
        BREAKS,
    ),
    "folder of a virtual directory": (
        edit('physicalPath="E:\\shop\\catalog"', 'physicalPath="E:\\shop\\old"'),
        "applications[/catalog]/directories[/]/physical_path",
        BREAKS,
    ),
    "password of a virtual directory": (
        edit("directory-hunter2", "directory-hunter3"),
        "applications[/]/directories[/media]/password",
        BREAKS,
    ),
    "started by Windows": (edit(SITE, '<site name="Shop" id="2">'), "site/serverAutoStart", BREAKS),
    "timeout of connections": (
        edit('<limits connectionTimeout="00:03:00" />'),
        "site/limits/connectionTimeout",
        BREAKS,
    ),
    "folder of the log": (
        edit('<logFile directory="E:\\logs" />', '<logFile directory="L:\\logs" />'),
        "site/logFile/directory",
        PURPOSE,
    ),
    "pool gone": (
        edit('<add name="Catalog" managedRuntimeVersion="v4.0" />'),
        "pools[Catalog]",
        BREAKS,
    ),
    "identity of a pool": (
        edit('userName="EXAMPLE\\shop"', 'userName="EXAMPLE\\shop2"'),
        "pools[Shop]/processModel/identity",
        BREAKS,
    ),
    "password of a pool": (edit("pool-hunter2", "pool-hunter3"), "pools[Shop]/processModel/password", BREAKS),
    "runtime of a pool": (
        edit('<add name="Shop" managedRuntimeVersion="v4.0">', '<add name="Shop" managedRuntimeVersion="">'),
        "pools[Shop]/managedRuntimeVersion",
        BREAKS,
    ),
    "pipeline of a pool": (
        edit(
            '<add name="Catalog" managedRuntimeVersion="v4.0" />',
            '<add name="Catalog" managedRuntimeVersion="v4.0" managedPipelineMode="Classic" />',
        ),
        "pools[Catalog]/managedPipelineMode",
        BREAKS,
    ),
    "32 bits": (
        edit(
            '<add name="Catalog" managedRuntimeVersion="v4.0" />',
            '<add name="Catalog" managedRuntimeVersion="v4.0" enable32BitAppOnWin64="true" />',
        ),
        "pools[Catalog]/enable32BitAppOnWin64",
        BREAKS,
    ),
    "recycling of a pool": (
        edit(_SCHEDULE, '<add value="04:00:00" />'),
        "pools[Shop]/recycling/periodicRestart/schedule/03:00:00",
        COSMETIC,
    ),
    "idle timeout of a pool": (
        edit(' idleTimeout="00:00:00"'),
        "pools[Shop]/processModel/idleTimeout",
        COSMETIC,
    ),
    "environment variable of a pool": (
        edit("variable-hunter2", "variable-hunter3"),
        "pools[Shop]/environmentVariables/shop_db",
        BREAKS,
    ),
    "Windows authentication off": (
        edit('<windowsAuthentication enabled="true" />'),
        f"sections/{AUTHENTICATION}/windowsAuthentication/enabled",
        BREAKS,
    ),
    "provider of authentication gone from the server": (
        edit('<add value="Negotiate" />'),
        f"sections/{AUTHENTICATION}/windowsAuthentication/providers/negotiate",
        BREAKS,
    ),
    "authentication below the site": (
        edit('<location path="Shop/public">', '<location path="Shop/elsewhere">'),
        f"sections[/public]/{AUTHENTICATION}/anonymousAuthentication/enabled",
        BREAKS,
    ),
    "handler gone": (edit(_PHP), "sections/system.webServer/handlers/php", BREAKS),
    "handlers in another order": (
        lambda twin: twin.edited(_PHP, "").edited(_STATIC, _STATIC + _PHP),
        "sections/system.webServer/handlers (order)",
        BREAKS,
    ),
    "custom error": (
        edit('path="/errors/404.html"', 'path="/errors/missing.html"'),
        "sections/system.webServer/httpErrors/404,-1",
        BREAKS,
    ),
    "client certificates wanted": (
        edit('<access sslFlags="None" />', '<access sslFlags="Ssl, SslNegotiateCert" />'),
        "sections/system.webServer/security/access/sslFlags",
        BREAKS,
    ),
    "extension refused": (
        edit('fileExtension=".cs" allowed="false"', 'fileExtension=".cs" allowed="true"'),
        "sections/system.webServer/security/requestFiltering/fileExtensions/.cs",
        BREAKS,
    ),
    "compression": (
        edit("<urlCompression />", '<urlCompression doStaticCompression="false" />'),
        "sections/system.webServer/urlCompression/doStaticCompression",
        COSMETIC,
    ),
    "managed module gone": (
        edit('<add name="RewriteModule" />'),
        "sections/system.webServer/modules/rewritemodule",
        BREAKS,
    ),
    "section locked": (
        edit(
            '<section name="httpErrors" overrideModeDefault="Allow" />',
            '<section name="httpErrors" overrideModeDefault="Deny" />',
        ),
        "locks/system.webServer/httpErrors",
        BREAKS,
    ),
    "native module gone": (
        edit('<add name="RewriteModule" image="%SystemRoot%\\system32\\inetsrv\\rewrite.dll" />'),
        "modules/rewritemodule",
        BREAKS,
    ),
    "native module more": (
        edit("<globalModules>", '<globalModules><add name="Extra" image="C:\\extra.dll" />'),
        "modules/extra",
        COSMETIC,
    ),
    "feature gone": (
        lambda twin: replace(twin, features=twin.features - {"IIS-ASPNET45"}),
        "features/IIS-ASPNET45",
        BREAKS,
    ),
    "feature more": (
        lambda twin: replace(twin, features=twin.features | {"IIS-FTPServer"}),
        "features/IIS-FTPServer",
        COSMETIC,
    ),
    "machine key": (
        lambda twin: replace(twin, keys=twin.keys.replace('validationKey="5EC2E7', 'validationKey="5EC2E8')),
        "machineKey[v4.0 Framework64]/validationKey",
        BREAKS,
    ),
    "algorithm of the machine key": (
        lambda twin: replace(twin, keys=twin.keys.replace("HMACSHA256", "SHA1")),
        "machineKey[v4.0 Framework64]/validation",
        BREAKS,
    ),
    "no certificate bound": (
        lambda twin: replace(twin, bound=None),
        "certificates/https/127.77.1.50:8443:shop.example.net/thumbprint",
        BREAKS,
    ),
    "another certificate": (
        lambda twin: replace(
            twin, bound=Bound("CD" * 20, "MY"), certificates=(certificate("CD" * 20), *twin.certificates)
        ),
        "certificates/https/127.77.1.50:8443:shop.example.net/thumbprint",
        BREAKS,
    ),
    "certificate gone from the store": (
        lambda twin: replace(twin, certificates=()),
        "certificates/https/127.77.1.50:8443:shop.example.net/certificate",
        BREAKS,
    ),
    "certificate without its key": (
        lambda twin: replace(twin, certificates=(certificate(key=False),)),
        "certificates/https/127.77.1.50:8443:shop.example.net/private_key",
        BREAKS,
    ),
    "rights taken": (
        rights("(A;OICI;0x1200a9;;;S-1-5-82-3006700770-424185619)", ""),
        "rights/E:\\shop",
        BREAKS,
    ),
    "rights of an account of the machine": (
        rights("0x1200a9;;;S-1-5-21-2", "FA;;;S-1-5-21-2"),
        "rights/E:\\shop",
        BREAKS,
    ),
    "file changed": (files(index_html="C3" * 32), "content/E:\\shop\\index.html", BREAKS),
    "file gone": (files(index_html=None), "content/E:\\shop\\index.html", BREAKS),
    "file more": (files(new_html="D4" * 32), "content/E:\\shop\\new.html", COSMETIC),
    "content gone": (
        lambda twin: replace(twin, folders={**twin.folders, "E:\\shop": Folder(False)}),
        "content/E:\\shop",
        BREAKS,
    ),
    "variable gone": (
        lambda twin: replace(twin, media=None),
        "applications[/]/directories[/media]/expanded",
        BREAKS,
    ),
    "variable elsewhere": (
        lambda twin: replace(
            twin,
            media="M:\\media",
            folders={**twin.folders, "M:\\media\\shop": twin.folders["E:\\media\\shop"]},
        ),
        "applications[/]/directories[/media]/expanded",
        PURPOSE,
    ),
}
# Paths that come with the one that is expected, since the same change shows at both.
ALSO = {
    "binding of another host": {
        "bindings/https/127.77.1.50:8443:other.example.net",
        "certificates/https/127.77.1.50:8443:shop.example.net/thumbprint",
    },
    "recycling of a pool": {"pools[Shop]/recycling/periodicRestart/schedule/04:00:00"},
    "authentication below the site": {
        f"sections[/public]/{AUTHENTICATION}/anonymousAuthentication/password",
        *(
            f"sections[/elsewhere]/{AUTHENTICATION}/anonymousAuthentication/{one}"
            for one in ("enabled", "userName", "password")
        ),
        f"sections[/public]/{AUTHENTICATION}/anonymousAuthentication/userName",
    },
}
