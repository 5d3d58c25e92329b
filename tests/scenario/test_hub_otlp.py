"""The hub takes OTLP/HTTP: protobuf and JSON, traces, logs and metrics. Requests are made by a protobuf implementation that is
not ours."""
import gzip
import json
import os
import re
import subprocess
import time
import zlib

import pytest
import requests

import otlp
from processes import PATIENCE
from test_golden import RECORDINGS
from test_hub import BIN, Hub, wait_for

NOW = int(time.time() * 1e6)
SIGNALS = {"Trace": "traces", "Logs": "logs", "Metrics": "metrics"}


class OtlpHub(Hub):
    def start(self, listen="127.0.0.1:0"):
        super().start(listen)
        line = self.process.stdout.readline() + self.process.stdout.readline()
        self.otlp = "http://127.0.0.1:" + re.search(r"OTLP/HTTP on port (\d+)", line)[1]
        return self

    def export(self, body, encoding=otlp.JSON, signal="Trace", base=None, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if encoding == otlp.JSON else otlp.encode(body, signal)
        return requests.post(f"{base or self.otlp}/v1/{SIGNALS[signal]}", data=data, timeout=PATIENCE,
                             headers={"Content-Type": encoding, **{k.replace("_", "-"): v for k, v in headers.items()}})


@pytest.fixture
def hub(tmp_path):
    hub = OtlpHub(tmp_path, "--otlp-http", "127.0.0.1:0").start()
    yield hub
    if hub.process.poll() is None:
        code = hub.stop()
        assert (code, "Sanitizer" in hub.errors) == (0, False), hub.errors


def value(item):
    if isinstance(item, bool):
        return {"boolValue": item}
    if isinstance(item, int):
        return {"intValue": str(item)}
    if isinstance(item, float):
        return {"doubleValue": item}
    if isinstance(item, list):
        return {"arrayValue": {"values": [value(one) for one in item]}}
    if isinstance(item, dict):
        return {"kvlistValue": {"values": pairs(item)}}
    return {"stringValue": item}


def pairs(items):
    return [{"key": key, "value": value(item)} for key, item in items.items()]


RESOURCE = {"service.name": "orders", "service.version": "7", "deployment.environment.name": "test", "service.instance.id": "i1",
            "telemetry.sdk.name": "opentelemetry", "telemetry.sdk.language": "nodejs", "telemetry.sdk.version": "2.0.1",
            "process.pid": 42, "host.name": "h1", "cloud.provider": "azure", "cloud.platform": "azure_functions",
            "process.runtime.name": "nodejs", "process.runtime.version": "20.1"}


def request(*spans, resource=RESOURCE, scope="app"):
    return {"resourceSpans": [{"resource": {"attributes": pairs(resource)},
                               "scopeSpans": [{"scope": {"name": scope, "version": "1"}, "spans": list(spans)}]}]}


def span(trace=1, number=1, attributes=None, start=NOW, duration=30_000, **more):
    return {"traceId": f"{trace:032x}", "spanId": f"{number:016x}", "name": "a span", "kind": 2, "startTimeUnixNano": str(start * 1000),
            "endTimeUnixNano": str((start + duration) * 1000), "attributes": pairs(attributes or {}), **more}


def events(hub, trace=1):
    answer = hub.get(f"/api/traces/{trace:032x}")
    assert answer.status_code == 200, answer.text
    return answer.json()["events"]


RICH = [
    span(number=1, name="GET /orders/:id", kind=2, status={"code": 2, "message": "broke"}, traceState="es=s:0.25,ot=p:2",
         attributes={"http.request.method": "GET", "http.response.status_code": 500, "url.path": "/orders/7", "url.scheme": "https",
                     "server.address": "shop.example", "server.port": 8443, "http.route": "/orders/:id", "url.query": "a=1",
                     "http.request.header.accept": ["text/html"], "tenant": "blue", "n": 7, "ok": True, "rate": 0.5,
                     "list": ["a", "b"], "map": {"x": {"y": 1}}},
         events=[{"timeUnixNano": str((NOW + 5) * 1000), "name": "exception", "attributes": pairs({
             "exception.type": "TypeError", "exception.message": "x is not a function",
             "exception.stacktrace": "TypeError: x is not a function\n    at load (/app/orders.js:7:3)\n    at run (/app/node_modules/e/index.js:1:2)"})},
             {"timeUnixNano": str((NOW + 6) * 1000), "name": "cache miss", "attributes": pairs({"key": "k1"})}],
         links=[{"traceId": "f" * 32, "spanId": "e" * 16}]),
    span(number=2, parentSpanId=f"{1:016x}", name="SELECT", kind=3, attributes={
        "db.system.name": "postgresql", "db.namespace": "shop", "db.query.text": "SELECT 1 FROM carts", "server.address": "db1"}),
    span(number=3, parentSpanId=f"{1:016x}", name="GET", kind=3, attributes={
        "http.method": "GET", "http.url": "https://pay.example/charge?x=1", "http.status_code": 404}),
    span(number=4, parentSpanId=f"{1:016x}", name="send", kind=4, attributes={
        "messaging.system": "servicebus", "messaging.destination.name": "in", "messaging.operation.type": "send"}),
    span(number=5, parentSpanId=f"{1:016x}", name="work", kind=1),
    span(number=6, parentSpanId=f"{4:016x}", name="process in", kind=5, attributes={
        "messaging.system": "servicebus", "messaging.destination.name": "in"}),
    span(number=7, parentSpanId=f"{4:016x}", name="app/fn", kind=2, attributes={
        "faas.name": "fn", "faas.trigger": "timerTrigger", "faas.coldstart": True, "faas.invocation_id": "inv-1",
        "cloud.resource.id": "/subscriptions/x"}),
]


@pytest.mark.parametrize("encoding", [otlp.JSON, otlp.PROTOBUF])
def test_spans_become_what_intake_would_have_sent(hub, encoding):
    answer = hub.export(request(*RICH), encoding)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, encoding)
    assert answer.content == (b"{}" if encoding == otlp.JSON else b"")
    found = {event.get("id"): event for event in events(hub) if event["kind"] in ("transaction", "span")}
    root = found[f"{1:016x}"]
    assert (root["kind"], root["type"], root["result"], root["outcome"], root["duration_us"]) == (
        "transaction", "request", "HTTP 5xx", "failure", 30_000)
    raw = root["event"]
    assert raw["context"]["request"] == {"method": "GET", "url": {"full": "https://shop.example:8443/orders/7?a=1", "pathname": "/orders/7",
                                                                 "search": "?a=1"}, "headers": {"accept": "text/html"}}
    assert raw["context"]["response"]["status_code"] == 500
    assert (raw["sample_rate"], raw["timestamp"], raw["duration"]) == (0.25, NOW, 30)
    assert raw["otel"]["attributes"]["map"] == {"x": {"y": 1}} and raw["otel"]["attributes"]["list"] == ["a", "b"]
    assert raw["otel"]["span_kind"] == "SERVER" and raw["links"] == [{"trace_id": "f" * 32, "span_id": "e" * 16}]
    calls = {number: (found[f"{number:016x}"]["kind"], found[f"{number:016x}"]["type"], found[f"{number:016x}"].get("subtype"),
                      found[f"{number:016x}"].get("target"), found[f"{number:016x}"]["outcome"]) for number in range(2, 8)}
    assert calls == {
        2: ("span", "db", "postgresql", "postgresql/shop", "success"), 3: ("span", "external", "http", "pay.example:443", "failure"),
        4: ("span", "messaging", "servicebus", "servicebus/in", "success"), 5: ("span", "app", "internal", None, "success"),
        6: ("transaction", "messaging", None, "in", "success"), 7: ("transaction", "scheduled", None, None, "success")}
    function = found[f"{7:016x}"]
    assert (function["trigger"], function["function"], function["coldstart"]) == ("timer", "orders/fn", True)
    assert function["event"]["faas"] == {"id": "/subscriptions/x", "name": "orders/fn", "execution": "inv-1", "coldstart": True,
                                         "trigger": {"type": "timer"}}


