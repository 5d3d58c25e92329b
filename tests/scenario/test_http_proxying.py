"""HTTP proxying: the host sends HTTP to the worker's own server. The tap is between, changes nothing but the port's
digits in the worker's greeting, and makes one transaction of both legs."""
import http.client
import os
import socket
import subprocess
import threading
import time
import urllib.parse

import pytest

import values
from observing import kill_agents, observing, until

pytestmark = pytest.mark.threads

FUNCTIONS = [values.http(), values.http("made", status=201), values.http("boom", "fail"),
             values.http("slow", "slow", ms=300), values.queue()]


@pytest.fixture
def observed(scene):
    with observing(scene) as observed:
        yield observed


def port_of(worker):
    return urllib.parse.urlsplit(worker.capabilities["HttpUri"]).port


def start(observed, functions=FUNCTIONS, **more):
    return observed.start(functions, "dotnet", http=1, **more)


def test_both_legs_are_one_transaction(observed):
    worker = start(observed)
    results = {name: worker.invoke(name, method="POST", url=f"https://shop.example/api/{name}?code=secret&a=1")
               for name in ("hello", "made", "boom")}
    results["orders"] = worker.invoke("orders", "text")
    assert [results[n].proxied_status for n in ("hello", "made")] == [200, 201]
    events = {e["faas"]["name"].partition("/")[2]: e for e in observed.intake.wait(4)}
    assert {n: e["faas"]["execution"] for n, e in events.items()} == {n: r.invocation_id for n, r in results.items()}
    for name, result, outcome, status in (("hello", "HTTP 2xx", "success", 200), ("made", "HTTP 2xx", "success", 201),
                                          ("boom", "HTTP 5xx", "failure", 500)):
        e = events[name]
        assert (e["name"], e["type"], e["result"], e["outcome"]) == (f"POST /api/{name}", "request", result, outcome)
        request, response = e["context"]["request"], e["context"]["response"]
        assert request["method"] == "POST" and response["status_code"] == status
        assert request["url"]["full"] == f"https://shop.example/api/{name}?code=[REDACTED]&a=1"
        assert request["headers"]["Host"] == "localhost:7071"
    assert events["hello"]["context"]["response"]["headers"]["Content-Length"] == "7"
    assert events["hello"]["context"]["response"]["encoded_body_size"] == 7
    assert events["orders"]["result"] == "success"


def test_the_port_has_as_many_digits_and_serves_both_families(observed):
    worker = start(observed)
    assert worker.capabilities["HttpUri"] == f"http://localhost:{port_of(worker)}/"
    for family in ("127.0.0.1", "::1"):
        try:
            connection = socket.create_connection((family, port_of(worker)), timeout=5)
        except OSError as error:
            if family == "::1" and not os.path.exists("/proc/net/if_inet6"):
                pytest.skip(f"there is no IPv6 here: {error}")
            raise
        connection.close()


@pytest.mark.parametrize("concurrency", [16])
def test_many_at_once(observed, concurrency):
    worker = start(observed)
    ids, lock = set(), threading.Lock()

    def some():
        for _ in range(20):
            result = worker.invoke("hello")
            assert result.proxied_status == 200
            with lock:
                ids.add(result.invocation_id)

    threads = [threading.Thread(target=some) for _ in range(concurrency)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    events = observed.intake.wait(20 * concurrency)
    assert {e["faas"]["execution"] for e in events} == ids
    assert all(e["context"]["response"]["status_code"] == 200 for e in events)


def test_not_configured_nothing_is_touched(scene):
    host = scene.host()
    worker = scene.start(host, FUNCTIONS, "dotnet", http=1)
    worker.init()
    worker.load(worker.index())
    assert worker.invoke("hello").proxied_status == 200
    listening = subprocess.run(["ss", "-ltnp"], capture_output=True, text=True).stdout
    if listening:
        assert f":{port_of(worker)} " in listening
        line = next(line for line in listening.splitlines() if f":{port_of(worker)} " in line)
        assert "azimuth-tap" not in line
