"""Traces as OTLP over HTTP: what every recorded conversation becomes, and what the agent makes of a server's answers."""
import contextlib
import importlib
import json
import re
import shutil
import subprocess

import pytest

import otlp
from intake import Intake
from otlp import JSON, PROTOBUF, Receiver
from test_agent import end, place, wait_for  # noqa: F401 (place is a fixture)
from test_golden import BIN, GOLDEN, GRPC, RECORDINGS, clean_environment, normalise, wait_until

SERVER, CONSUMER = 2, 5


# -- the schema

def test_the_schema_is_the_public_one():
    """Against the generated classes of the package opentelemetry-proto, where that is installed."""
    pytest.importorskip("opentelemetry.proto", reason="the Python package opentelemetry-proto is not installed")
    for name, fields in otlp.SCHEMA.items():
        folder, _, rest = name.partition(".v1.")
        module = {"collector.trace": "collector.trace.v1.trace_service_pb2",
                  "collector.logs": "collector.logs.v1.logs_service_pb2"}.get(folder, f"{folder}.v1.{folder}_pb2")
        message = importlib.import_module(f"opentelemetry.proto.{module}")
        for part in rest.split("."):
            message = getattr(message, part)
        for field_name, number, kind in fields:
            public = message.DESCRIPTOR.fields_by_name[field_name]
            ours = otlp.MESSAGES[rest.rpartition(".")[2]].DESCRIPTOR.fields_by_name[field_name]
            assert public.number == number and public.label == ours.label, (name, field_name)
            assert public.type == (public.TYPE_ENUM if kind == "enum" else ours.type), (name, field_name)


# -- the events of the recordings, mapped back

def pruned(value):
    return {key: item for key, item in value.items() if item not in (None, {}, [])}


def back_url(a):
    if "url.path" not in a and "server.address" not in a:
        return None
    search = "?" + a["url.query"] if "url.query" in a else None
    raw = a.get("url.path", "") + (search or "")
    port = a.get("server.port")
    full = None
    if "url.scheme" in a and "server.address" in a:
        full = f"{a['url.scheme']}://{a['server.address']}{f':{port}' if port else ''}{raw}"
    return pruned({"raw": raw, "full": full, "hostname": a.get("server.address"), "pathname": a.get("url.path"),
                   "port": str(port) if port else None, "search": search,
                   "protocol": a["url.scheme"] + ":" if "url.scheme" in a else None})


def back_headers(a, prefix):
    found = {key[len(prefix):]: value for key, value in a.items() if key.startswith(prefix)}
    return {name: value[0] if len(value) == 1 else value for name, value in found.items()}


def back_type(a):
    if "type" in a:
        return a["type"]
    return "messaging" if "messaging.operation.type" in a else "request" if "http.request.method" in a else "unknown"


def back(span):
    """An Elastic transaction of a span, as a server would make it: the way of the table backwards."""
    a = otlp.attributes(span)
    request = pruned({"method": a.get("http.request.method_original", a.get("http.request.method")),
                      "http_version": a.get("network.protocol.version"), "url": back_url(a),
                      "headers": back_headers(a, "http.request.header."),
                      "socket": pruned({"remote_address": a.get("network.peer.address")})})
    response = pruned({"status_code": a.get("http.response.status_code"),
                       "encoded_body_size": a.get("http.response.body.size"),
                       "headers": back_headers(a, "http.response.header.")})
    message = pruned({"queue": pruned({"name": a.get("messaging.destination.name")}),
                      "routing_key": a.get("messaging.rabbitmq.destination.routing_key")})
    return pruned({
        "id": span.span_id.hex(), "trace_id": span.trace_id.hex(), "parent_id": span.parent_span_id.hex() or None,
        "name": span.name, "type": back_type(a), "timestamp": span.start_time_unix_nano // 1000,
        "duration": (span.end_time_unix_nano - span.start_time_unix_nano) / 1e6,
        "outcome": "failure" if span.status.code == 2 else "success",
        "faas": pruned({"id": a.get("cloud.resource_id"), "name": a.get("faas.name"),
                        "execution": a.get("faas.invocation_id"), "coldstart": a.get("faas.coldstart"),
                        "trigger": pruned({"type": a.get("faas.trigger"),
                                           "request_id": a.get("faas.trigger.request_id")})}),
        "context": pruned({"request": request, "response": response, "message": message,
                           "tags": {key: item for key, item in a.items() if "." not in key and key != "type"}}),
        "links": [{"trace_id": link.trace_id.hex(), "span_id": link.span_id.hex()} for link in span.links]})