@pytest.mark.parametrize("encoding", [otlp.JSON, otlp.PROTOBUF])
def test_events_of_a_span_are_errors_and_logs(hub, encoding):
    assert hub.export(request(*RICH), encoding).status_code == 200
    error, log = [event for event in events(hub) if event["kind"] in ("error", "log")]
    assert (error["name"], error["message"], error["parent_id"]) == ("TypeError", "x is not a function", f"{1:016x}")
    assert [f["function"] for f in error["event"]["exception"]["stacktrace"]] == ["load", "run"]
    assert error["event"]["transaction"]["name"] == "GET /orders/:id" and error["event"]["culprit"] == "load (orders.js)"
    assert (log["message"], log["event"]["otel"]["attributes"]) == ("cache miss", {"key": "k1"})
    group = hub.get("/api/errors?since=1h").json()["errors"][0]
    assert (group["type"], group["count"]) == ("TypeError", 1)
    assert hub.get("/api/operations").json()["operations"][0]["last_error"]["group"] == group["group"]


def test_an_error_deep_inside_belongs_to_its_transaction(hub):
    """Express throws in a span of its middleware: two spans below the one of the request."""
    broken = {"name": "exception", "timeUnixNano": str(NOW * 1000 + 5), "attributes": pairs({"exception.type": "Error", "exception.message": "deep"})}
    spans = [span(number=3, name="handler", kind=1, parentSpanId=f"{2:016x}", events=[broken]),
             span(number=2, name="middleware", kind=1, parentSpanId=f"{1:016x}"), span(number=1, name="GET /deep", kind=2),
             span(number=8, name="alone", kind=1, parentSpanId=f"{7:016x}"), span(number=9, name="round", kind=1, parentSpanId=f"{9:016x}")]
    assert hub.export(request(*spans), otlp.PROTOBUF).status_code == 200
    owner = {event.get("name"): event.get("transaction_id") for event in events(hub)}
    assert (owner["handler"], owner["middleware"], owner["Error"]) == (f"{1:016x}",) * 3
    assert owner["alone"] is None and owner["round"] is None  # their transaction did not come with them
    operation = next(o for o in hub.get("/api/operations").json()["operations"] if o["name"] == "GET /deep")
    assert operation["last_error"]["message"] == "deep"
    group = hub.get("/api/errors?since=1h").json()["errors"][0]["group"]
    assert hub.get(f"/api/errors/{group}").json()["occurrences"][0]["transaction"] == "GET /deep"


