# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
import datetime
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from lab.iis.content import write_content
from tests.support.iis_bench import SUBNET, asynchronous, config, free_port, site

VIP = f"{SUBNET}.22"


def certificate(folder: Path, *names: str) -> tuple[str, str]:
    """Files of a self-signed certificate for some host names, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, private = (
        folder / f"{names[0]}.pem".replace("*", "_"),
        folder / f"{names[0]}.key".replace("*", "_"),
    )
    chain.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return str(chain), str(private)


async def served_name(port: int, host: str, authority: str) -> str:
    """The status line a client gets that trusts one certificate and asks for one name."""
    context = ssl.create_default_context(cafile=authority)
    reader, writer = await asyncio.open_connection(VIP, port, ssl=context, server_hostname=host)
    writer.write(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    text = await reader.read()
    writer.close()
    return text.decode().partition("\r\n")[0]


@asynchronous
async def test_each_name_gets_its_own_certificate_and_others_the_default(bench, tmp_path) -> None:
    port = free_port()
    main = certificate(tmp_path, "main.example")
    shop = certificate(tmp_path, "shop.example")
    wild = certificate(tmp_path, "*.wild.example")
    one = bench(
        config(site("One", 1, f"https/{VIP}:{port}:")),
        certificates={"": main, "shop.example": shop, "*.wild.example": wild},
    )
    one.host.addresses.add(VIP)
    write_content(one.host)
    await one.iis.start()
    assert await served_name(port, "main.example", main[0]) == "HTTP/1.1 200 OK"
    assert await served_name(port, "shop.example", shop[0]) == "HTTP/1.1 200 OK"
    assert await served_name(port, "a.wild.example", wild[0]) == "HTTP/1.1 200 OK"
    with pytest.raises(ssl.SSLCertVerificationError):
        await served_name(port, "shop.example", main[0])
    await one.iis.stop()


@asynchronous
async def test_without_a_certificate_https_is_not_served_and_the_log_says_so(bench) -> None:
    port = free_port()
    one = bench(config(site("One", 1, f"https/{VIP}:{port}:")))
    one.host.addresses.add(VIP)
    await one.iis.start()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(VIP, port)
    one.host.changed()
    assert [name for name, _rest in one.host.events].count("iis.no_certificate") == 1
    await one.iis.stop()
