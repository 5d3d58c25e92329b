"""Whatever happens to Azimuth or to the server that it sends to, the app does not notice; and what was written arrives
as soon as it can."""
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import threading
import time

import pytest

import values
from intake import Intake
from observing import ALL, agents, dropped, end_agents, kill_agents, observing, until


@pytest.fixture
def observed(scene):
    with observing(scene) as observed:
        yield observed


def test_two_apps_with_two_servers_share_an_agent(observed):
    with Intake() as other:
        first = observed.app(ALL, folder="first")
        second = observed.app(ALL, folder="second",
                              settings={"WEBSITE_SITE_NAME": "Bank", "ELASTIC_APM_SERVER_URL": other.url})
        a, b = first.worker(), second.worker()
        for _ in range(5):
            assert set(first.invoke_many(a, "hello", 20, 4)) == {"Success"}
            assert set(second.invoke_many(b, "hello", 10, 4)) == {"Success"}
        ours, theirs = observed.intake.wait(100), other.wait(50)
        assert {e["metadata"]["service"]["name"] for e in ours} == {"Shop"}
        assert {e["metadata"]["service"]["name"] for e in theirs} == {"Bank"}
        assert sum(e["faas"]["coldstart"] for e in ours) == sum(e["faas"]["coldstart"] for e in theirs) == 1
        assert len(agents(observed.run_dir)) == 1


@pytest.mark.slow
def test_the_agent_is_killed_in_the_middle(observed):
    worker = observed.start([values.http()])
    worker.invoke("hello")
    first = observed.agent()
    killed = []

    def kill():
        for _ in range(3):
            time.sleep(1.0)
            killed.append(kill_agents(observed.run_dir))

    killer = threading.Thread(target=kill)
    killer.start()
    statuses = []
    for _ in range(100):  # 10,000 over more than the agents' lives, so that each has some of them
        statuses += [r.status for r in worker.invoke_many("hello", 100, 16)]
        time.sleep(0.05)
    killer.join()
    assert set(statuses) == {"Success"} and len(statuses) == 10_000 and sum(killed) >= 1
    written = 10_001 - dropped(observed.run_dir)  # a ring that nobody reads for seconds runs over: that is counted
    assert written > 3000
    observed.intake.wait(written, patience=60, repeats=True)
    assert first not in agents(observed.run_dir) and len(agents(observed.run_dir)) == 1


def test_the_tap_and_its_group_are_killed(observed):
    """What was in the ring arrives: the next agent drains it."""
    app = observed.app([values.http()])
    number = app.worker(new_group=True)
    app.invoke(number, "hello")
    observed.intake.wait(1)
    for pid in agents(observed.run_dir):
        os.kill(pid, signal.SIGSTOP)  # what follows stays in the ring
    ids = app.ids(number, "hello", 50, 5)
    os.killpg(app.pid(number), signal.SIGKILL)
    app.wait(number)
    end_agents(observed.run_dir)
    ring = b"".join(p.read_bytes() for p in observed.run_dir.glob("ring-*"))
    written = {i for i in ids if i.encode() in ring}
    assert len(written) >= 45  # the last ones may have been sent on and not yet written down
    last = app.ids(app.worker(), "hello", 1)
    until(lambda: written | set(last) <= {e["faas"]["execution"] for e in observed.intake.events()})


def test_a_server_that_is_away_at_first(observed):
    port = observed.intake.port
    observed.intake.close()
    worker = observed.start([values.http()])
    worker.invoke_many("hello", 100, 10)
    observed.agent()
    time.sleep(2)
    with Intake(port) as back:
        worker.invoke_many("hello", 10, 1)
        back.wait(110, patience=60, repeats=True)


@pytest.mark.parametrize("status", [503, 429, 401])
def test_a_server_that_refuses_for_a_while(observed, status):
    observed.intake.answer = lambda n: status if n <= 2 else 202
    worker = observed.start([values.http()])
    worker.invoke_many("hello", 50, 10)
    if status == 401:  # tried again only after minutes: here it has to stay quiet
        until(lambda: observed.intake.count)
        worker.invoke_many("hello", 10, 1)
        time.sleep(2)
        assert observed.intake.count == 1
        return
    until(lambda: observed.intake.count >= 2)
    worker.invoke_many("hello", 10, 1)
    observed.intake.wait(60, patience=60, repeats=True)


def test_a_server_that_is_slow(observed):
    observed.intake.delay = 1.0
    worker = observed.start([values.http()])
    begin = time.monotonic()
    worker.invoke_many("hello", 500, 10)
    assert time.monotonic() - begin < 10
    observed.intake.wait(500, patience=60, repeats=True)


def test_a_ring_that_overflows_drops_and_counts(observed):
    """Nobody reads: the app goes on, the ring is full, and later events arrive again."""
    observed.intake.delay = 0.2
    worker = observed.start([values.http()])
    worker.invoke("hello")
    observed.intake.wait(1)
    for pid in agents(observed.run_dir):
        os.kill(pid, signal.SIGSTOP)
    assert {r.status for r in worker.invoke_many("hello", 6000, 32, headers={"x-filler": "f" * 900})} == {"Success"}
    for pid in agents(observed.run_dir):
        os.kill(pid, signal.SIGCONT)
    observed.intake.delay = 0
    lost = dropped(observed.run_dir)
    assert lost > 1000
    observed.intake.wait(6001 - lost, repeats=True)
    worker.invoke("hello")
    observed.intake.wait(6002 - lost, repeats=True)


