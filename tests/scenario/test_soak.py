"""Long loads, for `make soak`: minutes, not seconds. AZM_SOAK_SECONDS says how many (120), AZM_SOAK_DOWN_SECONDS and
AZM_SOAK_KILL_SECONDS for two of them (600, 300)."""
import os
import random
import signal
import subprocess
import time

import pytest

import values
from observing import agents, dropped, observing
from rings import Place, check_killed, closed_port, end, kill_at_random, wait_for

pytestmark = pytest.mark.soak
SECONDS = float(os.environ.get("AZM_SOAK_SECONDS", "120"))
DOWN_SECONDS = float(os.environ.get("AZM_SOAK_DOWN_SECONDS", "600"))
KILL_SECONDS = float(os.environ.get("AZM_SOAK_KILL_SECONDS", "300"))


@pytest.fixture
def observed(scene):
    with observing(scene) as observed:
        yield observed


def test_an_agent_killed_at_random_loses_nothing_that_a_ring_holds(observed):
    worker = observed.start([values.http()])
    worker.invoke("hello")
    observed.intake.wait(1)
    sent, end = 1, time.monotonic() + SECONDS
    dice = random.Random(7)
    while time.monotonic() < end:
        sent += len(worker.invoke_many("hello", 200, 8))
        time.sleep(dice.uniform(0.2, 1.0))
        if dice.random() < 0.3:
            for pid in agents(observed.run_dir):
                os.kill(pid, signal.SIGKILL)
    observed.intake.wait(sent - dropped(observed.run_dir), repeats=True)


def test_a_million_invocations_cost_no_memory():
    """The benchmark's own judgement: at most 64 KiB more than after a thousand, and under 6 MiB in all."""
    build = os.environ.get("AZM_BUILD", "build/release")
    done = subprocess.run([f"{build}/bin/bench_tap_replay", "memory", "--invocations", "1000000",
                           "tests/recordings/node-flags01.jsonl"], capture_output=True, text=True,
                          cwd=os.path.join(os.path.dirname(__file__), "..", ".."))
    print(done.stdout)
    assert done.returncode == 0 and ": met" in done.stdout, done.stdout + done.stderr


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    yield place
    place.close()


def test_a_server_that_is_down_for_ten_minutes(place):
    """500 events a second meanwhile, then it is back: made = delivered + dropped for a stated reason."""
    port = closed_port()
    writer = place.writer().source("shop", f"http://127.0.0.1:{port}")
    agent = place.agent()
    began, made = time.monotonic(), 0
    while (passed := time.monotonic() - began) < DOWN_SECONDS:
        made += int(writer.say(f"put {max(0, int(passed * 500) - made)}"))
        time.sleep(0.1)
    wait_for(lambda: writer.number("used") < 500000)
    print(f"made {made}, {writer.number('dropped')} found no room in the ring; "
          f"the spool: {len(place.spool())} files, {sum(p.stat().st_size for p in place.spool())} bytes")
    server = place.server(port=port)
    wait_for(lambda: not place.spool() and writer.number("used") == 0, patience=600)
    assert end(agent) == 0
    status = place.status()
    print(f"delivered {len(server.ids())}, twice {len(server.twice())}, dropped {status['dropped']}")
    assert place.balance() == (made, made)
    assert not server.twice()
    assert len(server.ids()) == status["delivered"] == made - status["dropped"]["spool_full"]


def test_agents_killed_every_second_for_five_minutes(place):
    server = place.server()
    writer = place.writer().source("shop", server.url)
    kills = int(KILL_SECONDS)
    made = kill_at_random(place, server, writer, kills=kills, pause=(0.5, 1.5))
    lost, repeated = check_killed(place, server, writer, made, kills)
    print(f"made {made + lost}, delivered {len(set(server.ids()))}, {lost} found no room in the ring; "
          f"{kills} kills, {repeated} requests held something for the second time")
