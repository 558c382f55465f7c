# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A child of the bridge that does what a plan says: ``python bridge_program.py PLAN LOG``.

The plan is a JSON list, one entry a line that is read, over all processes that are started with it; the last
one stays. Every line that was read is appended to the log, with the process that read it. A line without
calls, which is how a child is greeted, counts as none and is answered; where the plan begins with ``waking``
and seconds, that time goes by first.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

PLAN, LOG = Path(sys.argv[1]), Path(sys.argv[2])


def step() -> str:
    count = len(LOG.read_text().splitlines()) - 1
    plan = json.loads(PLAN.read_text())
    plan = [entry for entry in plan if not entry.startswith("waking")] or ["answer"]
    return plan[min(count, len(plan) - 1)]


def greet(request: dict) -> None:
    first = json.loads(PLAN.read_text())[0]
    if first.startswith("waking"):
        time.sleep(float(first[6:]))
    write(answer(request))


def write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def answer(request: dict, **changes) -> str:
    one = {"namespace": "root/x", "class": "C", "keys": [["Name", "string=x"]]}
    instance = {"class": "C", "properties": {"Pid": f"uint32={os.getpid()}"}, "reference": one}
    every = {"items": [instance], "output": {"ReturnValue": "uint32=0"}, "reference": one}
    refused = {"message": "no.", "type": "T", "native": 7, "status": 0, "id": None, "data": None}
    answers = [
        {"error": refused} if call.get("properties") == [["Bad", "=true"]] else every
        for call in request["calls"]
    ]
    return json.dumps({"id": request["id"], "answers": answers} | changes) + "\n"


def act(todo: str, request: dict) -> None:
    if todo == "hang":
        time.sleep(3600)
    elif todo == "die":
        sys.stderr.write("Out of\r\n luck")
        sys.stderr.flush()
        os._exit(3)
    elif todo == "garbage":
        write("WARNING: something\n")
    elif todo == "half":
        write(answer(request)[:30])
        os._exit(0)
    elif todo == "stale":
        write(answer(request, id=request["id"] - 1))
    elif todo == "short":
        write(answer(request, answers=[]))
    elif todo == "chatter":
        write(answer(request) + "and more\n" * 1000)
    elif todo == "noise":
        sys.stderr.write("x" * 1_000_000)
        write(answer(request))
    elif todo == "flood":
        while True:
            write("x" * 65536)
    elif todo.startswith("late"):
        time.sleep(float(todo[4:]))
        write(answer(request))
    elif todo == "leave":
        write(answer(request))
        os._exit(0)
    else:
        write(answer(request))


for line in sys.stdin:
    if not json.loads(line)["calls"]:
        greet(json.loads(line))
        continue
    with LOG.open("a") as log:
        log.write(f"{os.getpid()} {line}")
    act(step(), json.loads(line))
