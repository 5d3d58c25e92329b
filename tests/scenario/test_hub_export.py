"""A trace is exported from one hub and imported into another, over HTTP and by `azimuth hub export` and `import`."""
import gzip
import json
import os
import subprocess

import pytest
import requests

import otlp
from test_hub import BIN, METADATA, NDJSON, PATIENCE, Hub, lines, transaction  # noqa: F401
from test_hub_otlp import RESOURCE, RICH, OtlpHub, pairs, request, span, value
from test_hub_queries import metadata, orders, shop

TRACE = f"{5:032x}"
FORMATS = ("intake", "otlp")


def moved(spans):
    return [{**one, "traceId": TRACE, "spanId": "a" + one["spanId"][1:],
             **({"parentSpanId": "a" + one["parentSpanId"][1:] if "parentSpanId" in one else f"{5 * 10 + 4:016x}"})} for one in spans]


def fill(hub):
    """One trace of three services, two of them by intake v2, one by OTLP (its name is none for intake), and a function that
    the Functions host tells of, too; errors of all kinds, logs, an event without a time."""
    for events in (shop(5), orders(5)):
        assert hub.send(lines(*events)).status_code == 202
    more = [metadata("orders", "i1"),
            {"error": {"id": "e" * 32, "trace_id": TRACE, "parent_id": f"{53:016x}", "transaction_id": f"{53:016x}", "timestamp": 1760000000000000,
                       "log": {"message": "out of stock", "level": "warn", "logger_name": "stock", "param_message": "out of %s"}}},
            {"error": {"id": "d" * 32, "trace_id": TRACE, "parent_id": f"{53:016x}", "transaction_id": f"{53:016x}", "exception": {
                "type": "Outer", "message": "late", "handled": False, "cause": [{"type": "Inner", "message": "root"}], "stacktrace": [
                    {"function": "run", "filename": "Run.java", "classname": "com.example.Run", "lineno": 7},
                    {"function": "f", "filename": "f.js", "abs_path": "/app/f.js", "lineno": 1, "colno": 2}]}}},
            {"log": {"@timestamp": 1760000000000001, "message": "WARNING: late", "log.level": "WARN", "log.logger": "app.stock", "trace.id": TRACE,
                     "transaction.id": f"{53:016x}", "span.id": f"{54:016x}", "labels": {"shelf": 7}}},
            {"span": {"id": "b" * 16, "trace_id": TRACE, "parent_id": f"{53:016x}", "transaction_id": f"{53:016x}", "name": "no time", "start": 3.5,
                      "duration": 1.25, "type": "app", "outcome": "unknown", "links": [{"trace_id": "1" * 32, "span_id": "2" * 16}]}}]
    assert hub.send(lines(*more)).status_code == 202
    payments = {**RESOURCE, "service.name": "pay.ments/eu"}
    assert hub.export(request(*moved(RICH), resource=payments)).status_code == 200
    call = span(number=77, parentSpanId=f"{54:016x}", name="fn",
                attributes={"faas.name": "fn", "faas.trigger": "httpTrigger", "faas.invocation_id": "i77"})
    call = {**call, "traceId": TRACE}
    for resource in (payments, {**payments, "ai.sdk.prefix": "azurefunctions: 4.1"}):
        assert hub.export(request(call, resource=resource)).status_code == 200
    record = {"timeUnixNano": "1760000000000002000", "severityNumber": 9, "body": value("paid"), "traceId": TRACE, "spanId": "a" + "0" * 14 + "5",
              "attributes": pairs({"amount": 9.5, "list": [1, "x"], "deep": {"a": {"b": True}}})}
    thrown = {**record, "severityNumber": 17, "body": value("?"), "attributes": pairs({
        "exception.type": "E", "exception.message": "unread", "exception.stacktrace": "a stack of a language\nthat nobody knows"})}
    body = {"resourceLogs": [{"resource": {"attributes": pairs(payments)}, "scopeLogs": [{"scope": {"name": "till"}, "logRecords": [record, thrown]}]}]}
    assert hub.export(body, signal="Logs").status_code == 200


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    hub = OtlpHub(tmp_path_factory.mktemp("full"), "--otlp-http", "127.0.0.1:0").start()
    fill(hub)
    yield hub
    code = hub.stop()
    assert (code, "Sanitizer" in hub.errors) == (0, False), hub.errors


@pytest.fixture
def empty(tmp_path):
    hub = Hub(tmp_path).start()
    yield hub
    code = hub.stop()
    assert (code, "Sanitizer" in hub.errors) == (0, False), hub.errors


