# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from xml.sax.saxutils import quoteattr

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument, CimError
from ansible_collections.standby.iis.plugins.module_utils.node import Completed
from ansible_collections.standby.iis.plugins.module_utils.windows import iis, iis_command
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_command import Kind
from tests.support.scripted import ManualClock, absent, ok, refused, scripted

SITES = "list site /config:* /xml"
POOLS = "list apppool /config:* /xml"
SECTION = "list config /section:system.applicationHost/sites /xml"
FILE = "System32\\inetsrv\\config\\redirection.config"
REDIRECTION = f"/c if exist C:\\Windows\\{FILE} type C:\\Windows\\{FILE}"
NO_REDIRECTION = ok("<configuration><configurationRedirection /></configuration>")
POOL = ok(
    '<appcmd><APPPOOL APPPOOL.NAME="P" PipelineMode="Integrated" RuntimeVersion="v4.0" state="Started">'
    '<add name="P" /></APPPOOL></appcmd>'
)


def inner(name: str, bindings: int = 1) -> str:
    items = "".join(
        f'<binding protocol="http" bindingInformation="10.0.0.{n}:80:" />' for n in range(1, bindings + 1)
    )
    return f'<site name={quoteattr(name)} id="1"><bindings>{items}</bindings></site>'


def listed(name: str = "Shop", state: str = "Started") -> str:
    quoted = quoteattr(name)
    head = f'<SITE SITE.NAME={quoted} SITE.ID="1" bindings="" state="{state}">'
    return f"<appcmd>{head}{inner(name)}</SITE></appcmd>"


def test_everything_is_read_by_three_commands() -> None:
    node, shell = scripted(script={SITES: [ok(listed())], POOLS: [POOL], REDIRECTION: [NO_REDIRECTION]})
    found = iis.read_configuration(node)
    assert (found.sites[0].state, found.pools[0].name, found.redirected_to) == ("Started", "P", None)
    assert len(shell.ran) == 3
    assert shell.programs[0] == "C:\\Windows\\System32\\inetsrv\\appcmd.exe"
    assert shell.programs[2] == "C:\\Windows\\System32\\cmd.exe"


def test_states_of_everything_are_read_by_two_commands() -> None:
    """However many sites there are; who looks every second starts no third program."""
    sites = '<SITE SITE.NAME="Shop" SITE.ID="1" bindings="http/*:80:" state="Started" />'
    sites += '<SITE SITE.NAME="Wiki" SITE.ID="2" bindings="http/*:81:" state="Stopped" />'
    pool = '<APPPOOL APPPOOL.NAME="P" PipelineMode="Integrated" RuntimeVersion="v4.0" state="Stopped" />'
    script = {
        "list site /xml": [ok(f"<appcmd>{sites}</appcmd>")],
        "list apppool /xml": [ok(f"<appcmd>{pool}</appcmd>")],
    }
    node, shell = scripted(script=script)
    found = iis.read_states(node)
    assert [(one.name, one.state) for one in found.sites] == [("Shop", "Started"), ("Wiki", "Stopped")]
    assert [(one.name, one.state) for one in found.pools] == [("P", "Stopped")]
    assert len(shell.ran) == 2


def test_an_answer_that_says_what_the_one_before_has_said_is_not_parsed_again() -> None:
    def listed_in(state: str) -> list:
        return [ok(f'<appcmd><SITE SITE.NAME="Often" SITE.ID="7" bindings="" state="{state}" /></appcmd>')]

    answers = [*listed_in("Started"), *listed_in("Started"), *listed_in("Stopped"), *listed_in("Started")]
    node, _shell = scripted(
        script={"list site /xml": answers, "list apppool /xml": [ok("<appcmd></appcmd>")] * 4}
    )
    before = iis._parse_states.cache_info().misses
    assert [iis.read_states(node).sites[0].state for _each in range(2)] == ["Started", "Started"]
    assert iis._parse_states.cache_info().misses <= before + 2
    assert [iis.read_states(node).sites[0].state for _each in range(2)] == ["Stopped", "Started"]
    assert iis._parse_states.cache_info().maxsize == 2  # it is no place to keep things


