# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders by their content: what differs is found, and nothing is ever half written."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.agent import tree_files as module
from ansible_collections.standby.iis.plugins.module_utils.agent.tree_files import Folder
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.trees import changes, digest_of


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("STANDBY_ROOT", str(tmp_path))
    (tmp_path / "R").mkdir()
    return tmp_path / "R"


def put(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_content_names_and_empty_folders_count_and_nothing_else(place):
    put(place, a__x="1", b="2")
    before = digest_of(Folder("R:\\").tree())
    os.utime(place / "b", (5, 5))
    assert digest_of(Folder("R:\\").tree()) == before
    (place / "c").mkdir()
    with_folder = digest_of(Folder("R:\\").tree())
    (place / "b").write_text("3")
    assert len({before, with_folder, digest_of(Folder("R:\\").tree())}) == 3


def test_what_is_no_content_is_left_out_at_the_top_alone(place):
    put(place, **{"standby.iis__copy": "1", "web__standby.iis": "2", "$RECYCLE.BIN__x": "3"})
    assert set(Folder("R:\\", ("Standby.IIS", "$recycle.bin")).tree()) == {"web", "web/standby.iis"}


def test_a_folder_that_leads_elsewhere_is_left_out(place):
    put(place, real__x="1")
    (place / "link").symlink_to(place / "real")
    assert set(Folder("R:\\").tree()) == {"real", "real/x"}


def test_what_has_not_changed_is_read_once(place, monkeypatch):
    put(place, a="1", b="2")
    folder, read = Folder("R:\\"), []
    original = module._read
    monkeypatch.setattr(module, "_read", lambda path: read.append(path.name) or original(path))
    folder.tree()
    folder.tree()
    put(place, b="three")
    folder.tree()
    assert sorted(read) == ["a", "b", "b"]


def test_a_folder_becomes_another_with_files_and_folders_that_change_places(place):
    put(place, live__a="old", live__b__c="gone", live__same="s")
    put(place, copy__a__x="new", copy__b="flat", copy__same="s", copy__d__e__f="deep")
    (place / "live/same").chmod(0o444)
    live, copy = Folder("R:\\live"), Folder("R:\\copy")
    live.become(copy.tree(), copy, place / "part")
    assert live.tree() == copy.tree()
    assert not (place / "part").exists()


def test_a_file_that_has_changed_since_it_was_seen_replaces_nothing(place):
    put(place, live__a="old", copy__a="new")
    live, copy = Folder("R:\\live"), Folder("R:\\copy")
    seen = copy.tree()
    put(place, copy__a="torn")
    with pytest.raises(StandbyError, match="has changed since it was seen"):
        live.become(seen, copy, place / "part")
    assert (place / "live/a").read_text() == "old"


def test_a_folder_that_is_not_there_is_empty_and_one_that_cannot_be_read_is_told(place, monkeypatch):
    assert Folder("R:\\none").tree() == {}
    put(place, a="1")

    def denied(_path):
        raise PermissionError(13, "Access is denied", "R/a")

    monkeypatch.setattr(module, "_read", denied)
    with pytest.raises(StandbyError, match="cannot be read as a whole: Access is denied") as failure:
        Folder("R:\\").tree()
    assert "R/a" in failure.value.remedy


NAMES = st.sampled_from(["a", "b", "a/a", "a/b", "a/b/c", "B"])


def _tree(found):
    """A tree has the folders of its files, and no file below a file."""
    tree = {}
    for path, digest in found.items():
        above = ["/".join(path.split("/")[:n]) for n in range(1, path.count("/") + 1)]
        names = {name.casefold(): name for name in tree}
        if path.casefold() in names or any(tree.get(names.get(one.casefold(), one), "") for one in above):
            continue
        tree |= {one: "" for one in above if one.casefold() not in names}
        tree[path] = digest
    return tree


@given(st.dictionaries(NAMES, st.sampled_from("12")), st.dictionaries(NAMES, st.sampled_from("12")))
def test_changes_make_any_tree_of_any_other(one, other):
    wanted, there = _tree(one), _tree(other)
    todo = changes(wanted, there)
    made = {path.casefold(): digest for path, digest in there.items()}
    for path in todo.removed:
        assert not any(name.startswith(f"{path.casefold()}/") for name in made), "not empty"
        del made[path.casefold()]
    for path in (*todo.folders, *todo.files):
        parent = path.rpartition("/")[0].casefold()
        assert not parent or made[parent] == ""
        made[path.casefold()] = wanted[path]
    assert made == {path.casefold(): digest for path, digest in wanted.items()}
    assert digest_of(made) == digest_of(wanted)
