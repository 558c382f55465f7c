# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""FTP settings of a site: from the site, from the defaults, from the schema; written for a twin."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument
from ansible_collections.standby.iis.plugins.module_utils.windows.ftp_config import (
    FtpSettings,
    complete,
    ftp_settings,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import parse_configuration

_FILE = """<configuration><system.applicationHost><sites>
  <site name="S" id="1">
    <bindings><binding protocol="{protocol}" bindingInformation="10.0.0.50:21:" /></bindings>
    {own}</site>
  <siteDefaults>{defaults}</siteDefaults>
</sites></system.applicationHost></configuration>"""


def read(own: str = "", defaults: str = "", protocol: str = "ftp") -> FtpSettings | None:
    text = _FILE.format(own=own, defaults=defaults, protocol=protocol)
    return parse_configuration(text.encode(), "file").sites[0].ftp


def test_without_ftp_binding_there_are_none():
    assert read("<ftpServer />", protocol="http") is None


def test_the_schema_says_what_nobody_says():
    assert read() == FtpSettings(True, "SslRequire", "SslRequire", "", "MY", "None", False, False)


def test_the_site_outweighs_the_defaults():
    own = """<ftpServer serverAutoStart="False"><security>
      <ssl controlChannelPolicy="SslAllow" serverCertHash="AB" /></security>
      <userIsolation mode="ActiveDirectory" /></ftpServer>"""
    defaults = """<ftpServer serverAutoStart="true"><security>
      <ssl controlChannelPolicy="SslRequire" dataChannelPolicy="SslDeny" />
      <authentication><basicAuthentication enabled="true" /></authentication></security></ftpServer>"""
    found = read(own, defaults)
    assert found == FtpSettings(False, "SslAllow", "SslDeny", "AB", "MY", "ActiveDirectory", False, True)


def test_a_flag_that_is_none_names_its_place():
    with pytest.raises(
        BadDocument, match=r'file: site "S" ftpServer serverAutoStart: expected true or false'
    ):
        read('<ftpServer serverAutoStart="maybe" />')


@pytest.mark.parametrize(
    "own", ["", "<ftpServer><security><ssl dataChannelPolicy='SslAllow' /></security></ftpServer>"]
)
def test_what_is_written_is_what_is_read(own):
    wanted = FtpSettings(
        False, "SslRequireCredentialsOnly", "SslAllow", "CD", "WebHosting", "Custom", True, True
    )
    element = ElementTree.fromstring(f"<site>{own}</site>")
    complete(element, wanted)
    assert ftp_settings(element, ElementTree.Element("none"), "S") == wanted


def test_states_alone_tell_who_has_ftp():
    answer = b"""<appcmd><SITE SITE.NAME="A" SITE.ID="1" bindings="http/*:80:,FTP/*:21:" state="Started" />
      <SITE SITE.NAME="B" SITE.ID="2" bindings="http/*:80:ftp" state="Started" />
      <SITE SITE.NAME="C" SITE.ID="3" bindings="" state="Unknown" /></appcmd>"""
    assert [one.has_ftp for one in parse_configuration(answer, "list").sites] == [True, False, False]
