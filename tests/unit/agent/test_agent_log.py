# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs on disks that are full, torn by a loss of power, written by two and read meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.line_file import LineFile, files_of
from ansible_collections.standby.iis.plugins.module_utils.agent.log import Log, tail

NOON = "2026-01-01T12:00:00Z"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "agent.log"


def log(path: Path, **options) -> Log:
    return Log(path, "server1", lambda: NOON, **options)


def names(path: Path) -> list[str]:
    return [file.name for _number, file in files_of(path)]


# Entries


def test_an_entry_is_one_line_of_json_whatever_it_says(path: Path):
    more = {**json.loads('{"hierarchy": "WebSite1", "level": "x"}'), "odd": {1, 2}}
    assert log(path).write("error", "site", 'It\u2028says "no"\n\udc80.', **more)
    (line,) = tail(path, 10)
    assert json.loads(line) == {
        "at": NOON,
        "level": "error",
        "node": "server1",
        "what": "site",
        "sentence": 'It\u2028says "no"\n\udc80.',
        "hierarchy": "WebSite1",
        "odd": "{1, 2}",
    }
    assert line.isascii()


def test_an_entry_that_is_no_json_at_all_is_written_nevertheless(path: Path):
    circle: list = []
    circle.append(circle)
    assert log(path).write("info", "odd", "It is odd.", circle=circle)
    assert json.loads(tail(path, 1)[0])["more"] == "{'circle': [[...]]}"


# Rotation


def test_files_are_as_large_as_was_said_and_the_oldest_go(path: Path):
    lines = LineFile(path, size=100, files=3)
    for number in range(100):
        assert lines.write(f"{number:029}")
    assert names(path) == ["agent.000032.log", "agent.000033.log", "agent.000034.log"]
    assert all(file.stat().st_size <= 100 for _number, file in files_of(path))
    assert [int(line) for line in tail(path, 100)] == list(range(93, 100))


def test_a_line_that_is_larger_than_a_file_has_one_of_its_own(path: Path):
    lines = LineFile(path, size=40, files=3)
    for text in ("a", "b" * 50, "c"):
        assert lines.write(text)
    assert tail(path, 3) == ["a", "b" * 50, "c"]
    assert len(names(path)) == 3


def test_restarts_do_not_push_out_what_was_written_before(path: Path):
    for number in range(30):
        lines = LineFile(path, size=1000, files=3)
        lines.write(str(number))
        lines.close()
    assert tail(path, 100) == [str(number) for number in range(30)]


def test_endless_restarts_do_not_fill_the_folder(path: Path):
    for number in range(70):
        lines = LineFile(path, size=1000, files=2)
        lines.write(str(number))
        lines.close()
    assert len(names(path)) == 40


def test_a_file_that_cannot_be_removed_is_removed_at_a_later_rotation(path: Path, monkeypatch):
    unlink, open_elsewhere = Path.unlink, {"agent.000001.log"}

    def refuse(self: Path, **options) -> None:
        if self.name in open_elsewhere:
            raise PermissionError(13, "The process cannot access the file")
        unlink(self, **options)

    monkeypatch.setattr(Path, "unlink", refuse)
    lines = LineFile(path, size=10, files=2)
    for number in range(4):
        assert lines.write(f"line {number:04}")
    assert names(path) == ["agent.000001.log", "agent.000003.log", "agent.000004.log"]
    open_elsewhere.clear()
    assert lines.write("line 0004")
    assert names(path) == ["agent.000004.log", "agent.000005.log"]


def test_no_file_is_renamed(path: Path, monkeypatch):
    def refuse(*_arguments, **_options) -> None:
        raise PermissionError(13, "The process cannot access the file")

    for module, name in ((os, "rename"), (os, "replace"), (Path, "rename"), (Path, "replace")):
        monkeypatch.setattr(module, name, refuse)
    lines = LineFile(path, size=10, files=2)
    assert all(lines.write(f"line {number:04}") for number in range(10))


# Several writers


WRITER = """
import sys
from pathlib import Path
from ansible_collections.standby.iis.plugins.module_utils.agent.line_file import LineFile
lines = LineFile(Path(sys.argv[1]), 500, 1000)
sys.stdin.readline()
sys.exit(0 if all([lines.write(f"{sys.argv[2]} {number:04} " + "x" * 20) for number in range(2000)]) else 1)
"""


def test_two_writers_that_rotate_lose_and_tear_nothing(path: Path):
    command = [sys.executable, "-c", WRITER, str(path)]
    started = [subprocess.Popen([*command, name], stdin=subprocess.PIPE) for name in ("one", "two")]
    for process in started:
        process.stdin.close()
    assert [process.wait(60) for process in started] == [0, 0]
    lines = [line.split() for line in tail(path, 10**6)]
    for name in ("one", "two"):
        assert [int(line[1]) for line in lines if line[0] == name] == list(range(2000))
    assert all(line[2] == "x" * 20 for line in lines)


def test_a_writer_whose_file_another_one_removed_begins_a_new_one(path: Path):
    slow, busy = LineFile(path, 20, 2), LineFile(path, 20, 2)
    slow.write("slow 1")
    for number in range(10):
        busy.write(f"busy {number:04}")
    assert slow.write("slow 2")
    assert tail(path, 1) == ["slow 2"]


