"""What functions log, on its way to the backend: with the trace of its invocation, from a level on, never too much."""
import json
import urllib.request

import pytest

import values
from intake import invalid
from observing import observing, until
from processes import PATIENCE

pytestmark = pytest.mark.threads


@pytest.fixture
def start(scene):
    opened = []

    def begin(**settings):
        context = observing(scene, settings={"ELASTIC_APM_LOG_SENDING": "true", **settings})
        opened.append(context)
        return context.__enter__()

    yield begin
    for context in opened:
        context.__exit__(None, None, None)


def hello(observed, worker, count):
    """The transactions so far, and one more: what comes behind them would have come by now."""
    worker.invoke("hello")
    return observed.intake.wait(count)


def test_a_log_has_the_trace_of_its_invocation(start):
    observed = start()
    worker = observed.start([values.http("talk", "log", lines=["first", "sec\nond"], level="Warning"), values.http()])
    one, two = worker.invoke("talk"), worker.invoke("talk")
    events = {e["faas"]["execution"]: e for e in hello(observed, worker, 3)}
    logs = observed.intake.wait(4, kind="log")
    for result in (one, two):
        own = [log for log in logs if log["transaction.id"] == events[result.invocation_id]["id"]]
        assert [log["message"] for log in own] == ["first", "sec\nond"]
        assert {log["trace.id"] for log in own} == {events[result.invocation_id]["trace_id"]}
        assert {(log["log.level"], log["log.logger"]) for log in own} == {("warning", "Function.talk.User")}
        assert all(0 <= log["@timestamp"] - events[result.invocation_id]["timestamp"] < PATIENCE * 1_000_000 for log in own)
    assert {log["metadata"]["service"]["name"] for log in logs} == {"Shop"}
    assert invalid(observed.intake) in (None, [])


@pytest.mark.parametrize("settings, levels", [
    ({}, ["info", "warning", "error", "critical"]),
    ({"AZIMUTH_LOG_SENDING_LEVEL": "trace"}, ["trace", "debug", "info", "warning", "error", "critical"]),
    ({"AZIMUTH_LOG_SENDING_LEVEL": "error"}, ["error", "critical"]),
    ({"AZIMUTH_LOG_SENDING_LEVEL": "off"}, []),
    ({"ELASTIC_APM_LOG_SENDING": "false"}, []),
    ({"ELASTIC_APM_LOG_SENDING": "perhaps"}, []),
])
def test_from_a_level_on(start, settings, levels):
    observed = start(**settings)
    names = ["Trace", "Debug", "Information", "Warning", "Error", "Critical"]
    worker = observed.start([*(values.http(name, "log", lines=[name], level=name) for name in names), values.http()])
    for name in names:
        worker.invoke(name)
    hello(observed, worker, 7)
    assert [log["log.level"] for log in observed.intake.wait(len(levels), kind="log")] == levels


def test_the_workers_own_logs_and_those_of_nobody_are_left_out(start):
    observed = start()
    worker = observed.start([values.http("talk", "log", lines=["mine"]), values.http("own", "log_other"), values.http()])
    worker.invoke("talk")
    worker.invoke("own")
    hello(observed, worker, 3)
    assert [log["message"] for log in observed.intake.wait(1, kind="log")] == ["mine"]


def test_too_many_are_left_out_and_told(start):
    observed = start()
    worker = observed.start([values.http("talk", "log", lines=[str(n) for n in range(5000)]), values.http()])
    worker.invoke("talk")
    hello(observed, worker, 2)
    until(lambda: "log records were left out" in observed.log())
    logs = observed.intake.events("log")
    assert 500 <= len(logs) < 5000 and [int(log["message"]) for log in logs][:500] == list(range(500))


def test_texts_of_any_kind(start):
    """The app is served as ever, and the rest arrives."""
    observed = start()
    texts = ["", "x" * 100_000, "\x00\ufffd\u2028", "{}\n" * 3000]
    worker = observed.start([values.http("talk", "log", lines=texts), values.http()])
    assert worker.invoke("talk").status == "Success"
    hello(observed, worker, 2)
    logs = observed.intake.wait(3, kind="log")
    assert all(0 < len(log["message"]) <= 10_000 for log in logs)
    assert logs[0]["message"].startswith("x" * 8000)


def test_the_hub_shows_the_logs_of_a_trace(scene, tmp_path):
    from test_hub import Hub
    hub = Hub(tmp_path / "hub").start()
    try:
        with observing(scene, settings={"ELASTIC_APM_LOG_SENDING": "true", "ELASTIC_APM_SERVER_URL": hub.url}) as observed:
            worker = observed.start([values.http("talk", "log", lines=["one", "two"])])
            worker.invoke("talk")

            def look():
                with urllib.request.urlopen(f"{hub.url}/api/traces", timeout=PATIENCE) as answer:
                    traces = json.load(answer)["traces"]
                if not traces:
                    return None
                with urllib.request.urlopen(f"{hub.url}/api/traces/{traces[0]['trace_id']}", timeout=PATIENCE) as answer:
                    events = json.load(answer)["events"]
                return events if len(events) == 3 else None
            events = until(look)
            assert sorted(e["kind"] for e in events) == ["log", "log", "transaction"]
    finally:
        hub.stop()