def read(hub, trace=TRACE):
    """The whole trace, without what numbers of the store's own are in it."""
    answer = hub.get(f"/api/traces/{trace}")
    assert answer.status_code == 200, answer.text
    answer = answer.json()
    names = {number: json.dumps(told, sort_keys=True) for number, told in answer["resources"].items()}
    for event in answer["events"]:
        event["resource"] = names[str(event["resource"])]
    key = lambda event: json.dumps(event, sort_keys=True)
    same = {(key(answer["events"][pair["host"]]), key(answer["events"][pair["worker"]])) for pair in answer["same"]}
    return {"trace": answer["trace"], "events": sorted(answer["events"], key=key), "resources": sorted(names.values()), "same": same}


def export(hub, format_, trace=TRACE):
    answer = hub.get(f"/api/traces/{trace}/export?format={format_}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="trace-{trace}.{"ndjson" if format_ == "intake" else "otlp.jsonl"}"'
    return answer.content


def send_back(hub, body, status=200, **headers):
    answer = requests.post(hub.url + "/api/import", data=body, headers=headers, timeout=PATIENCE)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_intake_comes_back_as_it_was(full, empty):
    wanted, body = read(full), export(full, "intake")
    answer = send_back(empty, body)
    assert answer == {"traces": [TRACE], "accepted": len(wanted["events"]), "errors": []}
    found = read(empty)
    (timeless,) = [event for event in found["events"] if event.get("name") == "no time"]
    (thrown,) = [event for event in found["events"] if event.get("id") == "d" * 32]
    assert timeless["event"].pop("timestamp") == timeless["start_us"] and thrown["event"].pop("timestamp") == thrown["start_us"]
    assert {**found, "events": sorted(found["events"], key=lambda event: json.dumps(event, sort_keys=True))} == wanted
    assert len(wanted["same"]) == 1 and len(wanted["resources"]) == 4
    assert sorted(export(empty, "intake").splitlines()) == sorted(body.splitlines())  # nothing changes any more
    assert send_back(empty, body)["accepted"] == len(wanted["events"])
    assert len(read(empty)["events"]) == len(wanted["events"])  # and it is known


def without_form(event):
    """What OTLP carries of any event."""
    return {key: told for key, told in event.items() if key not in ("event", "resource")}


def test_otlp_comes_back_with_the_same_tree(full, empty):
    wanted, body = read(full), export(full, "otlp")
    assert [list(json.loads(line)) for line in body.splitlines()] == [["resourceSpans"], ["resourceLogs"]]
    assert send_back(empty, body) == {"traces": [TRACE], "accepted": len(wanted["events"]), "errors": []}
    found = read(empty)
    order = lambda events: sorted((without_form(event) for event in events), key=lambda event: json.dumps(event, sort_keys=True))
    assert order(found["events"]) == order(wanted["events"])
    assert found["trace"] == wanted["trace"] and len(found["same"]) == 1
    assert [r for r in found["resources"] if "pay.ments" in r] == [r for r in wanted["resources"] if "pay.ments" in r]
    by_otlp = lambda trace: [event for event in trace["events"] if "pay.ments" in event["resource"]]
    assert by_otlp(found) == by_otlp(wanted)  # also the events themselves
    assert export(empty, "otlp").splitlines()[0] != b""
    events = {event["id"]: event["event"] for event in found["events"] if "id" in event}
    assert events[f"{51:016x}"]["context"]["request"] == {"method": "GET", "url": {"full": "http://shop/x?a=1", "pathname": "/basket"}}
    assert events[f"{51:016x}"]["otel"]["attributes"]["tenant"] == "blue"
    assert events[f"{54:016x}"]["context"]["db"]["statement"] == "SELECT * FROM orders WHERE id=5"
    assert [frame["function"] for frame in events["d" * 32]["exception"]["stacktrace"]] == ["run", "f"]
    first = export(empty, "otlp")
    again = send_back(empty, first)
    assert again["accepted"] == len(wanted["events"]) and read(empty)["trace"] == wanted["trace"]  # and it is known


def test_otlp_is_what_any_receiver_takes(full, tmp_path):
    """The lines are read by a protobuf implementation that is not ours, and takes nothing but the schema's fields."""
    hub = OtlpHub(tmp_path, "--otlp-http", "127.0.0.1:0").start()
    for line, signal in zip(export(full, "otlp").splitlines(), ("Trace", "Logs"), strict=True):
        assert hub.export(json.loads(line), otlp.PROTOBUF, signal).status_code == 200
    assert read(hub)["trace"] == read(full)["trace"]
    assert hub.stop() == 0


@pytest.mark.parametrize("format_", FORMATS)
def test_any_wrapping_is_recognised(full, tmp_path, format_):
    body, wanted = export(full, format_), read(full)["trace"]
    pretty = json.dumps(json.loads(body.splitlines()[0]), indent=2).encode() if format_ == "otlp" else b"\r\n" + body.replace(b"\n", b"\r\n\r\n")
    for wrapped in (gzip.compress(body), b"\xef\xbb\xbf" + body, body.rstrip(), pretty):
        folder = tmp_path / str(len(wrapped))
        folder.mkdir()
        hub = Hub(folder).start()
        assert send_back(hub, wrapped, Content_Type="text/plain")["traces"] == [TRACE]
        found = hub.get(f"/api/traces/{TRACE}").json()["trace"]
        assert (found["spans"], found["transactions"]) == (wanted["spans"], wanted["transactions"])
        assert hub.stop() == 0


GOOD = lines(METADATA, transaction(1))


@pytest.mark.parametrize("body, accepted, line, says", [
    (b"", 0, None, "nothing is in it"),
    (b"\n\n", 0, None, "nothing is in it"),
    (b"hello", 0, 1, "expected an object"),
    (b"[1]\n" + GOOD, 1, 1, "expected an object"),
    (b'{"a":1}', 0, 1, "without a good line of metadata"),
    (lines(transaction(1)), 0, 1, "without a good line of metadata"),
    (lines(METADATA) + b'{"other":{}}\n' + lines(transaction(1)), 1, 2, 'unknown kind of event "other"'),
    (GOOD + b'{"transaction":{"id":7}}\n', 1, 3, "'transaction"),
    (GOOD + b'{"metadata":{}}\n' + lines(transaction(2)), 1, 3, "'metadata.service' required"),
    (GOOD + b'{"transaction":', 1, 3, "JSON error"),
    (b'{"resourceSpans":{}}', 0, 1, "resourceSpans"),
    (b'{"resourceSpans":[\n{"scopeSpans":7}\n]}', 0, 1, "scopeSpans"),
    (b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"00"}]}]}]}', 0, 1, "trace id is not 16 bytes"),
    (b"\x1f\x8b\x08broken", 0, None, ""),
    (gzip.compress(GOOD, mtime=0)[:-9], 0, None, ""),
    (b"\x00\xff\xfe", 0, 1, "expected an object"),
    (b'{"\x00":1}', 0, 1, "metadata"),
])
def test_what_is_wrong_is_told_and_the_rest_is_kept(empty, body, accepted, line, says):
    answer = send_back(empty, body, status=400)
    assert answer["accepted"] == accepted and answer["error"] == answer["errors"][0]["message"]
    assert answer["errors"][0].get("line") == line and says in answer["errors"][0]["message"]
    assert len(empty.traces()) == accepted