def test_states_are_read_apart_where_a_site_outgrows_the_buffer() -> None:
    section = f"<appcmd><CONFIG><system.applicationHost-sites>{inner('Big', 200)}"
    section += "</system.applicationHost-sites></CONFIG></appcmd>"
    script = {
        "list site /xml": [refused(122, "8007007a")],
        "list apppool /xml": [ok("<appcmd></appcmd>")],
        SECTION: [ok(section)],
        "list site /state:Started /text:name": [ok("Big\r\n")],
        "list site /state:Stopped /text:name": [ok("")],
    }
    node, _shell = scripted(script=script)
    assert [(one.name, one.state) for one in iis.read_states(node).sites] == [("Big", "Started")]


def test_shared_configuration_is_seen() -> None:
    shared = ok(
        '<configuration><configurationRedirection enabled="true" path="\\\\nas\\iis" /></configuration>'
    )
    node, _rest = scripted(script={SITES: [ok(listed())], POOLS: [POOL], REDIRECTION: [shared]})
    assert iis.read_configuration(node).redirected_to == "\\\\nas\\iis"


def test_shared_configuration_is_seen_where_windows_is_on_another_drive() -> None:
    shared = ok(
        '<configuration><configurationRedirection enabled="true" path="\\\\nas\\iis" /></configuration>'
    )
    there = f"/c if exist D:\\WinNT\\{FILE} type D:\\WinNT\\{FILE}"
    script = {SITES: [absent(), ok(listed())], POOLS: [absent(), POOL], there: [shared]}
    node, shell = scripted("D:\\WinNT", script=script)
    assert iis.read_configuration(node).redirected_to == "\\\\nas\\iis"
    assert shell.programs[-1] == "D:\\WinNT\\System32\\cmd.exe"


def test_without_a_file_that_says_so_the_configuration_is_not_shared() -> None:
    node, _rest = scripted(script={SITES: [ok(listed())], POOLS: [POOL], REDIRECTION: [ok()]})
    assert iis.read_configuration(node).redirected_to is None


def test_a_file_that_cannot_be_read_is_told_and_not_taken_for_none() -> None:
    denied = Completed(1, b"", "Zugriff verweigert\r\n".encode("cp850"))
    node, _rest = scripted(script={SITES: [ok(listed())], POOLS: [POOL], REDIRECTION: [denied]})
    with pytest.raises(iis.IisError, match=r"could not be read: exit code 1") as failure:
        iis.read_configuration(node)
    assert failure.value.resource == "redirection.config"
    assert FILE in str(failure.value.remedy)


def test_a_server_without_sites_or_pools_is_empty_not_broken() -> None:
    nothing = Completed(1, b"<appcmd>\r\n</appcmd>\r\n", b"")
    node, _rest = scripted(script={SITES: [nothing], POOLS: [nothing], REDIRECTION: [NO_REDIRECTION]})
    assert iis.read_configuration(node).sites == ()


def test_a_site_with_more_bindings_than_appcmd_prints_is_read_from_its_section() -> None:
    section = (
        f"<appcmd><CONFIG><system.applicationHost-sites>{inner('Big', 200)}{inner('Идея')}{inner('New')}"
    )
    section += "</system.applicationHost-sites></CONFIG></appcmd>"
    node, _rest = scripted(
        script={
            SITES: [refused(122, "8007007a")],
            POOLS: [POOL],
            REDIRECTION: [NO_REDIRECTION],
            SECTION: [ok(section)],
            "list site /state:Started /text:name": [ok("Big\r\n")],
            "list site /state:Stopped /text:name": [ok("Идея\r\n")],
        }
    )
    found = iis.read_configuration(node)
    assert [(one.name, one.state) for one in found.sites] == [
        ("Big", "Started"),
        ("Идея", "Stopped"),
        ("New", "Unknown"),
    ]
    assert len(found.sites[0].bindings) == 200


def test_where_even_the_names_cannot_be_printed_the_sites_are_named_with_a_remedy() -> None:
    section = f"<appcmd><CONFIG><system.applicationHost-sites>{inner('Big', 200)}{inner('Small')}"
    section += "</system.applicationHost-sites></CONFIG></appcmd>"
    node, _rest = scripted(
        script={
            SITES: [refused(122, "8007007a")],
            SECTION: [ok(section)],
            "list site /state:Started /text:name": [refused(122, "8007007a")],
        }
    )
    with pytest.raises(iis.IisError) as failure:
        iis.read_configuration(node)
    assert '"Big" (200)' in str(failure.value)
    assert "Small" not in str(failure.value)
    assert "wildcard" in str(failure.value)


