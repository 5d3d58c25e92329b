"""The hub's store under attack: kills, a second hub on the same folder, readers that stay, retention under load, a full
disk. AZM_HUB_KILLS says how often it is killed by `make soak` (200)."""
import concurrent.futures
import contextlib
import os
import random
import resource
import signal
import sqlite3
import subprocess
import threading
import time

import pytest
import requests

from test_hub import BIN, METADATA, NDJSON, PATIENCE, Hub, lines, span, transaction, wait_for

KILLS = int(os.environ.get("AZM_HUB_KILLS", "200"))
SPANS = 3
QUIET = ("--otlp-http", "off", "--otlp-grpc", "off")


def trace_id(n):
    return f"{n:032x}"


def body(n, text=None):
    """One trace of its own. text: makes it large."""
    now = {"timestamp": int(time.time() * 1e6)}
    more = {"context": {"custom": {"text": text}}} if text else {}
    return lines(METADATA, transaction(n, **now, **more, name="GET /api/orders"),
                 *[span(n, i, **now) for i in range(1, SPANS + 1)])


class Senders:
    """Clients that send until they are told to stop, or nobody answers. Numbers of traces begin with first."""

    def __init__(self, hubs, count, first, text=None):
        self.answered, self.refused, self.stopped, self.text = [], [], threading.Event(), text
        self.pool = concurrent.futures.ThreadPoolExecutor(count)
        self.jobs = [self.pool.submit(self._send, hubs[i % len(hubs)].url, first + i * 1000000) for i in range(count)]

    def _send(self, url, n):
        with requests.Session() as session:
            while not self.stopped.is_set():
                try:
                    answer = session.post(url + "/intake/v2/events", data=body(n, self.text and self.text()), headers=NDJSON,
                                          timeout=PATIENCE)
                except requests.RequestException:
                    return
                if answer.status_code == 202:
                    self.answered.append(n)
                else:
                    self.refused.append((answer.status_code, answer.text))
                n += 1

    def end(self):
        self.stopped.set()
        self.pool.shutdown()
        for job in self.jobs:
            job.result()


def check(folder):
    run = subprocess.run([BIN / "azimuth", "hub", "check", "--data-dir", folder / "data"], capture_output=True, text=True,
                         timeout=PATIENCE)
    assert run.returncode == 0, run.stderr


def lost(hub, numbers):
    """Those of which not everything is there."""
    def whole(n):
        answer = hub.get("/api/traces/" + trace_id(n))
        return answer.status_code == 200 and (answer.json()["trace"]["transactions"], answer.json()["trace"]["spans"]) == (1, SPANS)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return [n for n, there in zip(numbers, pool.map(whole, numbers)) if not there]


def every_trace(hub):
    cursor, found = "", []
    while cursor is not None:
        answer = hub.get("/api/traces?limit=1000" + (cursor and "&cursor=" + cursor)).json()
        found += answer["traces"]
        cursor = answer["next"]
    return found


def counted(hub):
    """How many transactions the sums know of."""
    return sum(o["requests"] for o in hub.get("/api/operations?since=1d").json()["operations"])


def kill_often(folder, kills):
    dice, answered = random.Random(5), 0
    for kill in range(1, kills + 1):
        hub = Hub(folder, *QUIET).start()
        senders = Senders([hub], 3, kill * 10000000)
        enough = dice.randint(1, 40)
        wait_for(lambda: len(senders.answered) >= enough)
        time.sleep(dice.uniform(0, 0.01))
        hub.process.kill()
        senders.end()
        hub.process.communicate(timeout=PATIENCE)
        check(folder)
        hub = Hub(folder, *QUIET).start()
        assert (lost(hub, senders.answered), senders.refused) == ([], [])
        assert hub.stop() == 0
        answered += len(senders.answered)
    hub = Hub(folder, *QUIET).start()
    traces = every_trace(hub)
    assert len(traces) >= answered
    assert {(t["transactions"], t["spans"]) for t in traces} == {(1, SPANS)}, "a request is stored whole, or not at all"
    assert counted(hub) == len(traces)
    assert not list((folder / "data").glob("*damaged*"))
    assert hub.stop() == 0


