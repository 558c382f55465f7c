# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""FTP sites of a lab node over real sockets: who is greeted, who may log in, and what ends a session."""

from __future__ import annotations

import asyncio
import ftplib
import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from lab.certificates import Authority, Pair
from lab.iis.failure import IisError
from tests.support.iis_bench import SUBNET, Bench, FakeHost, asynchronous, config, free_port

pytest.importorskip("pyftpdlib", reason="pyftpdlib is not installed (requirements-dev.txt)")

VIP = f"{SUBNET}.31"
RULE = '<add accessType="Allow" users="*" permissions="Read" />'


def ftp_site(
    port: int,
    name: str = "Files",
    number: int = 1,
    *,
    address: str = VIP,
    settings: str = "",
    auto: bool = True,
) -> str:
    """A site on E: whose users may log in, with a certificate where ``settings`` has one."""
    plain = '<ssl controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />'
    return (
        f'<site name="{name}" id="{number}"><application path="/"><virtualDirectory path="/" '
        f'physicalPath="E:\\{name}" /></application><bindings><binding protocol="ftp" '
        f'bindingInformation="{address}:{port}:" /></bindings>'
        f'<ftpServer serverAutoStart="{str(auto).lower()}">'
        f"<security>{plain if '<ssl' not in settings else ''}{settings}<authentication>"
        '<anonymousAuthentication enabled="true" /><basicAuthentication enabled="true" /></authentication>'
        "</security></ftpServer></site>"
    )


def document(*sites: str, rule: str = RULE, isolation: str = "") -> bytes:
    text = config("".join(sites)).decode()
    rules = f"<system.ftpServer><security><authorization>{rule}</authorization></security></system.ftpServer>"
    if isolation:
        text = text.replace(
            "</security></ftpServer>", f'</security><userIsolation mode="{isolation}" /></ftpServer>'
        )
    return text.replace("</configuration>", f"{rules}</configuration>").encode()


async def booted(bench: Callable[..., Bench], data: bytes, **options: Any) -> Bench:
    one = bench(data, users={"Administrator": "secret"}, **options)
    one.host.services.add("FTPSVC")
    one.host.addresses.add(VIP)
    folder = one.host.drives / "E" / "files"
    (folder / "localuser" / "public").mkdir(parents=True)  # the fake host has no case
    (folder / "a.txt").write_text("content")
    (folder / "localuser" / "public" / "public.txt").write_text("p")
    await one.iis.start()
    return one


class Client:
    """ftplib on a thread of its own, since the server shares this one."""

    def __init__(self, port: int, kind: type[ftplib.FTP] = ftplib.FTP, **options: Any) -> None:
        self.port, self.client = port, kind(timeout=2, **options)

    async def run(self, *steps: Callable[[ftplib.FTP], Any]) -> Any:
        def work() -> Any:
            answer: Any = self.client.connect(VIP, self.port)
            for step in steps:
                answer = step(self.client)
            return answer

        return await asyncio.to_thread(work)


def login(user: str = "anonymous", password: str = "x") -> Callable[[ftplib.FTP], Any]:  # noqa: S107
    return lambda client: client.login(user, password)


def names(client: ftplib.FTP) -> list[str]:
    return sorted(client.nlst())


@asynchronous
async def test_a_started_site_greets_lists_and_sends_files(bench) -> None:
    port = free_port()
    one = await booted(bench, document(ftp_site(port)))
    assert await one.iis.ftp.control("Files", "state") == "Started"
    greeting = await Client(port).run()
    assert greeting == "220-X-Lab-Node: NODE1\n220 Microsoft FTP Service"
    assert await Client(port).run(login(), names) == ["a.txt", "localuser"]
    got: list[bytes] = []
    await Client(port).run(login(), lambda client: client.retrbinary("RETR a.txt", got.append))
    assert b"".join(got) == b"content"
    await one.iis.stop()