@pytest.mark.parametrize("query", ["q=cart*", "attr=tenant=blue", "attr=n=7", "attr=ok=true", "attr=rate=0.5", "status=404",
                                   "function=orders/fn", "type=scheduled", "coldstart=true", "name=SELECT", "group=any"])
def test_what_came_by_otlp_is_found(hub, query):
    assert hub.export(request(*RICH), otlp.PROTOBUF).status_code == 200
    if query == "group=any":
        query = "group=" + hub.get("/api/errors").json()["errors"][0]["group"]
    assert len(hub.traces("?" + query)) == 1


def test_both_encodings_are_stored_alike(hub):
    for trace, encoding in ((1, otlp.JSON), (2, otlp.PROTOBUF)):
        spans = [dict(one, traceId=f"{trace:032x}") for one in RICH]
        assert hub.export(request(*spans), encoding).status_code == 200
    one, two = (json.dumps(events(hub, n)).replace(f"{n:032x}", "T") for n in (1, 2))
    without_ids = [re.sub(r'"id": "[0-9a-f]{32}"', '"id": "E"', text) for text in (one, two)]
    assert without_ids[0] == without_ids[1]


def test_the_resource_is_the_metadata(hub):
    hub.export(request(span()))
    metadata = list(hub.get(f"/api/traces/{1:032x}").json()["resources"].values())[0]
    assert metadata["otel"]["resource"] == RESOURCE
    assert metadata["service"] == {
        "name": "orders", "version": "7", "environment": "test", "agent": {"name": "opentelemetry/nodejs", "version": "2.0.1"},
        "node": {"configured_name": "i1"}, "language": {"name": "nodejs"}, "runtime": {"name": "nodejs", "version": "20.1"}}
    assert metadata["cloud"] == {"provider": "azure", "service": {"name": "functions"}}
    service = hub.get("/api/services").json()["services"][0]
    assert (service["service"], service["environment"], service["agent"]) == ("orders", "test", "opentelemetry/nodejs/2.0.1")


def test_nothing_is_stored_twice(hub):
    for _ in range(3):
        assert hub.export(request(*RICH), otlp.PROTOBUF).status_code == 200
    assert len(events(hub)) == 9


def test_the_host_and_the_worker_are_one_call(hub):
    host = dict(RESOURCE, **{"ai.sdk.prefix": "azurefunctions: 4.1"})
    call = span(attributes={"faas.name": "fn", "faas.trigger": "http", "faas.invocation_id": "i"})
    hub.export(request(call, resource=host))
    assert hub.get("/api/operations").json()["operations"][0]["requests"] == 1
    hub.export(request(call))
    assert len(events(hub)) == 2
    answer = hub.get(f"/api/traces/{1:032x}").json()
    (same,) = answer["same"]
    assert answer["resources"][str(answer["events"][same["host"]]["resource"])]["otel"]["resource"].get("ai.sdk.prefix")
    assert [o["requests"] for o in hub.get("/api/operations").json()["operations"]] == [1], "counted once"