def test_a_body_that_is_too_large(empty):
    assert send_back(empty, gzip.compress(b" " * (65 << 20), 1), status=413)["accepted"] == 0


@pytest.mark.parametrize("path, status, says", [
    ("zz/export", 404, "no trace zz is stored"),
    (TRACE + "/export?format=zipkin", 400, "format=zipkin: expected intake or otlp"),
    (TRACE + "/export?a=b", 400, "a: no such parameter; known here: format"),
    (TRACE + "/exports", 404, "no trace"),
])
def test_what_cannot_be_exported(full, path, status, says):
    answer = full.get("/api/traces/" + path)
    assert (answer.status_code, "Content-Disposition" in answer.headers) == (status, False)
    assert says in answer.json()["error"]


def test_a_file_has_a_harmless_name(empty):
    trace = "..%22a%0Ab%2e"
    assert empty.send(lines(METADATA, transaction(1, trace_id='.."a\nb.'))).status_code == 202
    answer = empty.get(f"/api/traces/{trace}/export?format=otlp")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="trace-___a_b_.otlp.jsonl"'
    span_, = json.loads(answer.content)["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert len(bytes.fromhex(span_["traceId"])) == 16  # a hash: OTLP has no other ids


def test_only_known_callers_import(tmp_path):
    hub = Hub(tmp_path, "--token", "secret").start()
    assert requests.post(hub.url + "/api/import", data=GOOD, timeout=PATIENCE).status_code == 401
    assert requests.post(hub.url + "/api/import", data=GOOD, headers={"Origin": "https://evil.example"}, timeout=PATIENCE).status_code == 403
    assert send_back(hub, GOOD, Authorization="Bearer secret")["accepted"] == 1
    assert hub.stop() == 0


def test_flushed_means_stored(empty):
    """The last request of an invocation, or of a process (Elastic's spec of flushing): its answer comes when its events can be
    found. It may hold nothing: what it asks for has been done then."""
    for n, query in enumerate(("?flushed=true", "?flushed", "?flushed=false", "?flushed=true&verbose"), 1):
        answer = empty.send(lines(METADATA, transaction(n)), query)
        assert (answer.status_code, answer.text) == (202, '{"accepted":1}' if n == 4 else "")
        assert empty.get(f"/api/traces/{n:032x}").status_code == 200
    for body, headers in ((b"", {}), (gzip.compress(b""), {"Content_Encoding": "gzip"}), (lines(METADATA), {})):
        assert (empty.send(body, "?flushed=true", **headers).status_code) == 202
    answer = empty.send(lines(METADATA, transaction(9), {"span": {}}), "?flushed=true")
    assert (answer.status_code, answer.json()["accepted"]) == (400, 1)
    assert empty.get(f"/api/traces/{9:032x}").status_code == 200


# --- azimuth hub export | import ---

def azimuth(*arguments, **more):
    return subprocess.run([BIN / "azimuth", "hub", *arguments], capture_output=True, timeout=PATIENCE, **more)


@pytest.mark.parametrize("format_", FORMATS)
def test_from_hub_to_hub_by_command(full, empty, tmp_path, format_):
    file = tmp_path / "a trace"
    done = azimuth("export", TRACE[:-1], "--format", format_, "--hub", full.url, "-o", file)
    assert (done.returncode, done.stderr) == (0, b"") and TRACE in done.stdout.decode()
    assert file.read_bytes() == export(full, format_)
    assert azimuth("export", TRACE, "--format=" + format_, "--hub", full.url).stdout == file.read_bytes()
    done = azimuth("import", file, file, "--hub", empty.url)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == f"azimuth hub import: {file}: 23 events of 1 trace\n  {empty.url}/#{TRACE}\n" * 2
    assert read(empty)["trace"] == read(full)["trace"]


@pytest.mark.parametrize("arguments, code, says", [
    (("export",), 2, "export: expected one trace id, at least 4 characters of it"),
    (("export", "abc"), 2, "expected one trace id"),
    (("export", TRACE, TRACE), 2, "expected one trace id"),
    (("export", TRACE, "--format", "zipkin"), 2, "--format zipkin: expected intake or otlp"),
    (("export", "ffff"), 1, "no trace id begins with ffff"),
    (("export", TRACE, "-o", "/nowhere/file"), 1, "/nowhere/file"),
    (("export", TRACE, "--hub", "nowhere"), 2, '"nowhere" is no URL of a hub'),
    (("export", TRACE, "--hub", "http://127.0.0.1:1"), 1, "no hub answers at http://127.0.0.1:1"),
    (("import",), 2, "import: expected a FILE"),
    (("import", "x", "--format", "otlp"), 2, "--format is no option of this command"),
    (("import", "/nowhere/file"), 1, "/nowhere/file"),
    (("import", "/tmp"), 1, "/tmp"),
])
def test_what_the_commands_refuse(full, arguments, code, says):
    done = azimuth(*arguments, *(() if "--hub" in arguments else ("--hub", full.url)))
    assert (done.returncode, done.stdout) == (code, b"")
    assert says in done.stderr.decode()


def test_a_file_that_is_wrong_in_part(empty, tmp_path):
    file, missing = tmp_path / "part", tmp_path / "missing"
    file.write_bytes(GOOD + b'{"\\u001b[31mred":{}}\n')
    done = azimuth("import", missing, file, "--hub", empty.url)
    assert done.returncode == 1 and f"{file}: 1 event of 1 trace" in done.stdout.decode()
    first, second = done.stderr.decode().splitlines()
    assert str(missing) in first and f"{file}: line 3: unknown kind of event" in second and "\x1b" not in second


def test_the_commands_know_the_token(tmp_path):
    hub = Hub(tmp_path, "--token", "secret").start()
    file = tmp_path / "file"
    file.write_bytes(GOOD)
    refused = azimuth("import", file, "--hub", hub.url)
    assert refused.returncode == 1 and "token is needed" in refused.stderr.decode()
    assert azimuth("import", file, "--hub", hub.url, "--token", "secret").returncode == 0
    assert azimuth("export", f"{1:032x}", "--hub", hub.url, env={**os.environ, "AZIMUTH_HUB_TOKEN": "secret"}).returncode == 0
    assert hub.stop() == 0