@pytest.mark.parametrize(
    ("user", "password", "rule", "told"),
    [
        ("Administrator", "secret", RULE, ""),
        ("administrator", "wrong", RULE, "530 User cannot log in."),
        ("somebody", "secret", RULE, "530 User cannot log in."),
        ("anonymous", "", "", "home directory inaccessible"),
        ("anonymous", "", '<add accessType="Allow" users="?" permissions="Read" />', ""),
        (
            "Administrator",
            "secret",
            '<add accessType="Allow" users="?" permissions="Read" />',
            "inaccessible",
        ),
        (
            "Administrator",
            "secret",
            RULE + '<add accessType="Deny" users="administrator" permissions="Read, Write" />',
            "inaccessible",
        ),
    ],
)
@asynchronous
async def test_who_may_log_in_is_told_by_accounts_and_rules(bench, user, password, rule, told) -> None:
    port = free_port()
    one = await booted(bench, document(ftp_site(port), rule=rule))
    if told:
        with pytest.raises(ftplib.error_perm, match=told):
            await Client(port).run(login(user, password))
    else:
        assert await Client(port).run(login(user, password), names) == ["a.txt", "localuser"]
        with pytest.raises(ftplib.error_perm, match="550"):
            await Client(port).run(login(user, password), lambda client: client.mkd("new"))
    await one.iis.stop()


@pytest.mark.parametrize(
    ("mode", "user", "seen"),
    [
        ("IsolateAllDirectories", "anonymous", ["public.txt"]),
        ("IsolateRootDirectoryOnly", "Administrator", None),
        ("StartInUsersDirectory", "Administrator", ["a.txt", "localuser"]),
        ("ActiveDirectory", "anonymous", None),
    ],
)
@asynchronous
async def test_isolation_says_where_a_session_begins(bench, mode, user, seen) -> None:
    port = free_port()
    one = await booted(bench, document(ftp_site(port), isolation=mode))
    session = Client(port).run(login(user, "secret"), names)
    if seen is None:
        with pytest.raises(ftplib.error_perm, match="home directory inaccessible"):
            await session
    else:
        assert await session == seen
    await one.iis.stop()


@asynchronous
async def test_stopping_a_site_cuts_its_sessions_and_starting_it_serves_again(bench) -> None:
    port = free_port()
    one = await booted(bench, document(ftp_site(port)))
    client = Client(port)
    await client.run(login())
    assert await one.iis.ftp.control("Files", "stop") == "Stopped"
    with pytest.raises((EOFError, OSError)):
        await asyncio.to_thread(client.client.nlst)
    with pytest.raises(ConnectionRefusedError):
        await Client(port).run()
    assert await one.iis.ftp.control("files", "start") == "Started"
    assert await Client(port).run(login(), names)
    await one.iis.stop()


@asynchronous
async def test_an_address_that_is_away_is_refused_and_one_that_comes_back_needs_a_start(bench) -> None:
    port = free_port()
    one = await booted(bench, document(ftp_site(port, auto=False)))
    one.host.addresses.discard(VIP)
    with pytest.raises(IisError, match="80072741"):
        await one.iis.ftp.control("Files", "start")
    one.host.addresses.add(VIP)
    assert await one.iis.ftp.control("Files", "start") == "Started"
    one.host.addresses.discard(VIP)
    one.host.changed()
    with pytest.raises(ConnectionRefusedError):
        await Client(port).run()
    one.host.addresses.add(VIP)
    one.host.changed()
    assert await one.iis.ftp.control("Files", "state") == "Started"
    with pytest.raises(ConnectionRefusedError):
        await Client(port).run()
    await one.iis.ftp.control("Files", "stop")
    await one.iis.ftp.control("Files", "start")
    assert await Client(port).run()
    await one.iis.stop()


@asynchronous
async def test_the_service_starts_what_starts_by_itself_and_stops_everything(bench) -> None:
    one = await booted(bench, document(ftp_site(free_port()), ftp_site(free_port(), "Other", 2, auto=False)))
    assert one.iis.ftp.started() == ["Files"]
    one.host.services.discard("FTPSVC")
    one.host.changed()
    assert await one.iis.ftp.control("Files", "state") == "Unknown"
    with pytest.raises(IisError, match="80070426"):
        await one.iis.ftp.control("Files", "start")
    one.host.services.add("FTPSVC")
    one.host.changed()
    assert one.iis.ftp.started() == ["Files"]
    assert await one.iis.ftp.control("Nobody", "state") == "Missing"
    await one.iis.stop()


