# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""TSIG keys of an agent: in a file of its own, and dnspython in its program where records are declared."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from types import SimpleNamespace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import bundle
from ansible_collections.standby.iis.plugins.module_utils.agent.dns_keys import document, read_keys
from ansible_collections.standby.iis.plugins.module_utils.agent.home import Home
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError

KEY = {"name": "Standby.", "secret": "c2VjcmV0", "algorithm": "HMAC-SHA256"}


def read(folder, name="dns.keys"):
    settings = SimpleNamespace(dns_keys_file=name and str(folder / name))
    return read_keys(Home(str(folder), type(folder)), settings)


def test_keys_are_read_as_they_were_written(tmp_path):
    (tmp_path / "dns.keys").write_bytes(document([KEY]))
    (key,) = read(tmp_path).values()
    assert (key.name, key.secret, key.algorithm) == ("standby", "c2VjcmV0", "hmac-sha256")
    assert "c2VjcmV0" not in repr(key)
    assert read(tmp_path, None) == {}


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"name": "x"}]', '{"c2VjcmV0": 1}'])
def test_a_damaged_file_is_named_and_its_content_is_not_told(tmp_path, text):
    (tmp_path / "dns.keys").write_text(text)
    with pytest.raises(StandbyError, match=r"dns\.keys cannot be read") as raised:
        read(tmp_path)
    assert "c2VjcmV0" not in str(raised.value)


def test_the_program_has_dnspython_with_its_licence_where_it_is_wanted(tmp_path):
    plain = bundle.archive()
    whole = bundle.with_dnspython(plain)
    assert bundle.with_dnspython(plain) == whole
    names = zipfile.ZipFile(io.BytesIO(whole)).namelist()
    assert "dns/message.py" in names
    assert any(name.startswith("dns/LICENSE") for name in names)
    assert not any(name.startswith("dns/") for name in zipfile.ZipFile(io.BytesIO(plain)).namelist())

    (tmp_path / "standby.pyz").write_bytes(whole)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); "
        "from standby_iis.control import dns_client; import dns; "
        "assert dns_client.DNSPYTHON_MISSING is None; print(dns.__file__)"
    )
    command = [sys.executable, "-I", "-S", "-c", program, str(tmp_path / "standby.pyz")]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "standby.pyz" in ended.stdout


def test_without_dnspython_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(bundle.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(StandbyError, match="dnspython is missing") as raised:
        bundle.with_dnspython(bundle.archive())
    assert "pip install dnspython" in raised.value.remedy
