"""What is no trace as OTLP over HTTP: logs, workers that die, functions that cannot be loaded. It goes to an address of its
own: nothing that becomes of it costs a trace anything, and nothing that becomes of those costs a log."""
import collections
import random
import signal
import time

import psutil
import pytest

import otlp
import values
from intake import Intake
from observing import observing
from otlp import JSON, PROTOBUF, Receiver
from rings import closed_port, end, wait_for
from test_agent import place  # noqa: F401 (a fixture)

FATAL, ERROR = 21, 17
SEVERITIES = {"trace": 1, "debug": 5, "info": 9, "warning": 13, "error": 17, "critical": 21}


# -- what a record says

@pytest.fixture
def start(scene):
    """An app whose events go to an OTLP server."""
    opened = []

    def begin(receiver, **settings):
        context = observing(scene, settings={
            "ELASTIC_APM_SERVER_URL": "", "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "ELASTIC_APM_LOG_SENDING": "true",
            "AZIMUTH_LOG_SENDING_LEVEL": "trace", **settings})
        opened.append(context)
        return context.__enter__()
    yield begin
    for context in opened:
        context.__exit__(None, None, None)


LEVELS = ["Trace", "Debug", "Information", "Warning", "Error", "Critical"]
TALK = [values.http(level.lower(), "log", lines=[f"{level}\nof it", "\u2028 \ufffd"], level=level) for level in LEVELS]


@pytest.mark.threads
@pytest.mark.parametrize("protocol, content_type", [("http/protobuf", PROTOBUF), ("http/json", JSON)])
def test_a_record_has_what_a_log_has(start, protocol, content_type):
    with Receiver() as receiver:
        observed = start(receiver, OTEL_EXPORTER_OTLP_PROTOCOL=protocol)
        worker = observed.start(TALK)
        calls = {worker.invoke(level.lower()).invocation_id: level for level in LEVELS}
        logs = receiver.wait_logs(12)
        spans = {span.span_id: otlp.attributes(span) | {"trace": span.trace_id, "start": span.start_time_unix_nano}
                 for span in receiver.wait(6)}
        requests = [r for r in receiver.requests if r.signal == "Logs"]
    assert {(r.path, r.headers["content-type"]) for r in requests} == {("/v1/logs", content_type)}
    assert {(r.resource["service.name"], r.scope.name) for r in requests} == {("Shop", "Azure Functions")}
    texts = collections.defaultdict(list)
    for log in logs:
        a, span = otlp.attributes(log), spans[log.span_id]
        texts[calls[a["faas.invocation_id"]]].append(otlp.value_of(log.body))
        assert a == {"faas.invocation_id": span["faas.invocation_id"], "faas.name": span["faas.name"],
                     "log.logger": f"Function.{span['faas.name'].partition('/')[2]}.User"}
        assert log.trace_id == span["trace"] and not log.event_name
        assert log.severity_number == SEVERITIES[log.severity_text]
        assert log.severity_text == {"Information": "info"}.get(calls[a["faas.invocation_id"]], calls[a["faas.invocation_id"]].lower())
        assert span["start"] <= log.time_unix_nano == log.observed_time_unix_nano
    assert texts == {level: [f"{level}\nof it", "\u2028 \ufffd"] for level in LEVELS}


def back(record):
    """An Elastic log of a record: the way of the table backwards."""
    a = otlp.attributes(record)
    found = {"trace.id": record.trace_id.hex(), "transaction.id": record.span_id.hex(), "log.level": record.severity_text,
             "log.logger": a.get("log.logger"), "message": otlp.value_of(record.body),
             "error.type": a.get("exception.type"), "error.message": a.get("exception.message"),
             "error.stack_trace": a.get("exception.stacktrace")}
    return {key: value for key, value in found.items() if value}


def back_error(record):
    a = otlp.attributes(record)
    return {"type": a["exception.type"], "message": a["exception.message"], "function": a.get("faas.name")}