@asynchronous
async def test_two_sites_cannot_have_one_address_and_port(bench) -> None:
    port = free_port()
    one = await booted(bench, document(ftp_site(port), ftp_site(port, "Other", 2)))
    assert one.iis.ftp.started() == ["Files"]
    with pytest.raises(IisError, match="800700b7"):
        await one.iis.ftp.control("Other", "start")
    await one.iis.stop()


@asynchronous
async def test_an_address_that_another_node_of_the_lab_still_holds_is_taken_when_it_lets_go(bench) -> None:
    port = free_port()
    with socket.create_server((VIP, port)):
        one = await booted(bench, document(ftp_site(port, auto=False)))
        assert await one.iis.ftp.control("Files", "start") == "Started"
        await asyncio.sleep(0.05)
        assert await one.iis.ftp.control("Files", "state") == "Started"
    await asyncio.sleep(0.1)
    assert await Client(port).run(login(), names)
    await one.iis.stop()


@asynchronous
async def test_faults_are_those_of_web_sites(bench) -> None:
    port = free_port()
    one = await booted(bench, document(ftp_site(port)))
    host: FakeHost = one.host
    host.faults["site_hang"] = {"site": "Files"}
    with pytest.raises(TimeoutError):
        await Client(port).run()
    host.faults.clear()
    host.faults["site_crash"] = {}
    host.changed()
    assert await one.iis.ftp.control("Files", "state") == "Stopped"
    host.faults["start_failure"] = {"site": "files"}
    with pytest.raises(IisError, match="80070426"):
        await one.iis.ftp.control("Files", "start")
    del host.faults["start_failure"]
    assert await one.iis.ftp.control("Files", "start") == "Started"
    host.changed()  # the crash struck once
    assert await one.iis.ftp.control("Files", "state") == "Started"
    await one.iis.stop()


def certificate(folder) -> tuple[Authority, dict[str, tuple[str, str]]]:
    authority, pair = Authority(folder), Pair.at(folder, "site")
    authority.issue_server(pair, "ftp.example", ["ftp.example"])
    return authority, {"": (str(pair.certificate), str(pair.key))}


@pytest.mark.parametrize("required", [False, True])
@asynchronous
async def test_a_site_with_a_certificate_speaks_tls_and_may_require_it(bench, tmp_path, required) -> None:
    port = free_port()
    policy = "SslRequire" if required else "SslAllow"
    ssl_settings = f'<ssl controlChannelPolicy="{policy}" dataChannelPolicy="{policy}" serverCertHash="AB" />'
    authority, certificates = certificate(tmp_path)
    one = await booted(bench, document(ftp_site(port, settings=ssl_settings)), certificates=certificates)
    context = ssl.create_default_context(cafile=str(authority.pair.certificate))
    context.check_hostname = False
    secure = Client(port, ftplib.FTP_TLS, context=context)
    listed = await secure.run(login(), lambda client: client.prot_p(), names)
    assert listed == ["a.txt", "localuser"]
    if required:
        with pytest.raises(ftplib.error_perm, match="SSL/TLS required"):
            await Client(port).run(login())
    else:
        assert await Client(port).run(login(), names)
    await one.iis.stop()


@asynchronous
async def test_automatic_start_is_set_by_appcmd_and_neither_starts_nor_stops(bench) -> None:
    one = await booted(bench, document(ftp_site(free_port())))
    code, _said = await one.appcmd("set", "site", "/site.name:Files", "/ftpServer.serverAutoStart:false")
    assert code == 0
    assert b'serverAutoStart="false"' in one.file.read_bytes()
    assert await one.iis.ftp.control("Files", "state") == "Started"
    one.host.services.discard("FTPSVC")
    one.host.changed()
    one.host.services.add("FTPSVC")
    one.host.changed()
    assert await one.iis.ftp.control("Files", "state") == "Stopped"
    await one.iis.stop()