@pytest.mark.parametrize("encoding", [otlp.JSON, otlp.PROTOBUF])
def test_logs(hub, encoding):
    record = {"timeUnixNano": str(NOW * 1000), "severityNumber": 17, "body": value("it broke"), "traceId": f"{1:032x}",
              "spanId": f"{2:016x}", "attributes": pairs({"user": "u1"})}
    thrown = {"observedTimeUnixNano": str(NOW * 1000), "severityNumber": 21, "body": value("?"), "attributes": pairs({
        "exception.type": "E", "exception.message": "m"})}
    body = {"resourceLogs": [{"resource": {"attributes": pairs(RESOURCE)}, "scopeLogs": [
        {"scope": {"name": "logger"}, "logRecords": [record, thrown, {"body": value({"a": 1})}, {}]}]}]}
    assert hub.export(body, encoding, "Logs").status_code == 200
    logs = {log.get("message"): log for log in hub.get("/api/logs").json()["logs"]}
    assert set(logs) == {"it broke", '{"a":1}', None}
    assert (logs["it broke"]["level"], logs["it broke"]["logger"], logs["it broke"]["parent_id"]) == ("error", "logger", f"{2:016x}")
    assert hub.get("/api/errors?since=1h").json()["errors"][0]["type"] == "E"


@pytest.mark.parametrize("encoding", [otlp.JSON, otlp.PROTOBUF])
def test_metrics(hub, encoding):
    at = {"timeUnixNano": str(NOW * 1000)}
    metrics = [{"name": "process.memory.usage", "unit": "By", "sum": {"dataPoints": [{**at, "asInt": "70000000"}]}},
               {"name": "g", "gauge": {"dataPoints": [{**at, "asDouble": 0.5, "attributes": pairs({"a": "b"})}, {**at, "flags": 1}]}},
               {"name": "h", "histogram": {"dataPoints": [{**at, "count": "3", "sum": 1.5}]}},
               {"name": "e", "exponentialHistogram": {"dataPoints": [{**at, "count": "3", "sum": 1.5}]}},
               {"name": "s", "summary": {"dataPoints": [{**at, "count": "3", "sum": 1.5}]}}]
    body = {"resourceMetrics": [{"resource": {"attributes": pairs(RESOURCE)}, "scopeMetrics": [{"metrics": metrics}]}]}
    assert hub.export(body, encoding, "Metrics").status_code == 200
    assert sum(u["samples"] for u in hub.get("/api/usage").json()["usage"]) == 8
    assert hub.get("/api/instances").json()["instances"][0]["memory_bytes"] == 70_000_000


@pytest.mark.parametrize("encoding", [otlp.JSON, otlp.PROTOBUF])
def test_bad_ids_cost_their_span_alone(hub, encoding):
    bad = [span(number=0), dict(span(), traceId="0" * 32), dict(span(number=9), parentSpanId="0" * 16, name="odd parent")]
    answer = hub.export(request(*bad, span(number=3, name="good")), encoding)
    assert answer.status_code == 200
    told = answer.json()["partialSuccess"] if encoding == otlp.JSON else None
    if encoding == otlp.PROTOBUF:
        message = otlp.MESSAGES["ExportTraceServiceResponse"].FromString(answer.content)
        told = {"rejectedSpans": str(message.partial_success.rejected_spans), "errorMessage": message.partial_success.error_message}
    assert told["rejectedSpans"] == "3" and "span id" in told["errorMessage"]
    assert [event["name"] for event in events(hub)] == ["good"]


GOOD = request(span())


@pytest.mark.parametrize("encoding, body, names", [
    (otlp.JSON, b"{", "the request:1:1"), (otlp.JSON, b"[]", "resourceSpans"), (otlp.JSON, {"resourceSpans": {}}, "resourceSpans"),
    (otlp.JSON, request(dict(span(), name=7)), "name"), (otlp.JSON, request(dict(span(), startTimeUnixNano="soon")), "startTimeUnixNano"),
    (otlp.JSON, request(dict(span(), attributes={})), "attributes"), (otlp.JSON, b'{"resourceSpans":[{"scopeSpans":[{"spans":[1]}]}]}', "spans"),
    (otlp.PROTOBUF, otlp.encode(GOOD)[:-3], "torn"), (otlp.PROTOBUF, b"\x0a\x05ab", "torn"), (otlp.PROTOBUF, b"garbage!", "torn"),
], ids=lambda item: "")
def test_what_cannot_be_decoded_is_refused_as_a_whole(hub, encoding, body, names):
    answer = hub.export(body, encoding)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, encoding)
    assert names in (answer.json()["message"] if encoding == otlp.JSON else answer.content.decode(errors="replace"))
    assert hub.traces() == []