def back_errors(span):
    """(transaction, type, message) of each exception."""
    found = []
    for event in span.events:
        a = otlp.attributes(event)
        assert event.name == "exception" and event.time_unix_nano == span.end_time_unix_nano
        assert a["exception.stacktrace"] and span.status.message == a["exception.message"]
        assert otlp.attributes(span)["error.type"] == a["exception.type"]
        found.append((otlp.attributes(span)["faas.invocation_id"], a["exception.type"], a["exception.message"]))
    return found


def golden_errors(golden):
    executions = {e["transaction"]["id"]: e["transaction"]["faas"]["execution"] for e in golden if "transaction" in e}
    return [(executions[e["error"]["transaction_id"]], e["error"]["exception"]["type"], e["error"]["exception"]["message"])
            for e in golden if "error" in e]


def back_metadata(request):
    a, scope = request.resource, request.scope
    platforms = {"azure.functions": "functions"}
    labels = {name.replace(".", "_"): value for name, value in a.items() if name.startswith("azure.app.service.")}
    if "cloud.provider" not in a:  # no cloud of Elastic's: it demands a provider
        labels["cloud_region"] = a.get("cloud.region")
    return {
        "labels": pruned(labels),
        "service": pruned({
            "name": a.get("service.name"), "version": a.get("service.version"),
            "environment": a.get("deployment.environment.name"),
            "agent": {"name": a["telemetry.sdk.name"], "version": a["telemetry.sdk.version"]},
            "framework": pruned({"name": scope.name, "version": scope.version}),
            "runtime": pruned({"name": a.get("process.runtime.name"), "version": a.get("process.runtime.version")}),
            "node": pruned({"configured_name": a.get("service.instance.id")})}),
        "process": pruned({"pid": a.get("process.pid"), "ppid": a.get("process.parent_pid")}),
        "cloud": pruned({
            "provider": a.get("cloud.provider"), "region": a.get("cloud.region") if "cloud.provider" in a else None,
            "account": pruned({"id": a.get("cloud.account.id")}),
            "project": pruned({"name": a.get("azure.resource_group.name")}),
            "service": pruned({"name": platforms.get(a.get("cloud.platform"))})})}


def without(golden):
    """Without what OTLP has no place for: result and span_count, which a server makes itself, the cloud instance's name,
    a message's age, headers and origin, and the case of header fields."""
    (kind, value), = golden.items()
    value = {key: item for key, item in value.items() if key not in ("result", "span_count", "sampled", "sample_rate")}
    context = value.get("context", {})
    for name in ("message", "service", "cloud"):
        context[name] = pruned({key: item for key, item in context.get(name, {}).items()
                                if key not in ("age", "headers", "origin")})
    value = pruned({**value, "context": pruned(context)})
    for part in value.get("context", {}).values():
        if "headers" in part:
            part["headers"] = {name.lower(): text for name, text in part["headers"].items()}
    if kind == "metadata":
        value = {"process": {}, "cloud": {}, **value}
        value["cloud"] = {key: item for key, item in value["cloud"].items() if key != "instance"}
    return {kind: value}


@contextlib.contextmanager
def sending_agent(run_dir):
    """An agent that sends, and whose rings are all answered at the end."""
    process = subprocess.Popen([BIN / "azimuth", "agent", "--run-dir", run_dir], env=clean_environment(run_dir),
                               stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: (run_dir / "agent.lock").exists(), "the agent's lock")
        yield
        wait_until(lambda: not list(run_dir.glob("ring-*")), "the end of the rings")
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors


