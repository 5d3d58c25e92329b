"""GET /api/live over real HTTP: who gets what, who is refused, and that nobody waits for anybody."""
import json
import socket
import ssl
import time

import pytest

import certificates
from test_hub import METADATA, NDJSON, PATIENCE, Hub, lines, transaction, wait_for  # noqa: F401

pytestmark = pytest.mark.threads
CLIENTS = 64
GOOD = lines(METADATA, transaction(1))


class Client:
    """One connection with one GET, read line by line."""

    def __init__(self, hub, path="/api/live", method="GET", small=False, tls=None, **headers):
        host, port = hub.url.split("://")[1].split(":")
        self.socket = socket.socket()
        if small:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.socket.settimeout(PATIENCE)
        self.socket.connect((host, int(port)))
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=host)
        wanted = {"Host": f"{host}:{port}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        head = "".join(f"{name}: {value}\r\n" for name, value in wanted.items())
        self.socket.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode())
        self.bytes = b""

    def until(self, end):
        while end not in self.bytes:
            more = self.socket.recv(65536)
            assert more, ("ended too early", self.bytes)
            self.bytes += more
        part, self.bytes = self.bytes.split(end, 1)
        return part

    def open(self):
        """Reads the head and the first block, which tells that the client is known."""
        head = self.until(b"\r\n\r\n").decode()
        assert head.startswith("HTTP/1.1 200 ") and "text/event-stream" in head and "chunked" in head, head
        self.text = ""
        self.first = self.block()
        return self

    def status(self):
        return int(self.until(b"\r\n").split()[1])

    def chunk(self):
        """One chunk of the body; empty at its end."""
        size = int(self.until(b"\r\n"), 16)
        while len(self.bytes) < size + 2:
            more = self.socket.recv(65536)
            assert more, "broken off"
            self.bytes += more
        chunk, self.bytes = self.bytes[:size], self.bytes[size + 2:]
        return chunk.decode()

    def block(self):
        """The fields of the next block that has any; None at the stream's end."""
        while True:
            while "\n\n" not in self.text:
                chunk = self.chunk()
                if not chunk:
                    return None
                self.text += chunk
            block, self.text = self.text.split("\n\n", 1)
            fields = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
            if fields:
                return fields

    def trace(self):
        fields = self.block()
        assert fields["event"] == "trace"
        return {**json.loads(fields["data"]), "cursor": int(fields["id"])}

    def close(self):
        self.socket.close()


@pytest.fixture
def hub(tmp_path):
    hub = Hub(tmp_path).start()
    yield hub
    code = hub.stop()
    assert (code, "Sanitizer" in hub.errors) == (0, False), hub.errors


def send(hub, *numbers, service=None, **more):
    metadata = {"metadata": {"service": {**METADATA["metadata"]["service"], "name": service}}} if service else METADATA
    assert hub.send(lines(metadata, *(transaction(n, **more) for n in numbers))).status_code == 202


def test_traces_are_told_as_the_list_has_them(hub):
    send(hub, 1)
    everything, shop = Client(hub).open(), Client(hub, "/communication/api/live?service=shop").open()
    send(hub, 2)
    send(hub, 3, service="shop")
    second, third = everything.trace(), everything.trace()
    listed = {trace["trace_id"]: trace for trace in hub.traces()}
    for n, told in ((2, second), (3, third)):
        cursor = told.pop("cursor")
        assert told == listed[f"{n:032x}"]
        later = [trace["trace_id"] for trace in hub.traces(f"?after={cursor}")]
        assert later == ([f"{3:032x}"] if n == 2 else [])
    assert shop.trace()["trace_id"] == f"{3:032x}"


def test_a_client_that_comes_back_gets_what_it_missed(hub):
    send(hub, 1)
    client = Client(hub).open()
    unused = client.first["id"]  # known before the first trace
    send(hub, 2)
    seen = client.trace()["cursor"]
    client.close()
    send(hub, 3, 4)
    again = Client(hub, Last_Event_ID=str(seen)).open()
    assert [again.trace()["trace_id"] for _ in range(2)] == [f"{n:032x}" for n in (3, 4)]
    future = Client(hub, Last_Event_ID=str(2**63 - 1)).open()
    again = Client(hub, Last_Event_ID=unused).open()
    assert [again.trace()["trace_id"] for _ in range(3)] == [f"{n:032x}" for n in (2, 3, 4)]
    send(hub, 5)
    assert future.trace()["trace_id"] == f"{5:032x}"