def test_encodings_of_the_body(hub):
    plain = otlp.encode(GOOD)
    for n, (data, headers) in enumerate([(gzip.compress(plain), {"Content_Encoding": "gzip"}), (zlib.compress(plain), {"Content_Encoding": "deflate"}),
                                         (plain, {"Content_Encoding": "identity"})]):
        assert hub.export(data, otlp.PROTOBUF, **headers).status_code == 200
    assert hub.export(gzip.compress(plain)[:-9], otlp.PROTOBUF, Content_Encoding="gzip").status_code == 400
    assert hub.export(plain, otlp.PROTOBUF, Content_Encoding="gzip").status_code == 400
    assert hub.export(plain, otlp.PROTOBUF, Content_Encoding="br").status_code == 415
    assert hub.export(plain, "text/plain").status_code == 415
    assert hub.export(json.dumps(GOOD).encode(), "application/json; charset=utf-8").status_code == 200
    assert hub.export(b"", otlp.PROTOBUF).status_code == 200 and hub.export(b"", otlp.JSON).status_code == 200


def test_what_is_too_large_is_refused(hub):
    bomb = gzip.compress(b"\0" * (80 << 20))
    assert hub.export(bomb, otlp.PROTOBUF, Content_Encoding="gzip").status_code == 413
    assert hub.export(b"\0" * (65 << 20), otlp.PROTOBUF).status_code == 413
    assert hub.export(GOOD).status_code == 200


def test_the_usual_port_too_and_nothing_else_on_otlps(hub):
    assert hub.export(GOOD, base=hub.url).status_code == 200
    assert requests.get(hub.otlp + "/api/traces", timeout=PATIENCE).status_code == 404
    assert requests.get(hub.otlp + "/v1/traces", timeout=PATIENCE).status_code == 405
    assert requests.get(hub.otlp + "/", timeout=PATIENCE).status_code == 404


def test_the_token_is_needed(tmp_path):
    hub = OtlpHub(tmp_path, "--otlp-http", "127.0.0.1:0", "--token", "secret").start()
    assert hub.export(GOOD).status_code == 401
    assert hub.export(GOOD, Authorization="Bearer secret").status_code == 200
    assert hub.stop() == 0


def test_a_port_that_is_taken(hub, tmp_path):
    port = hub.otlp.rpartition(":")[2]
    command = [BIN / "azimuth", "hub", "--listen", "127.0.0.1:0", "--data-dir", tmp_path / "other", "--otlp-http", f"127.0.0.1:{port}"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == 1 and port in run.stderr


FIELDS = ["service", "name", "type", "result", "trigger", "function", "outcome", "coldstart", "transactions", "errors", "failed"]


@pytest.mark.parametrize("recording", ["node-fails", "python-timer-queue", "dotnet-http"])
def test_our_own_invocations_look_the_same_both_ways(tmp_path, recording):
    rows = []
    for kind in ("elastic", "otlp"):
        hub = OtlpHub(tmp_path / kind, "--otlp-http", "127.0.0.1:0")
        (tmp_path / kind).mkdir()
        hub.start()
        destination = {"elastic": {"ELASTIC_APM_SERVER_URL": hub.url}, "otlp": {"OTEL_EXPORTER_OTLP_ENDPOINT": hub.otlp}}[kind]
        run = subprocess.run(
            [BIN / "azimuth", "replay", RECORDINGS / f"{recording}.jsonl", "--environments", RECORDINGS / "environments.json"],
            capture_output=True, text=True, timeout=PATIENCE,
            env={**{k: v for k, v in os.environ.items() if not k.startswith(("ELASTIC_", "OTEL_"))}, **destination,
                 "AZIMUTH_RUN_DIR": str(tmp_path / kind / "run")})
        assert run.returncode == 0, run.stderr
        wait_for(lambda: hub.traces("?limit=1000"))
        expected = len(rows[0]) if rows else 1
        wait_for(lambda: len(hub.traces("?limit=1000")) >= expected)
        time.sleep(1)
        rows.append(sorted(tuple(str(trace.get(field)) for field in FIELDS) for trace in hub.traces("?limit=1000")))
        assert hub.stop() == 0
    assert rows[0] == rows[1]