def test_iis_that_is_not_installed_is_told_with_the_features_to_install() -> None:
    node, _rest = scripted(script={SITES: [absent()]})
    with pytest.raises(iis.IisMissing, match="Web-Server"):
        iis.read_configuration(node)


@pytest.mark.parametrize("code", [0x80070002, 0x80070003])
def test_a_shell_that_starts_programs_itself_and_finds_none_means_the_same(code: int) -> None:
    node, _rest = scripted(script={SITES: [CimError("file not found", wsman_code=code)]})
    with pytest.raises(iis.IisMissing):
        iis.read_configuration(node)


def test_other_faults_of_the_shell_are_not_taken_for_missing_iis() -> None:
    node, _rest = scripted(script={SITES: [CimError("quota exceeded", wsman_code=0x803381A6)]})
    with pytest.raises(CimError, match="quota"):
        iis.read_configuration(node)


def test_windows_on_another_drive_is_found() -> None:
    node, shell = scripted("D:\\WinNT", script={"stop site /site.name:Shop": [absent(), ok()]})
    iis.stop_site(node, "Shop")
    assert shell.programs == [
        "C:\\Windows\\System32\\inetsrv\\appcmd.exe",
        "D:\\WinNT\\System32\\inetsrv\\appcmd.exe",
    ]


def test_a_state_that_cannot_be_read_is_told_with_its_node() -> None:
    node, _shell = scripted(
        script={
            "start site /site.name:Shop": [refused(5)],
            "list site /site.name:Shop /xml": [ok("<appcmd>")],
        }
    )
    with pytest.raises(BadDocument) as told:
        iis.start_site(node, "Shop", clock=ManualClock())
    assert (told.value.node, told.value.resource) == ("server1", 'site "Shop"')


def test_a_name_is_one_argument_whatever_it_holds() -> None:
    for name in ('Say "hi"', "Shop & Co", "%PATH%", "a^b|c", "商店 🛒", "x" * 200, "/site.name:y"):
        assert iis_command.act("start", Kind.SITE, name)[-1] == f"/site.name:{name}"
        assert len(iis_command.act("start", Kind.SITE, name)) == 3


@pytest.mark.parametrize("code", [4312, 1722, 1726])
def test_passing_failures_are_tried_again(code: int) -> None:
    clock = ManualClock()
    node, shell = scripted(script={"start site /site.name:Shop": [refused(code), refused(code), ok()]})
    iis.start_site(node, "Shop", clock=clock)
    assert len(shell.ran) == 3
    assert clock.now == pytest.approx(0.75)


def test_a_failure_that_does_not_pass_ends_after_bounded_tries() -> None:
    clock = ManualClock()
    node, shell = scripted(
        script={
            "start site /site.name:FTP": [refused(4312, "800710d8")],
            "list site /site.name:FTP /xml": [ok(listed("FTP", "Unknown"))],
        }
    )
    with pytest.raises(iis.IisError) as failure:
        iis.start_site(node, "FTP", clock=clock)
    assert shell.ran.count("start site /site.name:FTP") == 6
    assert clock.now < 6
    assert 'server1, site "FTP"' in str(failure.value)
    assert "800710d8" in str(failure.value)
    assert "Befehl" not in str(failure.value)


@pytest.mark.parametrize(("verb", "state"), [("start", "Started"), ("stop", "Stopped")])
def test_what_is_so_already_is_success_by_state_not_by_text(verb: str, state: str) -> None:
    node, _rest = scripted(
        script={
            f"{verb} site /site.name:Shop": [
                refused(1056, "80070420", "eine Instanz wird bereits ausgeführt")
            ],
            "list site /site.name:Shop /xml": [ok(listed(state=state))],
        }
    )
    getattr(iis, f"{verb}_site")(node, "Shop")


def test_a_refusal_in_another_state_is_a_failure() -> None:
    node, _rest = scripted(
        script={
            "start site /site.name:Shop": [refused(1062, "80070426")],
            "list site /site.name:Shop /xml": [ok(listed(state="Stopped"))],
        }
    )
    with pytest.raises(iis.IisError, match="W3SVC"):
        iis.start_site(node, "Shop")