def test_more_than_fifty_are_counted(hub):
    client = Client(hub).open()
    send(hub, *range(1, 301))
    send(hub, *range(301, 501))
    traces, skipped = [], 0
    while len(traces) + skipped < 500:
        fields = client.block()
        data = json.loads(fields["data"])
        if fields["event"] == "skipped":
            skipped += data["count"]
        else:
            traces.append(int(data["trace_id"], 16))
    assert skipped >= 300 and len(traces) >= 50 and traces[-1] == 500 and traces == sorted(traces)


def test_a_trace_is_told_once(hub):
    client = Client(hub).open()
    send(hub, 1, parent_id="00000000000000aa")
    assert client.trace()["transaction_id"] == f"{1:016x}"
    assert hub.send(lines(METADATA, transaction(1, id="00000000000000bb"))).status_code == 202  # its first, come late
    send(hub, 2)
    assert client.trace()["trace_id"] == f"{2:032x}"


def test_many_slow_and_vanished_clients(hub):
    """64 may follow, one more is told so; whoever leaves makes room; who does not read holds nobody up."""
    clients = [Client(hub, small=True).open() for _ in range(CLIENTS)]
    late = Client(hub)
    assert late.status() == 503
    assert "64 clients" in late.until(b'"}').decode()
    long = "x" * 1000
    for n in range(1, 400, 10):  # more than the silent ones' buffers take
        send(hub, *range(n, n + 10), name=long, result=long)
    reader, told = clients[0], 0
    while told < 400:
        fields = reader.block()
        told += json.loads(fields["data"])["count"] if fields["event"] == "skipped" else 1
    for client in clients:
        client.close()
    wait_for(lambda: Client(hub).status() == 200)


def test_the_hubs_end_is_the_streams_end(hub):
    clients = [Client(hub).open() for _ in range(8)]
    begin = time.monotonic()
    assert hub.stop() == 0
    assert [client.block() for client in clients] == [None] * 8  # the last chunk came, nothing broke off
    assert time.monotonic() - begin < PATIENCE


@pytest.mark.parametrize("request_, status, says", [
    ({"path": "/api/live?since=1h"}, 400, "since: no such parameter; known here: service"),
    ({"path": "/api/live?service="}, 400, "expected a text"),
    ({"Last_Event_ID": "-1"}, 400, "Last-Event-ID: -1: expected"),
    ({"Last_Event_ID": "99999999999999999999"}, 400, "Last-Event-ID: 9999"),
    ({"Origin": "https://evil.example"}, 403, "another origin"),
    ({"Host": "evil.example"}, 403, "by address"),
    ({"method": "POST", "Content_Length": "0"}, 405, "only GET"),
])
def test_what_is_refused(hub, request_, status, says):
    client = Client(hub, **request_)
    assert client.status() == status
    assert says in client.until(b'"}').decode()


def test_the_token_is_needed(tmp_path):
    hub = Hub(tmp_path, "--token", "secret").start()
    assert Client(hub).status() == 401
    client = Client(hub, Authorization="Bearer secret").open()
    assert hub.send(lines(METADATA, transaction(1)), Authorization="Bearer secret").status_code == 202
    assert client.trace()["trace_id"] == f"{1:032x}"
    assert hub.stop() == 0


@certificates.needed
def test_behind_tls(tmp_path):
    authority = certificates.Authority(tmp_path)
    certificate, key = authority.sign("hub")
    hub = Hub(tmp_path, "--tls-cert", certificate, "--tls-key", key).start()
    hub.url = hub.url.replace("http:", "https:")
    tls = ssl.create_default_context(cafile=authority.cert)
    clients = [Client(hub, tls=tls).open() for _ in range(CLIENTS)]
    for client in clients[1:]:
        client.close()
    one = Client(hub, "/intake/v2/events", "POST", tls=tls, **NDJSON, Content_Length=str(len(GOOD)))
    one.socket.sendall(GOOD)
    assert one.status() == 202
    assert clients[0].trace()["trace_id"] == f"{1:032x}"
    wait_for(lambda: Client(hub, tls=tls).status() == 200)
    assert hub.stop() == 0
    assert "Sanitizer" not in hub.errors, hub.errors