def test_both_ways(place):
    """The same records of a ring as intake v2 and as OTLP: what comes back from the one is the other."""
    with Receiver() as receiver, Intake() as intake:
        place.writer("ring-1-1").source("shop", intake.url)
        place.writer("ring-2-1").source("shop", receiver.url, kind="otlp", logs_kind="otlp", logs_url=receiver.url)
        for writer in place.writers:
            assert writer.say("logs 3") == "3" and writer.say("errors 2") == "2"
        place.agent()
        records, logs, errors = receiver.wait_logs(5), intake.wait(3, kind="log"), intake.wait(2, kind="error")
    assert [back(record) for record in records[:3]] == [
        {key: value for key, value in log.items() if key not in ("@timestamp", "metadata")} for log in logs]
    assert [back_error(record) for record in records[3:]] == [
        {"type": e["exception"]["type"], "message": e["exception"]["message"], "function": e["context"]["tags"]["function"]}
        for e in errors]


def test_a_worker_that_dies_with_nothing_to_do(start):
    with Receiver() as receiver:
        worker = start(receiver).start([values.http()])
        worker.invoke("hello")
        receiver.wait(1)
        child, = psutil.Process(worker.pid).children()
        child.send_signal(signal.SIGKILL)
        log, = receiver.wait_logs(1)
    a = otlp.attributes(log)
    assert (log.severity_number, log.severity_text, log.event_name) == (FATAL, "FATAL", "exception")
    assert a == {"exception.type": "WorkerProcessExitException", "exception.message": otlp.value_of(log.body)}
    assert otlp.value_of(log.body) == "The language worker exited with code 137: signal 9 (SIGKILL)"
    assert not log.trace_id and not log.span_id


def test_a_worker_that_dies_over_an_invocation_is_an_event_of_its_span(start):
    with Receiver() as receiver:
        worker = start(receiver).start([values.http("leave", "exit", code=1)])
        worker.begin("leave")
        worker.wait()
        span, = receiver.wait(1)
        assert [event.name for event in span.events] == ["exception"] and not receiver.logs()


def test_a_function_that_cannot_be_loaded(start):
    with Receiver() as receiver:
        worker = start(receiver).start([values.http(), values.http("broken")], "python", refuses="broken")
        worker.invoke("hello")
        log, = receiver.wait_logs(1)
    a = otlp.attributes(log)
    assert (log.severity_number, log.severity_text, log.event_name) == (ERROR, "ERROR", "exception")
    assert a["exception.type"] == "ImportError" and a["faas.name"] == "broken" and "function_app.py" in a["exception.stacktrace"]
    assert a["exception.message"].startswith("Function broken could not be loaded") and "hunter" not in str(log)


def test_logs_are_switched_off_alone(start):
    with Receiver() as receiver:
        worker = start(receiver, OTEL_LOGS_EXPORTER="none").start([TALK[4], values.http()])
        worker.invoke("error")
        worker.invoke("hello")
        receiver.wait(2)
        psutil.Process(worker.pid).children()[0].send_signal(signal.SIGKILL)
        worker.wait()
        assert receiver.arrived["Logs"] == 0


def test_settings_of_logs_alone(start):
    with Receiver() as receiver, Receiver() as other:
        worker = start(receiver, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=other.url + "/logs?x=1", OTEL_EXPORTER_OTLP_COMPRESSION="gzip",
                       OTEL_EXPORTER_OTLP_LOGS_COMPRESSION="none", OTEL_EXPORTER_OTLP_HEADERS="x-tenant=n",
                       OTEL_EXPORTER_OTLP_LOGS_HEADERS="x-tenant=m", OTEL_EXPORTER_OTLP_LOGS_PROTOCOL="http/json",
                       ).start([TALK[4]])
        worker.invoke("error")
        other.wait_logs(2)
        receiver.wait(1)
        log, trace = other.requests[0], receiver.requests[0]
        assert other.arrived["Trace"] == 0 and receiver.arrived["Logs"] == 0
    assert (log.path, log.headers["x-tenant"], log.headers["content-type"]) == ("/logs?x=1", "m", JSON)
    assert "content-encoding" not in log.headers
    assert (trace.path, trace.headers["x-tenant"], trace.headers["content-type"]) == ("/v1/traces", "n", PROTOBUF)
    assert trace.headers["content-encoding"] == "gzip"