def test_the_state_of_a_site_with_many_bindings_is_read_as_a_bare_word() -> None:
    node, _rest = scripted(
        script={
            "start site /site.name:Big": [refused(1056)],
            "list site /site.name:Big /xml": [refused(122, "8007007a")],
            "list site /site.name:Big /text:state": [ok("Started\r\n")],
        }
    )
    iis.start_site(node, "Big")


def test_stopping_what_does_not_exist_is_success_and_starting_it_is_not() -> None:
    node, _rest = scripted(
        script={
            "stop apppool /apppool.name:P": [refused(1168)],
            "start apppool /apppool.name:P": [refused(1168)],
        }
    )
    iis.stop_pool(node, "P")
    with pytest.raises(iis.IisError, match="letter for letter"):
        iis.start_pool(node, "P")


def test_deleting_says_whether_there_was_anything() -> None:
    node, _rest = scripted(script={"delete site /site.name:Shop": [ok(), refused(1168)]})
    assert iis.delete_site(node, "Shop") is True
    assert iis.delete_site(node, "Shop") is False


def test_a_deletion_that_was_denied_does_not_read_as_nothing_to_delete() -> None:
    denied = refused(5, "80070005", "Zugriff verweigert")
    node, _rest = scripted(
        script={"delete site /site.name:Shop": [denied], "delete apppool /apppool.name:P": [denied]}
    )
    with pytest.raises(iis.IisError, match="Administrators"):
        iis.delete_site(node, "Shop")
    with pytest.raises(iis.IisError, match="Administrators"):
        iis.delete_pool(node, "P")


def test_a_document_is_imported_through_standard_input_and_never_quoted() -> None:
    node, shell = scripted(script={"add apppool /in": [refused(183, "800700b7", "password=s3cret")]})
    with pytest.raises(iis.IisError) as failure:
        iis.import_pool(node, b"<appcmd>s3cret</appcmd>")
    assert shell.stdin == [b"<appcmd>s3cret</appcmd>"]
    assert "s3cret" not in str(failure.value) + repr(failure.value) + "".join(shell.ran)
    assert failure.value.code == 183


def test_automatic_start_is_set_by_attribute() -> None:
    node, shell = scripted(script={"set site /site.name:Shop /serverAutoStart:false": [ok()]})
    iis.set_auto_start(node, "Shop", False)
    assert len(shell.ran) == 1


def test_exporting_what_does_not_exist_is_refused() -> None:
    node, _rest = scripted(
        script={"list site /site.name:Gone /config /xml": [Completed(1, b"<appcmd></appcmd>", b"")]}
    )
    with pytest.raises(iis.IisError, match="does not exist"):
        iis.export_site(node, "Gone")


def test_a_site_too_big_to_export_is_cut_out_of_its_section() -> None:
    section = f"<appcmd><CONFIG><system.applicationHost-sites>{inner('A')}{inner('Big', 200)}"
    section += "</system.applicationHost-sites></CONFIG></appcmd>"
    node, _rest = scripted(
        script={"list site /site.name:Big /config /xml": [refused(122, "8007007a")], SECTION: [ok(section)]}
    )
    found = iis.parse_configuration(iis.export_site(node, "Big"), "export")
    assert [(one.name, len(one.bindings)) for one in found.sites] == [("Big", 200)]


def test_a_truncated_answer_names_node_command_and_place() -> None:
    node, _rest = scripted(script={SITES: [ok(listed()[:-20])]})
    with pytest.raises(BadDocument) as failure:
        iis.read_configuration(node)
    for part in ("server1", "list site /config:* /xml", "line"):
        assert part in str(failure.value)


def test_access_denied_says_which_group_the_account_must_be_in() -> None:
    node, _rest = scripted(script={SITES: [refused(5, "80070005", "Zugriff verweigert")]})
    with pytest.raises(iis.IisError, match="Administrators"):
        iis.read_configuration(node)


def test_an_exit_code_given_as_hresult_is_understood() -> None:
    node, _rest = scripted(script={"delete site /site.name:Shop": [refused(-2147023728)]})  # 80070490
    assert iis.delete_site(node, "Shop") is False
