"""HTTP proxying: the host sends HTTP to the worker's own server. The tap is between, changes nothing but the port's
digits in the worker's greeting, and makes one transaction of both legs."""
import http.client
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.parse

import psutil
import pytest

import values
from observing import observing
from processes import TAP

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
    ports = {c.laddr.port for c in psutil.Process(worker.pid).connections("tcp") if c.status == psutil.CONN_LISTEN}
    assert len(ports) == 2 and port_of(worker) in ports
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
    ports = [c.laddr.port for c in psutil.Process(worker.pid).connections("tcp") if c.status == psutil.CONN_LISTEN]
    assert len(ports) == 1 and port_of(worker) not in ports  # the tap listens for gRPC alone


# -- a worker whose HTTP server is the test itself, so that every byte can be compared


class Server:
    """Listens as the worker's HTTP server; a connection is given to whoever asks for it."""

    def __init__(self, family=socket.AF_INET, listen=True):
        self.socket = socket.socket(family)
        self.address = "127.0.0.1" if family == socket.AF_INET else "::1"
        self.socket.bind((self.address, 0))
        self.port = self.socket.getsockname()[1]
        if listen:
            self.socket.listen()

    def accept(self):
        self.socket.settimeout(20)
        connection, _ = self.socket.accept()
        connection.settimeout(20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


@pytest.fixture
def server():
    server = Server()
    yield server
    server.socket.close()


def behind(observed, server):
    """A worker that says its HTTP is served there; it answers every InvocationRequest by gRPC, after how.ms."""
    worker = observed.start([values.http(), values.http("slow", "slow", ms=500), values.http("boom", "fail")], "dotnet",
                            capabilities='{"HttpUri": "http://localhost:%d"}' % server.port)
    assert port_of(worker) != server.port and len(str(port_of(worker))) == len(str(server.port))
    return worker


def connect(worker, host="127.0.0.1"):
    return socket.create_connection((host, port_of(worker)), timeout=20)


def get(connection, count):
    got = b""
    while len(got) < count:
        piece = connection.recv(count - len(got))
        assert piece, f"the connection ended after {got!r}"
        got += piece
    return got


def pass_on(source, sink, data):
    source.sendall(data)
    assert get(sink, len(data)) == data


def head(worker_request, text):
    return text.replace("ID", worker_request.invocation_id).replace("\n", "\r\n").encode()


EXCHANGES = {
    "length": ("POST /api/hello HTTP/1.1\nHost: a\nx-ms-invocation-id: ID\nContent-Length: 3\n\nabc",
               "HTTP/1.1 201 Created\nContent-Length: 2\n\nhi", 201, 2),
    "chunks and trailers": ("POST /api/hello HTTP/1.1\nHost: a\nx-ms-invocation-id: ID\nTransfer-Encoding: chunked\n\n"
                            "3;a=b\nabc\n0\nSum: 1\n\n",
                            "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nTrailer: Sum\n\n5\nhello\n0\nSum: 2\n\n", 200, 5),
    "HEAD": ("HEAD /api/hello HTTP/1.1\nHost: a\nx-ms-invocation-id: ID\n\n",
             "HTTP/1.1 200 OK\nContent-Length: 1000000\n\n", 200, 0),
    "no content": ("DELETE /api/hello HTTP/1.1\nHost: a\nx-ms-invocation-id: ID\n\n", "HTTP/1.1 204 No Content\n\n", 204, 0),
    "early hints": ("GET /api/hello HTTP/1.1\nHost: a\nx-ms-invocation-id: ID\n\n",
                    "HTTP/1.1 103 Early Hints\nLink: </a>\n\nHTTP/1.1 404 Not Found\nContent-Length: 4\n\nnone", 404, 4),
}


@pytest.mark.parametrize("piece", [None, 1], ids=["whole", "single bytes"])
def test_kept_alive_exchanges_pass_unchanged(observed, server, piece):
    worker = behind(observed, server)
    client, far, expected = connect(worker), None, {}
    for request_text, answer_text, status, size in EXCHANGES.values():
        request, future = worker.request("hello"), None
        far = far or server.accept()
        for source, sink, text in ((client, far, request_text), (far, client, answer_text)):
            data = head(request, text)
            for at in range(0, len(data), piece or len(data)):
                pass_on(source, sink, data[at:at + (piece or len(data))])
            future = future or worker.begin_request(request)
        assert future.result(20).status == "Success"
        expected[request.invocation_id] = (request_text.split()[0], status, size)
    got = {e["faas"]["execution"]: (e["context"]["request"]["method"], e["context"]["response"]["status_code"],
                                    e["context"]["response"]["encoded_body_size"])
           for e in observed.intake.wait(len(EXCHANGES))}
    assert got == expected


def test_continue_and_upgrade(observed, server):
    worker = behind(observed, server)
    request = worker.request("hello")
    client = connect(worker)
    far = server.accept()
    pass_on(client, far, head(request, "PUT /api/hello HTTP/1.1\nx-ms-invocation-id: ID\nExpect: 100-continue\n"
                                       "Content-Length: 2\n\n"))
    pass_on(far, client, b"HTTP/1.1 100 Continue\r\n\r\n")
    pass_on(client, far, b"ab")
    future = worker.begin_request(request)
    pass_on(far, client, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert future.result(20).status == "Success"
    socket_request = worker.request("hello")
    pass_on(client, far, head(socket_request, "GET /api/hello HTTP/1.1\nx-ms-invocation-id: ID\nConnection: Upgrade\n"
                                              "Upgrade: websocket\nSec-WebSocket-Version: 13\n\n"))
    future = worker.begin_request(socket_request)
    pass_on(far, client, b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    for _ in range(3):
        pass_on(client, far, b"\x81\x85" + os.urandom(9))
        pass_on(far, client, b"\x81\x05hello")
    assert future.result(20).status == "Success"
    observed.intake.wait(1)
    time.sleep(0.5)
    assert len(observed.intake.events()) == 1  # a WebSocket that is open is an invocation that is not over
    client.close()
    assert far.recv(1) == b""
    far.close()
    events = {e["faas"]["execution"]: e for e in observed.intake.wait(2)}
    assert events[request.invocation_id]["context"]["request"]["method"] == "PUT"
    assert events[socket_request.invocation_id]["context"]["response"]["status_code"] == 101
    assert events[socket_request.invocation_id]["duration"] >= 500


def test_neither_leg_waits_for_the_other(observed, server):
    worker = behind(observed, server)
    # HTTP first: its bytes are there long before the invocation is asked for.
    request = worker.request("hello")
    client = connect(worker)
    far = server.accept()
    pass_on(client, far, head(request, "GET /api/hello HTTP/1.1\nx-ms-invocation-id: ID\n\n"))
    time.sleep(1.2)
    # The gRPC answer passes while the HTTP one has not even begun.
    assert worker.begin_request(request).result(5).status == "Success"
    time.sleep(0.3)
    assert observed.intake.events() == []
    pass_on(far, client, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    time.sleep(0.3)
    pass_on(far, client, b"llo")
    event, = observed.intake.wait(1)
    assert event["duration"] >= 1800 and event["outcome"] == "success"
    assert event["context"]["response"] == {**event["context"]["response"], "status_code": 200, "encoded_body_size": 5}
    # gRPC first, HTTP while the function runs.
    request = worker.request("slow")
    future = worker.begin_request(request)
    time.sleep(0.1)
    pass_on(client, far, head(request, "GET /api/slow HTTP/1.1\nx-ms-invocation-id: ID\n\n"))
    pass_on(far, client, b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
    assert future.result(5).status == "Success"
    event = next(e for e in observed.intake.wait(2) if e["faas"]["execution"] == request.invocation_id)
    assert event["context"]["response"]["status_code"] == 202 and event["duration"] >= 499


def test_a_failed_function_that_never_answers_over_http(observed, server):
    """As streamed functions of Node.js do: the outcome is known, so nothing is waited for."""
    worker = behind(observed, server)
    request = worker.request("boom")
    client = connect(worker)
    far = server.accept()
    pass_on(client, far, head(request, "POST /api/boom HTTP/1.1\nx-ms-invocation-id: ID\nContent-Length: 0\n\n"))
    assert worker.begin_request(request).result(5).status == "Failure"
    event, = observed.intake.wait(1)
    assert (event["name"], event["result"], event["outcome"]) == ("POST /api/boom", "HTTP 5xx", "failure")
    assert event["context"]["response"]["status_code"] == 500
    pass_on(far, client, b"HTTP/1.1 200 OK\r\n\r\n")
    client.close()
    time.sleep(1)
    assert len(observed.intake.events()) == 1


def test_a_client_that_breaks_off(observed, server):
    worker = behind(observed, server)
    request = worker.request("slow")
    client = connect(worker)
    far = server.accept()
    pass_on(client, far, head(request, "POST /api/slow HTTP/1.1\nx-ms-invocation-id: ID\nContent-Length: 100\n\nabc"))
    future = worker.begin_request(request)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()
    with pytest.raises(ConnectionResetError):
        far.recv(1)
    assert future.result(5).status == "Success"
    event, = observed.intake.wait(1)
    assert event["outcome"] == "success" and "status_code" not in event["context"].get("response", {})
    assert event["name"] == "POST /api/slow"


def test_a_worker_that_is_not_listening_yet(observed):
    server = Server(listen=False)
    worker = behind(observed, server)
    client = connect(worker)
    client.sendall(b"GET / HTTP/1.1\r\n\r\n")
    time.sleep(1)
    server.socket.listen()
    far = server.accept()
    assert get(far, 18) == b"GET / HTTP/1.1\r\n\r\n"
    pass_on(far, client, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    server.socket.close()


def test_a_worker_that_never_listens(observed):
    server = Server(listen=False)
    worker = behind(observed, server)
    began = time.monotonic()
    client = connect(worker)
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    assert time.monotonic() - began < 15
    assert worker.begin("hello").result(5).status == "Success"


def test_a_worker_on_ipv6_alone(observed):
    try:
        server = Server(socket.AF_INET6)
    except OSError as error:
        pytest.skip(f"there is no IPv6 here: {error}")
    worker = behind(observed, server)
    for host in ("127.0.0.1", "::1"):
        client = connect(worker, host)
        far = server.accept()
        pass_on(client, far, b"GET / HTTP/1.1\r\n\r\n")
        pass_on(far, client, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    server.socket.close()


def test_hostile_http_is_forwarded_as_it_is(observed, server):
    worker = behind(observed, server)
    for junk in (os.urandom(5000), b"GET / HTTP/1.1\r\nHost x\r\n\r\n", b"\r\n" * 1000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                 b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 b"GET / HTTP/1.1\r\nX: " + b"x" * (10 << 20) + b"\r\n\r\n"):
        client = connect(worker)
        far = server.accept()
        sender = threading.Thread(target=client.sendall, args=(junk,))
        sender.start()
        assert get(far, len(junk)) == junk
        sender.join()
        pass_on(far, client, os.urandom(1000))
        client.close()
        far.close()
    assert worker.invoke_many("slow", 3, 3)[0].status == "Success"
    # Anybody can send such a header: what nothing follows takes no place from the others.
    client = connect(worker)
    far = server.accept()
    for n in range(2000):
        pass_on(client, far, b"GET / HTTP/1.1\r\nx-ms-invocation-id: made-up-%d\r\n\r\n" % n)
        pass_on(far, client, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert len({r.invocation_id for r in worker.invoke_many("slow", 200, 200)}) == 200
    observed.intake.wait(203)


def resident_kib(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


@pytest.mark.slow
def test_a_gigabyte_each_way_in_constant_memory(observed, server):
    worker = behind(observed, server)
    client = connect(worker)
    far = server.accept()
    size, block = 1 << 30, os.urandom(1 << 20)
    before = resident_kib(worker.pid)
    for source, sink, start in ((client, far, b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size),
                                (far, client, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)):
        pass_on(source, sink, start)
        wrong = []

        def read():
            for _ in range(size // len(block)):
                if get(sink, len(block)) != block:
                    wrong.append("different")
                    return

        reader = threading.Thread(target=read)
        reader.start()
        for _ in range(size // len(block)):
            source.sendall(block)
        reader.join()
        assert wrong == []
    if not re.search("asan|tsan", str(TAP)):  # their own memory grows
        assert resident_kib(worker.pid) - before < 1024


def test_curl(observed, server, scene):
    """A real client against a real server, through both: what arrives is what was sent."""
    if not shutil.which("curl"):
        pytest.skip("there is no curl here")
    worker = start(observed)
    request = worker.request("hello", method="POST")
    future = worker.begin_request(request)
    done = subprocess.run(["curl", "-sS", "-i", "--data-binary", "@-", "-H", f"x-ms-invocation-id: {request.invocation_id}",
                           f"http://localhost:{port_of(worker)}/api/hello"], input=b"x" * 100000, capture_output=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"HTTP/1.1 200") and done.stdout.endswith(b"proxied")
    assert future.result(20).status == "Success"
    event, = observed.intake.wait(1)
    assert (event["name"], event["context"]["response"]["encoded_body_size"]) == ("POST /api/hello", 7)
