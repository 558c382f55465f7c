# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The validity of certificates, against a library that takes all of them apart; anything else is refused."""

from __future__ import annotations

import datetime
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.windows.certificate_validity import read_validity

UTC = datetime.UTC
FIRST, LAST = datetime.datetime(1950, 1, 1), datetime.datetime(9999, 12, 31, 23, 59, 59)
KEY = ec.generate_private_key(ec.SECP256R1())


def certificate(begins: datetime.datetime, ends: datetime.datetime, name: str = "shop.example") -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).serial_number(2**150)
    builder = builder.public_key(KEY.public_key()).not_valid_before(begins).not_valid_after(ends)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


@cache
def plain() -> bytes:
    return certificate(datetime.datetime(2026, 1, 1), datetime.datetime(2027, 1, 1))


@example([datetime.datetime(1950, 1, 1), datetime.datetime(2049, 12, 31)], "the years of UTCTime")
@example([datetime.datetime(2050, 1, 1), LAST], "beyond them")
@given(
    st.lists(st.datetimes(FIRST, LAST), min_size=2, max_size=2).map(sorted),
    st.text("abc. ", min_size=1, max_size=64),
)
def test_every_validity_is_read_as_it_was_written(ends, name):
    begins, over = (one.replace(microsecond=0) for one in ends)
    found = read_validity(certificate(begins, over, name))
    assert (found.begins, found.ends) == (begins.replace(tzinfo=UTC), over.replace(tzinfo=UTC))


def test_days_left_are_counted_to_the_end_and_below_zero_after_it():
    validity = read_validity(plain())
    assert validity.days_left(datetime.datetime(2026, 12, 31, 12, tzinfo=UTC)) == 0.5
    assert validity.days_left(datetime.datetime(2027, 1, 3, tzinfo=UTC)) == -2


def test_what_is_cut_off_within_the_validity_is_refused():
    end = plain().index(b"270101000000Z") + len(b"270101000000Z")
    for length in range(end):
        with pytest.raises(ValueError):
            read_validity(plain()[:length])


@given(st.binary(max_size=200))
def test_what_is_no_certificate_is_refused(junk):
    with pytest.raises(ValueError):
        read_validity(junk)


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_damaged_certificate_is_read_or_refused_and_nothing_else(at, value):
    damaged = bytearray(plain())
    damaged[at] = value
    try:
        read_validity(bytes(damaged))
    except ValueError:
        return
