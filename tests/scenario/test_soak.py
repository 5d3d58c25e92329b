"""Long loads, for `make soak`: minutes, not seconds. AZM_SOAK_SECONDS says how many (120)."""
import os
import random
import signal
import subprocess
import time

import pytest

import values
from observing import agents, dropped, observing

pytestmark = pytest.mark.soak
SECONDS = float(os.environ.get("AZM_SOAK_SECONDS", "120"))


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