def record(name, run_dir, **settings):
    env = clean_environment(run_dir)
    env.pop("ELASTIC_APM_SERVER_URL")
    env.update(settings)
    ran = subprocess.run(
        [BIN / "azimuth", "replay", RECORDINGS / f"{name}.jsonl", "--environments", RECORDINGS / "environments.json"],
        env=env, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def events_of(receiver):
    """As the golden files have them: metadata, where it changes, and transactions."""
    events, last = [], None
    for request in receiver.requests:
        metadata = back_metadata(request)
        if metadata != last:
            events.append({"metadata": metadata})
        last = metadata
        events += [{"transaction": back(span)} for span in request.spans]
    return events


def lines(events, kind):
    """One event each; metadata only where it changes."""
    text = [json.dumps(event, sort_keys=True) for event in events if kind in event]
    return [line for n, line in enumerate(text) if kind != "metadata" or n == 0 or line != text[n - 1]]


@pytest.mark.parametrize("name", GRPC)
def test_recordings_as_protobuf_and_json(name, tmp_path):
    """Both say what the golden events say, and so the same."""
    golden = [without(event) for event in json.loads((GOLDEN / f"{name}.json").read_text())]
    for folder, protocol, content_type in (("a", "http/protobuf", PROTOBUF), ("b", "http/json", JSON)):
        run_dir = tmp_path / folder
        with Receiver() as receiver:
            with sending_agent(run_dir):
                record(name, run_dir, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL=protocol)
            assert not receiver.problems, receiver.problems
            assert {request.headers["content-type"] for request in receiver.requests} == {content_type}
            for span in receiver.spans():
                a = otlp.attributes(span)
                assert span.kind == (CONSUMER if a["faas.trigger"] == "pubsub" else SERVER)
                assert span.flags == (0x301 if span.parent_span_id else 1)
            assert [e for span in receiver.spans() for e in back_errors(span)] == golden_errors(golden)
            got = normalise(events_of(receiver))
        for kind in ("transaction", "metadata"):
            assert lines(got, kind) == lines(golden, kind)


# -- settings, on their way through tap, ring and agent

def test_settings_reach_the_server(tmp_path):
    run_dir = tmp_path / "run"
    with Receiver() as receiver, Receiver() as other:
        with sending_agent(run_dir):
            record("python-timer-queue", run_dir, OTEL_EXPORTER_OTLP_ENDPOINT=other.url,
                   OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=receiver.url + "/own?x=1", OTEL_EXPORTER_OTLP_COMPRESSION="gzip",
                   OTEL_EXPORTER_OTLP_HEADERS="authorization=Basic%20dmVyeXNlY3JldA%3D%3D,x-tenant=n%2C1,content-type=x",
                   OTEL_EXPORTER_OTLP_PROTOCOL="grpc", ELASTIC_APM_API_KEY="elsewhere",
                   OTEL_RESOURCE_ATTRIBUTES="service.name=kitchen,cloud.platform=azure_functions,team=a%3Db")
        assert not receiver.problems and not other.requests
        request = receiver.requests[0]
    assert request.path == "/own?x=1"
    assert request.headers["authorization"] == "Basic dmVyeXNlY3JldA=="
    assert request.headers["x-tenant"] == "n,1"
    assert request.headers["content-type"] == PROTOBUF
    assert request.headers["content-encoding"] == "gzip"
    assert re.fullmatch(r"azimuth/\S+ OTel-OTLP-Exporter-C/\S+", request.headers["user-agent"])
    assert request.resource["service.name"] == "kitchen"
    assert request.resource["cloud.platform"] == "azure_functions"
    assert request.resource["team"] == "a=b"
    assert "elsewhere" not in str(request.headers)
    log = (run_dir / "agent.log").read_text()
    assert log.count("OTEL_EXPORTER_OTLP_PROTOCOL=grpc is not spoken: http/protobuf is used") == 1
    assert f"server_url={receiver.url}/own, headers=[REDACTED]" in log
    assert "dmVyeXNl" not in log and "x-tenant" not in log


def test_elastic_s_server_goes_first(tmp_path):
    run_dir = tmp_path / "run"
    with Receiver() as receiver, Intake() as intake:
        with sending_agent(run_dir):
            record("python-timer-queue", run_dir, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
                   ELASTIC_APM_SERVER_URL=intake.url, OTEL_EXPORTER_OTLP_HEADERS="x-tenant=n")
        assert intake.events() and not receiver.requests and not receiver.problems
        assert "x-tenant" not in intake.requests[0].headers


def test_switched_off(tmp_path):
    run_dir = tmp_path / "run"
    with Receiver() as receiver:
        with sending_agent(run_dir):
            record("python-timer-queue", run_dir, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url, OTEL_SDK_DISABLED="true")
        assert not receiver.requests and not receiver.problems


# -- servers with whims

@pytest.fixture
def receive(place):  # noqa: F811
    receivers = []

    def start(*script, **more):
        receivers.append(Receiver(*script, **more))
        return receivers[-1]
    yield start
    for receiver in receivers:
        receiver.close()
        assert not receiver.problems, receiver.problems


def source(place, url, **more):  # noqa: F811
    return place.writer().source("shop", url, kind="otlp", node="n1", **more)


def ids(receiver, status=200):
    return [int.from_bytes(span.span_id, "big") for span in receiver.spans(status)]


@pytest.mark.threads
@pytest.mark.parametrize("protocol", [{}, {"protocol": "json"}], ids=["protobuf", "json"])
def test_requests_are_what_the_protocol_wants(place, receive, protocol):
    receiver = receive(host="127.0.0.2")  # another machine: with Elastic's format that would mean gzip
    writer = source(place, receiver.url + "/base/", **protocol)
    writer.put(3)
    place.agent()
    receiver.wait(3)
    writer.put(500)
    receiver.wait(503)
    assert ids(receiver) == list(range(1, 504))
    for request in receiver.requests:
        assert request.path == "/base/v1/traces"
        assert request.headers["accept"] == request.headers["content-type"] == (JSON if protocol else PROTOBUF)
        assert "content-encoding" not in request.headers and "authorization" not in request.headers
    wait_for(lambda: writer.number("used") == 0)


@pytest.mark.threads
@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
def test_a_partial_success(place, receive, content_type):
    receiver = receive((200, otlp.partial(2, "too old", content_type), {"Content-Type": content_type}), 200)
    writer = source(place, receiver.url)
    writer.put(3)
    place.agent()
    wait_for(lambda: place.status("n1").get("delivered") == 1)
    assert place.status("n1")["dropped"]["rejected"] == 2
    assert "rejected 2 events, they are lost: it answered 200: too old" in place.log()
    writer.put(1)
    receiver.wait(4)
    assert ids(receiver) == [1, 2, 3, 4]  # none is sent again


def test_a_warning_is_told_once(place, receive):
    receiver = receive((200, otlp.partial(0, "use a newer version"), {}))
    writer = source(place, receiver.url)
    place.agent()
    for n in range(1, 4):
        writer.put(1)
        receiver.wait(n)
    wait_for(lambda: place.status("n1").get("delivered") == 3)
    assert place.log().count("took all events: it warns: use a newer version") == 1
    assert place.status("n1")["dropped"]["rejected"] == 0


@pytest.mark.threads
@pytest.mark.parametrize("script", [[429, 200], [502, 503, 504, 200], [(503, b"", {"Retry-After": "1"}), 200]], ids=str)
def test_what_may_be_retried_is(place, receive, script):
    receiver = receive(*script)
    writer = source(place, receiver.url)
    writer.put(3)
    place.agent()
    receiver.wait(3)
    assert ids(receiver) == [1, 2, 3]
    assert [r.status for r in receiver.requests] == [s[0] if isinstance(s, tuple) else s for s in script]
    assert place.status("n1")["dropped"]["rejected"] == 0
    wait_for(lambda: writer.number("used") == 0)


def test_a_server_says_when(place, receive):
    receiver = receive((503, b'{"code":14,"message":"later"}', {"Retry-After": "250"}))
    source(place, receiver.url).put(1)
    place.agent()
    wait_for(lambda: "next attempt in 250000 ms: it answered 503: later" in place.log())
    assert len(receiver.requests) == 1


def test_what_is_too_large_is_sent_in_parts(place, receive):
    receiver = receive(413, 200)
    source(place, receiver.url).put(3)
    place.agent()
    wait_for(lambda: place.status("n1").get("delivered") == 3)
    assert sorted(ids(receiver)) == [1, 2, 3] and len(receiver.requests) == 3
    assert sum(place.status("n1")["dropped"].values()) == 0


@pytest.mark.parametrize("status", [400, 404, 408, 415, 500, 501, 307])
def test_what_may_not_be_retried_is_dropped_and_counted(place, receive, status):
    receiver = receive((status, b"\x08\x03\x12\x03bad", {"Location": "http://127.0.0.1:9/"}), 200)
    writer = source(place, receiver.url)
    writer.put(3)
    place.agent()
    wait_for(lambda: place.status("n1").get("dropped", {}).get("rejected") == 3)
    assert f"rejected 3 events, they are lost: it answered {status}: bad" in place.log()
    writer.put(2)
    receiver.wait(2)
    assert ids(receiver) == [4, 5]


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_does_not_know_us(place, receive, status):
    receiver = receive((status, b'{"message":"who are you"}', {"Content-Type": JSON}))
    writer = source(place, receiver.url, headers="authorization=Bearer%20verysecret")
    writer.put(3)
    agent = place.agent(ELASTIC_APM_LOG_LEVEL="trace")
    wait_for(lambda: f"it answered {status}: who are you" in place.log())
    assert "next attempt in 60000 ms" in place.log()
    assert receiver.requests[0].headers["authorization"] == "Bearer verysecret"
    assert "headers=[REDACTED]" in place.log() and "verysecret" not in place.log()
    assert end(agent) == 0
    receiver.script = [200]
    place.agent()
    receiver.wait(3)


def test_what_was_not_sampled_stays(place, receive):
    receiver = receive()
    writer = source(place, receiver.url)
    assert writer.say("unsampled 4") == "4"
    writer.put(2)
    place.agent()
    receiver.wait(2)
    assert ids(receiver) == [5, 6]
    wait_for(lambda: place.status("n1").get("unsampled") == 4)
    wait_for(lambda: writer.number("used") == 0)
    assert sum(place.status("n1")["dropped"].values()) == 0


@pytest.mark.parametrize("url, says", [("ftp://example", "expected http://HOST"), ("http://", "expected http://HOST")])
def test_endpoints_that_cannot_be_used(place, url, says):
    source(place, url).put(1)
    place.agent()
    wait_for(lambda: place.status("n1").get("dropped", {}).get("unsendable") == 1)
    assert says in place.log()


def test_a_scheme_may_be_missing(place, receive):
    receiver = receive()
    source(place, receiver.url.removeprefix("http://"), insecure="true").put(1)
    place.agent()
    receiver.wait(1)


@pytest.mark.threads
@pytest.mark.skipif(not shutil.which("openssl"), reason="makes certificates with openssl, which is not here")
def test_certificates_of_both_sides(place, receive, tmp_path):
    for name in ("server", "client"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", tmp_path / f"{name}.key", "-out", tmp_path / f"{name}.pem", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)

    def demanding(context):
        context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
        context.load_verify_locations(tmp_path / "client.pem")
        context.verify_mode = 2  # CERT_REQUIRED
    known, unknown = receive(tls=demanding), receive(tls=demanding)
    files = {"ca_file": tmp_path / "server.pem"}
    place.writer("ring-1-1").source("known", known.url, kind="otlp", cert=tmp_path / "client.pem",
                                    key=tmp_path / "client.key", **files).put(1)
    place.writer("ring-2-1").source("unknown", unknown.url, kind="otlp", **files).put(1)
    place.agent()
    known.wait(1)
    wait_for(lambda: f"{unknown.url}/v1/traces does not take events" in place.log())
    assert not unknown.requests