@pytest.mark.threads
def test_killed_at_random_nothing_is_lost_that_was_answered(tmp_path):
    kill_often(tmp_path, 4)


@pytest.mark.soak
def test_killed_two_hundred_times(tmp_path):
    kill_often(tmp_path, KILLS)


@pytest.mark.threads
def test_two_hubs_write_to_one_folder(tmp_path):
    places = [tmp_path / "a", tmp_path / "b"]
    (tmp_path / "data").mkdir()
    for place in places:
        place.mkdir()
        (place / "data").symlink_to(tmp_path / "data")
    hubs = [Hub(place, *QUIET).start() for place in places]
    senders = Senders(hubs, 4, 10000000)
    wait_for(lambda: len(senders.answered) >= 200)
    senders.end()
    assert senders.refused == []
    for hub in hubs:
        assert lost(hub, senders.answered[::7]) == []
        assert len(every_trace(hub)) == counted(hub) == len(senders.answered)
    check(tmp_path)
    assert [hub.stop() for hub in hubs] == [0, 0]


@contextlib.contextmanager
def reader_that_stays(folder):
    """Another program that has begun to read and does not end."""
    with contextlib.closing(sqlite3.connect(f"file:{folder}/data/hub.db?mode=ro", uri=True)) as db:
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM partitions").fetchone()
        yield
        db.execute("ROLLBACK")


QUESTIONS = ["/api/traces?limit=1000", "/api/traces?q=orders&limit=200", "/api/traces?order=slowest", "/api/services",
             "/api/operations", "/api/map", "/api/instances", "/api/usage", "/api/status"]


@pytest.mark.threads
def test_readers_and_retention_do_not_disturb_each_other(tmp_path):
    def noise():
        return os.urandom(20000).hex()
    hub = Hub(tmp_path, *QUIET, "--keep-mb", "16").start()
    for n in range(1, 401):
        assert hub.send(body(n, noise())).status_code == 202
    assert hub.get("/api/traces/" + trace_id(1)).status_code == 200
    assert hub.stop() == 0

    hub = Hub(tmp_path, *QUIET, "--keep-mb", "4").start()  # looks for what is too much as it starts
    answers = []

    def ask(stop):
        for question in QUESTIONS * 1000:
            if stop.is_set():
                return
            answers.append((question, hub.get(question).status_code))
    with reader_that_stays(tmp_path), concurrent.futures.ThreadPoolExecutor(2) as pool:
        senders = Senders([hub], 2, 10000000, noise)
        jobs = [pool.submit(ask, senders.stopped) for _ in range(2)]
        try:
            wait_for(lambda: len(senders.answered) >= 20 and len(answers) >= 2 * len(QUESTIONS)
                     and hub.get("/api/traces/" + trace_id(1)).status_code == 404)
        finally:
            senders.end()
        for job in jobs:
            job.result()
    assert senders.refused == []
    assert {status for _, status in answers} == {200}, [a for a in answers if a[1] != 200]
    check(tmp_path)
    assert hub.stop() == 0


def test_a_full_disk_is_told_and_reading_goes_on(tmp_path):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))  # no file grows beyond 1 MiB
    hub = Hub(tmp_path, *QUIET, prepare=limit).start()
    stored, n = [], 0
    for n in range(1, 200):
        answer = hub.send(body(n, os.urandom(20000).hex()))
        if answer.status_code != 202:
            break
        stored.append(n)
    assert answer.status_code == 503 and answer.json()["errors"][0]["message"]
    state = hub.get("/api/status").json()["store"]
    assert state["state"] in ("full", "failing") and state["message"], state
    assert stored and lost(hub, stored) == []
    assert len(every_trace(hub)) == counted(hub) == len(stored)

    resource.prlimit(hub.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert hub.send(body(n)).status_code == 202
    assert hub.get("/api/status").json()["store"]["state"] == "ok"
    assert lost(hub, stored + [n]) == []
    check(tmp_path)
    assert hub.stop() == 0
