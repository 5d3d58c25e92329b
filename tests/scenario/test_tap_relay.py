"""What enters one leg of the tap leaves the other: conversations of a scripted host and worker through the real tap,
both legs recorded and compared."""
import os
import socket
import threading
import time

import pytest

import values
import wire
from observing import watched

MEGABYTE = 1 << 20


@pytest.fixture(autouse=True, params=["relay only", "observed"])
def both_ways(request, scene):
    with watched(scene, request.param == "observed"):
        yield


@pytest.mark.parametrize("style", ["node", "python", "dotnet"])
@pytest.mark.parametrize("concurrency", [1, 16, 200])
def test_invocations(scene, style, concurrency):
    functions = [values.http(), values.http("slow", "slow", ms=20), values.http("boom", "fail"), values.queue()]
    host, worker, check = scene.both_legs(functions, style=style)
    worker.init()
    worker.load(worker.index())
    results = worker.invoke_many("slow", max(concurrency, 20), concurrency)
    assert {r.status for r in results} == {"Success"}
    results = worker.invoke_many("hello", 3 * concurrency, concurrency, data="some body")
    assert {r.body for r in results} == {"some body"}
    assert {r.status for r in worker.invoke_many("boom", concurrency, concurrency)} == {"Failure"}
    assert {r.status for r in worker.invoke_many("orders", concurrency, concurrency, data="x")} == {"Success"}
    worker.ping()
    check()


def test_reload_logs_and_cancellation(scene):
    functions = [values.http(), values.http("chatty", "log", lines=["a", "b" * 5000]), values.http("wait", "cancel")]
    host, worker, check = scene.both_legs(functions, style="dotnet")
    worker.ready(functions)
    worker.invoke("chatty")
    waiting = worker.begin("wait")
    worker.cancel(next(iter(worker.open)))
    assert waiting.result(30).status == "Cancelled"
    worker.reload({**host.environment(scene.worker_env(functions)), "WEBSITE_SITE_NAME": "other"})
    worker.load(functions)
    assert worker.invoke("hello").status == "Success"
    check()


def test_http_proxying(scene):
    functions = [values.http(status=202), values.queue()]
    host, worker, check = scene.both_legs(functions, style="dotnet", http=1)
    worker.ready(functions)
    assert {worker.invoke("hello", b"x" * 5000, method="POST").proxied_status for _ in range(10)} == {202}
    assert worker.invoke("orders", "x").status == "Success"
    check()


@pytest.mark.slow
def test_hundred_megabytes_both_ways(scene):
    functions = [values.http("up", "echo"), values.http("down", "big", size=100 * MEGABYTE)]
    host, worker, check = scene.both_legs(functions)
    worker.ready(functions)
    body = os.urandom(MEGABYTE) * 100
    assert worker.invoke("up", body, method="POST").body == body
    assert len(worker.invoke("down").body) == 100 * MEGABYTE
    check()


def test_twenty_connections(scene):
    functions = [values.http("settle", "extension", channels=20, calls=5, size=50_000), values.http()]
    host, worker, check = scene.both_legs(functions)
    worker.ready(functions)
    futures = [worker.begin("settle") for _ in range(3)]
    assert len(worker.invoke_many("hello", 100, 10)) == 100
    assert [f.result(60).body for f in futures] == ["100"] * 3
    check()
    assert len(wire.connections(scene.folder / "host-leg")) > 20


def test_other_streams_of_the_same_connection(scene):
    functions = [values.http("settle", "extension", calls=50, size=3000), values.http()]
    host, worker, check = scene.both_legs(functions)
    worker.ready(functions)
    futures = [worker.begin("settle") for _ in range(5)]
    assert len(worker.invoke_many("hello", 200, 20)) == 200
    assert [f.result(60).body for f in futures] == ["50"] * 5
    check()
    assert len(wire.connections(scene.folder / "host-leg")) == 1


# -- connections that are not the usual ones, between sockets of the test's own


def read_all(sock, out=None):
    out = bytearray() if out is None else out
    while data := sock.recv(1 << 16):
        out += data
    return bytes(out)


