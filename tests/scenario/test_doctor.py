"""azimuth doctor and the status files: what is said of a process, and what is said when something is wrong. In every
scenario with an app, the app must not notice."""
import json
import os
import pathlib
import signal
import subprocess

import pytest

import status_table
import values
from observing import agents, observing, until
from processes import AZIMUTH, PATIENCE
from test_agent import ENV, Place, end, wait_for

STATUS = status_table.fields("The status file")


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    yield place
    place.close()


@pytest.fixture
def observed(scene):
    with observing(scene) as observed:
        yield observed


def statuses(run_dir):
    return [json.loads(path.read_text()) for path in run_dir.glob("status/*.json")]


def checked(run_dir):
    """The status files, each checked against docs/STATUS.md."""
    return [status_table.check(status, STATUS) for status in statuses(run_dir)]


# -- the status file

def test_the_status_of_an_app_that_is_seen(observed):
    worker = observed.start([values.http(), values.timer()])
    worker.invoke_many("hello", 20, 4)
    observed.intake.wait(20)
    status, = until(lambda: [s for s in statuses(observed.run_dir) if s.get("delivered") == 20 and "functions" in s])
    status, = checked(observed.run_dir)
    assert status["schema"] == 1
    assert status["pid"] == worker.pid and status["agent_pid"] in agents(observed.run_dir)
    children = pathlib.Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
    assert str(status["worker_pid"]) in children
    assert status["service"] == "Shop" and status["instance"] == "instance-1"
    assert status["runtime"]["name"] == "node"
    assert status["functions"] == 2
    assert status["tap"]["mode"] == "grpc" and status["tap"]["version"] == status["version"]
    assert status["events"] == 20 and not any(status["dropped"].values())
    assert status["destination"]["url"] == observed.intake.url and not status["destination"]["failing"]
    assert status["destination"]["last_delivery_answer"] == 202
    assert status["last_event"] >= status["created"]
    assert "problems" not in status and "blind" not in status


def test_the_status_of_a_process_with_every_trouble(place):
    """Every field that trouble can bring is there, and in docs/STATUS.md."""
    server = place.server((400, '{"accepted": 1, "errors": [{"message": "bad"}]}', {}), 503)
    writer = place.writer(size=32768 + 65536).source("shop", server.url, node="n/1")
    writer.put(3)
    assert writer.say("junk 2") == "ok"
    place.agent()
    wait_for(lambda: server.requests)
    assert int(writer.say("put 2000")) < 2000
    codes = {"rejected", "server_failing", "ring_full", "unreadable"}
    wait_for(lambda: codes <= {p["code"] for p in place.status("n_1").get("problems", [])})
    status, = checked(place.run_dir)
    assert status["instance"] == "n/1" and status["destination"]["failing"]
    assert status["destination"]["last_answer"] == 503 and status["destination"]["last_delivery_answer"] == 400
    assert "bad" in status["destination"]["last_delivery_said"]
