"""The hub takes OTLP over gRPC, from a gRPC implementation that is not ours."""
import concurrent.futures
import pathlib
import re
import socket
import threading

import grpc
import pytest
import requests

import otlp
from processes import PATIENCE, sanitized
from test_hub import Hub
from test_hub_otlp import GOOD, NOW, RESOURCE, RICH, events, pairs, request, span, value  # noqa: F401

SERVICES = {"Trace": "trace.v1.TraceService", "Logs": "logs.v1.LogsService", "Metrics": "metrics.v1.MetricsService"}
OPTIONS = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


class GrpcHub(Hub):
    def __init__(self, folder, *options):
        super().__init__(folder, "--otlp-http", "off", "--otlp-grpc", "127.0.0.1:0", *options)

    def start(self, listen="127.0.0.1:0"):
        super().start(listen)
        line = self.process.stdout.readline() + self.process.stdout.readline()
        self.port = int(re.search(r"OTLP/gRPC on port (\d+)", line)[1])
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.port}", options=OPTIONS)
        return self

    def call(self, body, signal="Trace", method=None, timeout=PATIENCE, **more):
        path = method or f"/opentelemetry.proto.collector.{SERVICES[signal]}/Export"
        stub = self.channel.unary_unary(path, request_serializer=None, response_deserializer=None)
        return stub(body if isinstance(body, bytes) else otlp.encode(body, signal), timeout=timeout, wait_for_ready=True, **more)


@pytest.fixture
def hub(tmp_path):
    hub = GrpcHub(tmp_path).start()
    yield hub
    hub.channel.close()
    if hub.process.poll() is None:
        code = hub.stop()
        assert (code, "Sanitizer" in hub.errors) == (0, False), hub.errors


def peak(hub):
    """Bytes of memory it had at most."""
    return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{hub.process.pid}/status").read_text())[1]) * 1024


def code_of(call):
    with pytest.raises(grpc.RpcError) as error:
        call()
    return error.value.code(), error.value.details()


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_traces(hub, compression):
    assert hub.call(request(*RICH), compression=compression) == b""
    assert len(events(hub)) == 9
    assert hub.traces("?q=unnamed") == [] and len(hub.traces("?attr=tenant=blue")) == 1


def test_logs_and_metrics(hub):
    record = {"timeUnixNano": str(NOW * 1000), "severityNumber": 9, "body": value("said")}
    hub.call({"resourceLogs": [{"resource": {"attributes": pairs(RESOURCE)}, "scopeLogs": [{"logRecords": [record]}]}]}, "Logs")
    assert [log["message"] for log in hub.get("/api/logs").json()["logs"]] == ["said"]
    point = {"timeUnixNano": str(NOW * 1000), "asInt": "5"}
    hub.call({"resourceMetrics": [{"resource": {"attributes": pairs(RESOURCE)}, "scopeMetrics": [
        {"metrics": [{"name": "m", "gauge": {"dataPoints": [point]}}]}]}]}, "Metrics")
    assert sum(u["samples"] for u in hub.get("/api/usage").json()["usage"]) == 1


def test_what_is_rejected_is_told(hub):
    answer = otlp.MESSAGES["ExportTraceServiceResponse"].FromString(hub.call(request(span(number=0), span())))
    assert answer.partial_success.rejected_spans == 1
    assert code_of(lambda: hub.call(b"garbage!"))[0] == grpc.StatusCode.INVALID_ARGUMENT
    assert code_of(lambda: hub.call(b"", method="/some.Other/Thing"))[0] == grpc.StatusCode.UNIMPLEMENTED
    assert hub.call(b"") == b""


def test_the_token_is_needed(tmp_path):
    hub = GrpcHub(tmp_path, "--token", "secret").start()
    code, text = code_of(lambda: hub.call(GOOD))
    assert code == grpc.StatusCode.UNAUTHENTICATED and "token" in text
    assert code_of(lambda: hub.call(GOOD, metadata=[("authorization", "Bearer other")]))[0] == grpc.StatusCode.UNAUTHENTICATED
    assert hub.call(GOOD, metadata=[("authorization", "Bearer secret")]) == b""
    before = peak(hub)
    for _ in range(3):  # nothing of a stranger's message is kept
        assert code_of(lambda: hub.call(b"\0" * (60 << 20)))[0] == grpc.StatusCode.UNAUTHENTICATED
    assert sanitized() or peak(hub) < before + (24 << 20)
    hub.channel.close()
    assert hub.stop() == 0


@pytest.mark.threads
def test_many_at_once(hub):
    def send(n):
        return hub.call(request(span(trace=n + 1, name=f"call {n}")))
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        assert set(pool.map(send, range(300))) == {b""}
    assert len(hub.traces("?limit=1000")) == 300


def test_large_messages(hub):
    big = request(span(attributes={"big": "x" * (30 << 20)}))
    assert hub.call(big) == b""
    assert code_of(lambda: hub.call(b"\x0a" + b"\0" * (65 << 20)))[0] == grpc.StatusCode.RESOURCE_EXHAUSTED
    bomb = request(span(attributes={"big": "x" * (80 << 20)}))
    assert code_of(lambda: hub.call(bomb, compression=grpc.Compression.Gzip))[0] == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert hub.call(GOOD) == b""


@pytest.mark.threads
def test_clients_that_go_away(hub):
    body = otlp.encode(request(*[span(number=n + 1) for n in range(2000)]))
    for _ in range(20):
        code_of(lambda: hub.call(body, timeout=0.001))
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", hub.port)) as client:
            client.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0" + b"\0\0\x20\1\4\0\0\0\1")
    assert hub.call(GOOD) == b""


def test_other_protocols(hub):
    answer = requests.get(f"http://127.0.0.1:{hub.port}/", timeout=PATIENCE)
    assert answer.status_code == 400 and "4318" in answer.json()["error"]
    for garbage in (b"\x16\x03\x01" + b"\0" * 100, b"\0" * 5000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 1000):
        with socket.create_connection(("127.0.0.1", hub.port)) as client:
            client.settimeout(PATIENCE)
            client.sendall(garbage)
            try:
                while client.recv(4096):
                    pass
            except ConnectionError:
                pass
    assert hub.call(GOOD) == b""


@pytest.mark.threads
def test_it_ends_in_order_under_load(hub):
    stop, refused, sent = threading.Event(), [], []

    def send(n):
        k = 0
        while not stop.is_set():
            k += 1
            try:
                hub.call(request(span(trace=n * 100000 + k)), timeout=5)
                sent.append(n * 100000 + k)
            except grpc.RpcError as error:
                refused.append(error.code())
                return
    threads = [threading.Thread(target=send, args=(n,)) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    while len(sent) < 100:
        pass
    assert hub.stop() == 0
    stop.set()
    for thread in threads:
        thread.join()
    again = Hub(hub.folder).start()
    missing = [n for n in sent if again.get(f"/api/traces/{n:032x}").status_code != 200]
    assert again.stop() == 0 and not missing