@pytest.mark.parametrize("worker_first", [True, False])
def test_half_close(raw, worker_first):
    near, far = raw.pair()
    first, second = (near, far) if worker_first else (far, near)
    first.sendall(b"question")
    first.shutdown(socket.SHUT_WR)
    assert read_all(second) == b"question"
    second.sendall(b"answer " * 100_000)
    second.shutdown(socket.SHUT_WR)
    assert read_all(first) == b"answer " * 100_000


@pytest.mark.parametrize("worker_first", [True, False])
def test_reset(raw, worker_first):
    near, far = raw.pair()
    first, second = (near, far) if worker_first else (far, near)
    near.sendall(b"x")
    assert far.recv(1) == b"x"
    first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    first.close()
    with pytest.raises(ConnectionResetError):
        while second.recv(100):
            pass
        raise AssertionError("a reset became a clean end")


def test_garbage(raw):
    for data in (os.urandom(300_000), b"GET / HTTP/1.1\r\n\r\n" * 1000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" +
                 os.urandom(200_000), b"\0" * 70_000, b"P"):
        near, far = raw.pair()
        got = {}
        sides = [threading.Thread(target=lambda s=s, k=k: got.__setitem__(k, read_all(s)))
                 for k, s in (("near", near), ("far", far))]
        for side in sides:
            side.start()
        near.sendall(data)
        far.sendall(data[::-1])
        near.shutdown(socket.SHUT_WR)
        far.shutdown(socket.SHUT_WR)
        for side in sides:
            side.join(30)
        assert got["far"] == data and got["near"] == data[::-1]
    assert raw.channel.process.poll() is None


def test_a_host_that_is_gone_is_a_refused_or_reset_connection(raw):
    raw.listener.close()
    with pytest.raises(OSError):
        near = socket.create_connection(("127.0.0.1", raw.port), timeout=30)
        near.sendall(b"x")
        if not near.recv(1):
            raise ConnectionResetError
    assert raw.channel.process.poll() is None


def resident_kib(pid):
    status = open(f"/proc/{pid}/status").read()
    return int(status.partition("VmRSS:")[2].split()[0])


def sanitized(pid):
    """Sanitizers keep memory for reasons of their own."""
    return "san.so" in open(f"/proc/{pid}/maps").read()


@pytest.mark.parametrize("reader", ["near", "far"])
def test_a_side_that_does_not_read_costs_no_memory(raw, reader):
    near, far = raw.pair()
    reader, writer = (near, far) if reader == "near" else (far, near)
    before = resident_kib(raw.channel.pid)
    data, sent = os.urandom(MEGABYTE), [0]
    total = 64 * MEGABYTE

    def write():
        while sent[0] < total:
            writer.sendall(data)
            sent[0] += len(data)
        writer.shutdown(socket.SHUT_WR)

    writer.settimeout(60)
    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    last = -1
    while sent[0] != last:  # until nothing moves any more
        last = sent[0]
        time.sleep(0.3)
    assert sent[0] < total, "64 MiB fitted between: nobody held the writer back"
    assert sanitized(raw.channel.pid) or resident_kib(raw.channel.pid) - before < 2048
    other_near, other_far = raw.pair()  # others are not held up
    other_near.sendall(b"quick")
    assert other_far.recv(5) == b"quick"
    assert read_all(reader) == data * 64
    thread.join(10)
    assert sanitized(raw.channel.pid) or resident_kib(raw.channel.pid) - before < 2048


def test_many_connections_come_and_go(raw):
    def fds():
        return len(os.listdir(f"/proc/{raw.channel.pid}/fd"))
    before = fds()
    pairs = [raw.pair() for _ in range(200)]
    for n, (near, far) in enumerate(pairs):
        near.sendall(b"%d" % n)
    for n, (near, far) in enumerate(pairs):
        assert far.recv(10) == b"%d" % n
        near.close()
        far.close()
    for _ in range(100):
        if fds() <= before + 2:  # the ring's file may have been opened since
            break
        time.sleep(0.05)
    assert fds() <= before + 2