# -- servers with whims: of one signal, while the other flows

@pytest.fixture
def receive(place):  # noqa: F811
    def begin(*script, **more):
        receiver = Receiver(*script, **more)
        place.servers.append(receiver)
        return receiver
    yield begin
    for receiver in place.servers:
        assert not receiver.problems, receiver.problems


def source(place, url, name="ring-1-1", size=None, **more):
    writer = place.writer(name, **({"size": size} if size else {}))
    return writer.source("shop", url, kind="otlp", logs_kind="otlp", logs_url=url, **more)


def put(writer, count, steps=10):
    """So many of each, mixed."""
    for _ in range(steps):
        writer.put(count // steps)
        assert writer.say(f"logs {count // steps}") == str(count // steps)


def span_ids(receiver):
    return [int.from_bytes(span.span_id, "big") for span in receiver.spans()]


def log_ids(receiver):
    return [int(otlp.value_of(log.body).split()[1]) for log in receiver.logs()]


def settled(place, made, **dropped):
    """The agent's last status: made = delivered + dropped for these reasons, nothing waits."""
    assert end(place.agents[-1]) == 0
    status = place.status()
    assert status["waiting"] == {"in_ring": 0, "in_spool": 0}
    assert place.balance() == (made, made)
    assert {reason: count for reason, count in status["dropped"].items() if count} == dropped
    return status


@pytest.fixture(params=["Trace", "Logs"])
def bad(request):
    """The signal whose server is bad, and where scripts for it go."""
    return request.param



def server(receive, bad, *script):
    return receive(*script) if bad == "Trace" else receive(logs=script)


def of(receiver, signal_):
    return span_ids(receiver) if signal_ == "Trace" else log_ids(receiver)


def other_than(signal_):
    return "Logs" if signal_ == "Trace" else "Trace"


def destination(place, signal_):
    return place.status().get("destination" if signal_ == "Trace" else "logs_destination", {})


@pytest.mark.threads
def test_both_flow(place, receive):
    receiver = receive()
    writer = source(place, receiver.url)
    place.agent()
    put(writer, 500)
    receiver.wait(500)
    receiver.wait_logs(500)
    assert span_ids(receiver) == log_ids(receiver) == list(range(1, 501))
    wait_for(lambda: writer.number("used") == 0)
    status = settled(place, 1000)
    assert status["delivered"] == 1000
    for key, path in (("destination", "/v1/traces"), ("logs_destination", "/v1/logs")):
        assert status[key]["url"] == receiver.url + path and status[key]["last_delivery_answer"] == 200


@pytest.mark.threads
def test_a_server_that_says_nothing_about_one(place, receive, bad):
    """The other one's events arrive, the ring is free, and nothing is lost."""
    receiver = server(receive, bad, "hang")
    writer = source(place, receiver.url, size=32768 + 65536)
    place.agent()
    for _ in range(20):
        put(writer, 50, 1)
        wait_for(lambda: writer.number("used") < 30000)
    wait_for(lambda: len(of(receiver, other_than(bad))) == 1000)
    assert not of(receiver, bad) and writer.number("dropped") == 0
    receiver.gate.set()
    wait_for(lambda: set(of(receiver, bad)) == set(range(1, 1001)) and not place.spool())
    assert sorted(of(receiver, other_than(bad))) == list(range(1, 1001))  # none twice
    assert settled(place, 2000)["delivered"] == 2000


@pytest.mark.threads
@pytest.mark.parametrize("answer", [503, (429, b"", {"Retry-After": "1"})], ids=str)
def test_one_is_refused_for_a_while(place, receive, bad, answer):
    receiver = server(receive, bad, answer, 200)
    writer = source(place, receiver.url)
    place.agent()
    put(writer, 50)
    receiver.wait(50)
    receiver.wait_logs(50)
    wait_for(lambda: not place.spool())
    status = settled(place, 100)
    assert status["destination" if bad == "Trace" else "logs_destination"]["failed_attempts"] == 1
    assert status["logs_destination" if bad == "Trace" else "destination"]["failed_attempts"] == 0


def test_a_server_says_when_it_wants_logs(place, receive):
    receiver = receive(logs=[(503, b'{"code":14,"message":"later"}', {"Retry-After": "250"})])
    writer = source(place, receiver.url)
    put(writer, 10)
    place.agent()
    wait_for(lambda: "/v1/logs does not take events, they are kept; next attempt in 250000 ms: it answered 503: later" in place.log())
    put(writer, 10)
    receiver.wait(20)
    assert receiver.arrived["Logs"] == 1
    wait_for(lambda: destination(place, "Logs").get("failing"))
    assert not destination(place, "Trace")["failing"]
    problems = [p["text"] for p in place.status()["problems"]]
    assert any("/v1/logs does not take events" in text for text in problems) and "/v1/traces" not in str(problems)


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
def test_some_logs_are_rejected(place, receive, content_type):
    answer = (200, otlp.partial(2, "too old", content_type, "Logs"), {"Content-Type": content_type})
    receiver = receive(logs=[answer, 200])
    writer = source(place, receiver.url)
    put(writer, 5, 1)
    place.agent()
    receiver.wait(5)
    wait_for(lambda: "/v1/logs rejected 2 events, they are lost: it answered 200: too old" in place.log())
    put(writer, 5, 1)
    receiver.wait_logs(10)
    assert log_ids(receiver) == list(range(1, 11))  # none is sent again
    assert settled(place, 20, rejected=2)["delivered"] == 18


@pytest.mark.parametrize("status", [400, 404, 500])
def test_what_may_not_be_retried_is_dropped_and_counted(place, receive, bad, status):
    receiver = server(receive, bad, (status, b"\x08\x03\x12\x03bad", {}), 200)
    writer = source(place, receiver.url)
    put(writer, 5, 1)
    place.agent()
    wait_for(lambda: len(of(receiver, other_than(bad))) == 5)
    wait_for(lambda: f"rejected 5 events, they are lost: it answered {status}: bad" in place.log())
    put(writer, 5, 1)
    wait_for(lambda: of(receiver, bad) == [6, 7, 8, 9, 10] and len(of(receiver, other_than(bad))) == 10)
    assert settled(place, 20, rejected=5)["delivered"] == 15


@pytest.mark.threads
def test_what_is_too_large_is_sent_in_parts(place, receive):
    """413 for more than three logs, and for the fifth always: that one is lost, and no other."""
    def judge(request):
        numbers = [int(otlp.value_of(log.body).split()[1]) for log in request.logs]
        return 413 if len(numbers) > 3 or 5 in numbers else 200
    receiver = receive(logs=[judge])
    writer = source(place, receiver.url)
    put(writer, 40, 1)
    place.agent()
    receiver.wait(40)
    wait_for(lambda: set(log_ids(receiver)) == set(range(1, 41)) - {5} and not place.spool())
    assert len(log_ids(receiver)) == 39
    assert settled(place, 80, rejected=1)["delivered"] == 79


def test_a_server_that_does_not_know_us(place, receive):
    """By one signal's headers, which the other has not."""
    receiver = receive(logs=[(401, b'{"message":"who are you"}', {"Content-Type": JSON})])
    writer = source(place, receiver.url, logs_headers="authorization=Bearer%20verysecret")
    put(writer, 5, 1)
    place.agent()
    wait_for(lambda: "/v1/logs does not take events" in place.log() and "it answered 401: who are you" in place.log())
    receiver.wait(5)
    assert "authorization" not in next(r for r in receiver.requests if r.signal == "Trace").headers
    assert "verysecret" not in place.log()


# -- deaths

@pytest.mark.threads
def test_an_agent_that_is_killed_with_both_on_their_way(place, receive):
    receiver = receive("hang", logs=["hang"])
    writer = source(place, receiver.url)
    put(writer, 100)
    agent = place.agent()
    wait_for(lambda: receiver.arrived["Trace"] and receiver.arrived["Logs"])
    end(agent, signal.SIGKILL)
    receiver.script, receiver.logs_script = [200], [200]
    place.agent()
    wait_for(lambda: set(span_ids(receiver)) == set(log_ids(receiver)) == set(range(1, 101)) and not place.spool())
    wait_for(lambda: writer.number("used") == 0)
    settled(place, 200)


@pytest.mark.threads
def test_agents_that_are_killed_at_random(place, receive):
    """At least once, of each signal, whatever the servers do meanwhile."""
    dice, made = random.Random(4), 0
    receiver = receive()
    writer = source(place, receiver.url)
    for _ in range(8):
        answers = [200, 200, 503, "hang"]
        receiver.script, receiver.logs_script = [dice.choice(answers)], [dice.choice(answers)]
        agent = place.agent(wait=False)
        for _ in range(dice.randrange(1, 8)):
            put(writer, 20, 1)
            made += 20
            time.sleep(0.03)
        end(agent, signal.SIGKILL)
    receiver.script, receiver.logs_script = [200], [200]
    place.agent()
    wait_for(lambda: set(span_ids(receiver)) == set(log_ids(receiver)) == set(range(1, made + 1)))
    wait_for(lambda: writer.number("used") == 0 and not place.spool())
    assert writer.number("dropped") == 0


def test_the_next_agent_sends_each_to_its_own_address(place, receive):
    """From the spool, when the ring is gone: nobody else knows any more where logs went."""
    ports = {"traces": closed_port(), "logs": closed_port()}
    writer = place.writer().source("shop", f"http://127.0.0.1:{ports['traces']}", kind="otlp", logs_kind="otlp",
                                   logs_full_url=f"http://127.0.0.1:{ports['logs']}/logs", logs_headers="x-tenant=m")
    put(writer, 10)
    agent = place.agent()
    wait_for(lambda: writer.number("used") == 0)
    writer.end()
    wait_for(lambda: not place.rings())
    end(agent, signal.SIGKILL)
    traces, logs = receive(port=ports["traces"]), receive(port=ports["logs"])
    place.agent()
    traces.wait(10)
    logs.wait_logs(10)
    assert not traces.logs() and not logs.spans()
    assert {(r.path, r.headers["x-tenant"]) for r in logs.requests} == {("/logs", "m")}
    wait_for(lambda: not place.spool())


def test_the_ring_waits_for_both(place, receive, bad):
    """Without a spool: what one server has not answered is still there for the next agent."""
    receiver = server(receive, bad, "hang")
    writer = source(place, receiver.url)
    put(writer, 20)
    agent = place.agent(AZIMUTH_SPOOL_SIZE="0b")
    wait_for(lambda: len(of(receiver, other_than(bad))) == 20 and receiver.arrived[bad])
    end(agent, signal.SIGKILL)
    assert writer.number("used") > 0 and not of(receiver, bad)
    receiver.script, receiver.logs_script = [200], [200]
    place.agent()
    wait_for(lambda: set(of(receiver, bad)) == set(range(1, 21)))
    wait_for(lambda: writer.number("used") == 0)


def test_logs_that_nobody_wants_are_no_loss(place, receive):
    """OTEL_LOGS_EXPORTER=none: a death is made all the same."""
    receiver = receive()
    writer = place.writer().source("shop", receiver.url, kind="otlp")
    put(writer, 10)
    assert writer.say("errors 2") == "2"
    place.agent()
    receiver.wait(10)
    wait_for(lambda: writer.number("used") == 0)
    status = settled(place, 22)
    assert status["unsampled"] == 12 and "logs_destination" not in status


def test_everything_goes_into_a_file(place, tmp_path):
    writer = source(place, "http://127.0.0.1:9")
    put(writer, 10)
    agent = place.agent("--output", tmp_path / "out")
    wait_for(lambda: writer.number("used") == 0)
    assert end(agent) == 0
    lines = (tmp_path / "out").read_text().splitlines()
    assert sum('"log":' in line for line in lines) == sum('"transaction":' in line for line in lines) == 10