# -- a run folder that cannot be used: no events, and a line that says why


def doctor_lines(observed):
    """What the logs say of this run folder: its own, and that of the folder nobody has to name."""
    others = pathlib.Path(f"/tmp/azimuth-{os.geteuid()}")
    logs = [observed.run_dir / "agent.log", others / "agent.log.1", others / "agent.log"]
    lines = []
    for log in logs:
        try:
            lines += log.read_text().splitlines()
        except OSError:
            pass
    return [line for line in lines if "doctor" in line and str(observed.run_dir) in line]


def runs_blind(observed, why):
    worker = observed.start([values.http()])
    assert {r.status for r in worker.invoke_many("hello", 50, 5)} == {"Success"}
    time.sleep(1.5)
    assert worker.invoke("hello").status == "Success"
    assert observed.intake.events() == []
    assert worker.terminate() == 0
    assert worker.output == {"stdout": b"", "stderr": b""}
    said = doctor_lines(observed)
    assert len(said) == 1 and "is not seen" in said[0] and why in said[0], said


def test_a_run_folder_that_is_a_file(observed):
    observed.run_dir.write_text("x")
    runs_blind(observed, "not a")


def test_a_run_folder_whose_parent_is_missing(observed):
    observed.run_dir = observed.scene.folder / "not" / "there"
    observed.settings["AZIMUTH_RUN_DIR"] = str(observed.run_dir)
    runs_blind(observed, "No such file")


def test_a_run_folder_that_is_a_link(observed):
    (observed.scene.folder / "elsewhere").mkdir(mode=0o700)
    observed.run_dir.symlink_to(observed.scene.folder / "elsewhere")
    runs_blind(observed, "link")
    assert list((observed.scene.folder / "elsewhere").iterdir()) == []


def test_a_run_folder_open_to_others(observed):
    observed.run_dir.mkdir()
    observed.run_dir.chmod(0o777)
    runs_blind(observed, "mode")
    assert list(observed.run_dir.iterdir()) == []


root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@root_only
def test_a_run_folder_of_somebody_else(observed):
    observed.run_dir.mkdir(mode=0o700)
    os.chown(observed.run_dir, 12345, 12345)
    runs_blind(observed, "belongs to user 12345")
    assert list(observed.run_dir.iterdir()) == []


@pytest.fixture
def small_disk(observed):
    """The run folder on a file system of its own, of 4 MiB."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small tmpfs")
    disk = observed.scene.folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=0755", "tmpfs", str(disk)],
                             capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted: {mounted.stderr.strip()}")
    observed.run_dir = disk / "run"
    observed.settings["AZIMUTH_RUN_DIR"] = str(observed.run_dir)
    yield disk
    observed.close()
    subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk):
    with open(disk / "fill", "wb", buffering=0) as out:
        try:
            while True:
                out.write(b"\1" * 4096)
        except OSError:
            pass


def test_a_disk_that_is_full_from_the_start(observed, small_disk):
    fill(small_disk)
    runs_blind(observed, "space")


def test_a_log_that_is_long_already(observed):
    """Taps alone wrote to it, again and again: the newest line counts, and the file stays small."""
    observed.run_dir.mkdir(mode=0o700)
    log = observed.run_dir / "agent.log"
    log.write_text("an older line\n" * 80000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (900 << 10, before[1]))  # a ring does not fit
    try:
        runs_blind(observed, "ring-")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert log.stat().st_size < 1000
    assert "an older line" in (observed.run_dir / "agent.log.1").read_text()


def test_a_disk_that_fills_up(observed, small_disk):
    worker = observed.start([values.http()])
    worker.invoke("hello")
    observed.intake.wait(1)
    fill(small_disk)
    assert {r.status for r in worker.invoke_many("hello", 200, 8)} == {"Success"}
    observed.intake.wait(201, repeats=True)


def test_the_run_folder_vanishes(observed):
    worker = observed.start([values.http()])
    worker.invoke("hello")
    observed.intake.wait(1)
    shutil.rmtree(observed.run_dir)
    assert {r.status for r in worker.invoke_many("hello", 100, 8)} == {"Success"}
    assert worker.terminate() == 0


def test_no_agent_beside_the_tap(observed):
    """Only the tap was installed: nothing arrives and nothing breaks."""
    import conftest
    alone = observed.scene.folder / "bin"
    alone.mkdir()
    shutil.copy2(conftest.TAP, alone / "azimuth-tap")
    host = observed.scene.host(settings=observed.settings)
    env = {"AZIMUTH_WORKER_EXECUTABLE": conftest.PYTHON, **observed.scene.worker_env([values.http()])}
    worker = host.start([alone / "azimuth-tap"], conftest.WORKER, env=env)
    worker.ready([values.http()])
    assert {r.status for r in worker.invoke_many("hello", 100, 8)} == {"Success"}
    time.sleep(2.5)
    assert worker.invoke("hello").status == "Success"
    children = pathlib.Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
    assert len(children) == 1, "failed starts are not left as zombies"
    assert worker.terminate() == 0
    assert worker.output == {"stdout": b"", "stderr": b""}