def test_threads_may_share_a_log(path: Path):
    lines = LineFile(path, 300, 1000)

    def write(name: str) -> None:
        for number in range(200):
            lines.write(f"{name} {number}")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = tail(path, 10**6)
    assert sorted(written) == sorted(f"{name} {number}" for name in "abcd" for number in range(200))


# Disks that are full


def full(_path: Path) -> int:
    return os.open("/dev/full", os.O_WRONLY)


def test_a_full_disk_costs_entries_and_says_how_many_when_it_is_over(path: Path):
    disks = [full, full, lambda file: os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL)]

    def next_disk(file):
        return disks.pop(0)(file)

    one = log(path, open_file=next_disk)
    assert not one.write("info", "a", "Lost.")
    assert not one.write("info", "b", "Lost too.")
    assert one.write("info", "c", "Written.")
    told, written = (json.loads(line) for line in tail(path, 10))
    assert told["sentence"] == "2 entries of this log could not be written: No space left on device."
    assert (told["level"], told["what"], told["lost"]) == ("warning", "log", 2)
    assert written["sentence"] == "Written."
    assert one.write("info", "d", "Once.")
    assert len(tail(path, 10)) == 3


def test_a_full_disk_leaves_no_empty_files_behind(path: Path):
    def begun(file: Path) -> int:
        file.touch()
        return full(file)

    one = log(path, open_file=begun)
    for _once in range(5):
        assert not one.write("info", "a", "Lost.")
    assert names(path) == []


LIMITED = """
import resource, signal, sys
from pathlib import Path
from ansible_collections.standby.iis.plugins.module_utils.agent.line_file import LineFile
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
lines = LineFile(Path(sys.argv[1]), 10**6, 3, lambda count, reason: f"lost {count}: {reason}")
lines.write("first")
resource.setrlimit(resource.RLIMIT_FSIZE, (20, resource.RLIM_INFINITY))
kept = [lines.write(letter * 30) for letter in "ab"]
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(kept, lines.write("last"))
"""


def test_a_line_of_which_a_part_was_written_is_taken_back(path: Path):
    ran = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stdout == "[False, False] True\n", ran.stderr
    (file,) = (file for _number, file in files_of(path))
    assert file.read_bytes() == b"first\nlost 2: File too large\nlast\n"


def test_a_folder_that_cannot_be_made_is_survived(tmp_path: Path):
    (tmp_path / "logs").write_text("a file")
    one = log(tmp_path / "logs" / "agent.log")
    assert not one.write("info", "a", "Lost.")
    (tmp_path / "logs").unlink()
    assert one.write("info", "b", "Written.")
    assert [json.loads(line)["what"] for line in tail(tmp_path / "logs" / "agent.log", 5)] == ["log", "b"]


# Crashes


def test_a_line_torn_at_any_byte_by_a_crash_damages_no_other(path: Path):
    whole, torn = '{"a": 1}', '{"b": "\u00e9\u00e9"}'.encode()
    for end in range(len(torn) + 1):
        before = LineFile(path, 1000, 3)
        before.write(whole)
        before.close()
        with files_of(path)[-1][1].open("ab") as file:
            file.write(torn[:end])
        after = LineFile(path, 1000, 3)
        after.write('{"c": 3}')
        assert tail(path, 10) == [whole, '{"c": 3}']
        after.close()
        for _number, file in files_of(path):
            file.unlink()


def test_a_power_loss_that_leaves_zeros_at_the_end_damages_no_other_line(path: Path):
    before = LineFile(path, 1000, 3)
    before.write("whole")
    with files_of(path)[-1][1].open("ab") as file:
        file.write(bytes(512))
    after = LineFile(path, 1000, 3)
    after.write("next")
    assert tail(path, 10) == ["whole", "next"]


# Readers


def test_the_last_lines_come_from_as_many_files_as_they_take(path: Path):
    lines = LineFile(path, 12, 100)
    for number in range(9):
        lines.write(f"{number:05}")
    assert tail(path, 0) == []
    assert tail(path, 4) == ["00005", "00006", "00007", "00008"]
    assert tail(path, 100)[0] == "00000"


def test_the_last_lines_of_a_large_file_are_found_from_its_end(path: Path):
    lines = LineFile(path, 10**7, 2)
    lines.write("first")
    lines.write("x" * 200000)
    lines.write("last")
    assert tail(path, 2) == ["x" * 200000, "last"]
    assert tail(path, 3)[0] == "first"


def test_there_is_no_log_yet(path: Path):
    assert tail(path, 5) == []


def test_other_files_of_the_folder_are_none_of_the_log(path: Path):
    LineFile(path, 100, 2).write("mine")
    for name in ("agent.log", "agent.1.log", "other.000009.log", "agent.000009.log.bak", "agentx000009.log"):
        path.with_name(name).write_text("not mine\n")
    assert tail(path, 5) == ["mine"]


def test_a_reader_during_rotation_sees_whole_lines_in_order(path: Path):
    lines = LineFile(path, 200, 4)
    done = threading.Event()

    def write() -> None:
        for number in range(3000):
            lines.write(f"{number:08}")
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        read = tail(path, 20)
        assert all(len(line) == 8 for line in read)
        assert [int(line) for line in read] == sorted(map(int, read))
    writer.join()
    assert tail(path, 1) == ["00002999"]
