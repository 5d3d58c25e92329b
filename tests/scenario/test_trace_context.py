"""AZIMUTH_TRACE_CONTEXT and trace_continuation_strategy: which trace context the worker gets, and that it is the one of
the invocation's transaction."""
import json

import pytest

import values
from observing import observing, until

pytestmark = pytest.mark.threads

TRACE, OTHER = "0af7651916cd43dd8448eb211c80319c", "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER, HOST = "b7ad6b7169203331", "00f067aa0ba902b7"
FUNCTIONS = [values.http("hello", "trace"), values.queue("orders", "trace"), values.service_bus("events", "trace")]


def context(trace, span, flags="01"):
    return f"00-{trace}-{span}-{flags}"


@pytest.fixture
def start(scene):
    """A worker under the settings given; start.observed is the scene."""
    with observing(scene) as observed:
        def start(style="node", functions=FUNCTIONS, more=None, **settings):
            observed.settings.update({"AZIMUTH_TRACE_CONTEXT": "rewrite", **settings})
            return observed.start(functions, style, **(more or {}))

        start.observed = observed
        yield start


def invoke(worker, function, *data, **more):
    result = worker.invoke(function, *data, **more)
    assert result.status == "Success", result
    return result, json.loads(result.body)


def event_of(start, result):
    return until(lambda: next((e for e in start.observed.intake.events()
                               if e["faas"]["execution"] == result.invocation_id), None))


@pytest.mark.parametrize("style", ["node", "python", "dotnet"])
def test_the_worker_is_told_of_the_transaction(start, style):
    worker = start(style)
    for function, headers in (("hello", {"traceparent": context(TRACE, CALLER), "tracestate": "es=s:0.5,foo=1"}),
                              ("hello", {}), ("orders", None)):
        result, told = invoke(worker, function, trace=context(TRACE, HOST, "00"), state="foo=1",
                              **({} if headers is None else {"headers": headers}))
        event = event_of(start, result)
        assert event["trace_id"] == TRACE
        assert told["rpc"] == context(TRACE, event["id"]) and event["id"] != HOST
        assert told["header"] == (told["rpc"] if headers else None)
        assert told["state"] == "foo=1" and told["header_state"] == (headers or {}).get("tracestate")
        assert event.get("parent_id") == (CALLER if headers else None)
        assert event["sample_rate"] == (0.5 if headers else 1)
        assert "links" not in event


@pytest.mark.parametrize("function, flag, told_flag, rate", [("hello", "00", "00", "1"), ("hello", "01", "01", "0"),
                                                             ("orders", None, "00", "0")])
def test_who_is_not_sampled_is_told_so(start, function, flag, told_flag, rate):
    """A caller's decision is obeyed, the host's is not."""
    worker = start(ELASTIC_APM_TRANSACTION_SAMPLE_RATE=rate)
    headers = {"headers": {"traceparent": context(TRACE, CALLER, flag)}} if flag else {}
    _, told = invoke(worker, function, trace=context(TRACE, HOST, "01"), **headers)
    assert told["rpc"][:36] == context(TRACE, "") [:36] and told["rpc"][-3:] == f"-{told_flag}"
    assert told["rpc"][36:52] not in (HOST, CALLER) and told["header"] in (None, told["rpc"])


def test_a_host_that_exports_stays_linked(start):
    worker = start(APPLICATIONINSIGHTS_CONNECTION_STRING="InstrumentationKey=0")
    result, told = invoke(worker, "orders", trace=context(TRACE, HOST))
    event = event_of(start, result)
    assert told["rpc"] == context(TRACE, event["id"])
    assert event["links"] == [{"trace_id": TRACE, "span_id": HOST}]


def test_a_message_goes_before_the_host(start):
    """The host began a trace of its own; the worker gets the message's, which ours continues."""
    worker = start()
    result, told = invoke(worker, "events", "text", trace=context(OTHER, HOST, "00"),
                          metadata={"MessageId": "m1", "ApplicationProperties": {"Diagnostic-Id": context(TRACE, CALLER)}})
    event = event_of(start, result)
    assert (event["trace_id"], event["parent_id"]) == (TRACE, CALLER)
    assert told["rpc"] == context(TRACE, event["id"])


@pytest.mark.parametrize("mode, strategy, state, restarted", [
    ("rewrite", "restart", "es=s:1", True), ("adopt", "restart", "es=s:1", True),
    ("rewrite", "restart_external", "foo=1", True), ("rewrite", "restart_external", None, True),
    ("rewrite", "restart_external", "foo=1,es=s:1", False)])
def test_continuation_strategy(start, mode, strategy, state, restarted):
    worker = start(AZIMUTH_TRACE_CONTEXT=mode, ELASTIC_APM_TRACE_CONTINUATION_STRATEGY=strategy)
    headers = {"traceparent": context(TRACE, CALLER), **({"tracestate": state} if state else {})}
    result, told = invoke(worker, "hello", headers=headers, trace=context(TRACE, HOST, "00"))
    event = event_of(start, result)
    assert (event["trace_id"] != TRACE) == restarted
    assert event.get("parent_id") == (None if restarted else CALLER)
    assert event.get("links") == ([{"trace_id": TRACE, "span_id": CALLER}] if restarted else None)
    assert event.get("sample_rate") == (1 if restarted or "es=" in (state or "") else None)
    if mode == "rewrite":
        assert told["rpc"] == told["header"] == context(event["trace_id"], event["id"])
    else:
        assert (told["rpc"], told["header"]) == (context(TRACE, HOST, "00"), context(TRACE, CALLER))


def test_http_proxying(start):
    """Both legs name one span, whichever comes first."""
    worker = start("dotnet", more={"http": 1})
    invoked = []
    for headers in ({"traceparent": context(TRACE, CALLER)}, {}):
        for trace in (context(OTHER, HOST, "00"), ""):
            invoked += [(headers, trace, *invoke(worker, "hello", headers=headers, trace=trace)) for _ in range(10)]
    for headers, trace, result, told in invoked:
        event = event_of(start, result)
        ours = context(event["trace_id"], event["id"])
        assert told["header"] == (ours if headers else None)
        assert told["rpc"] == (ours if trace else "")
        assert event["trace_id"] == (TRACE if headers else OTHER if trace else event["trace_id"])
        assert event.get("parent_id") == (CALLER if headers else None)


def test_large_requests(start):
    """Header fields stand far before RpcTraceContext, which lies in another frame."""
    worker = start()
    for size in (10, 20000, 300000):
        result, told = invoke(worker, "hello", "x" * size, method="POST", headers={"traceparent": context(TRACE, CALLER)},
                              trace=context(TRACE, HOST, "00"))
        event = event_of(start, result)
        assert told["rpc"] == told["header"] == context(TRACE, event["id"])
        assert told["size"] == size


def test_what_cannot_be_overwritten_is_left_alone_and_counted(start):
    worker = start()
    for trace in ("01-" + context(TRACE, HOST)[3:], context(TRACE, HOST) + "-more", "nonsense"):
        _, told = invoke(worker, "orders", trace=trace)
        assert told["rpc"] == trace
    _, told = invoke(worker, "hello", headers={"traceparent": context(TRACE, CALLER) + "," + context(OTHER, CALLER)})
    assert told["header"] == context(TRACE, CALLER) + "," + context(OTHER, CALLER)
    start.observed.intake.wait(4)
    until(lambda: "4 trace contexts were left as they were" in start.observed.log())


def test_what_nobody_wants_to_see_is_left_alone(start):
    """Spans inside the worker would have a parent that is nowhere."""
    worker = start(ELASTIC_APM_TRANSACTION_IGNORE_URLS="/api/health*", ELASTIC_APM_IGNORE_MESSAGE_QUEUES="orders-*")
    theirs = {"headers": {"traceparent": context(TRACE, CALLER)}, "trace": context(TRACE, HOST)}
    _, told = invoke(worker, "hello", url="http://localhost:7071/api/health?x=1", **theirs)
    assert (told["rpc"], told["header"]) == (context(TRACE, HOST), context(TRACE, CALLER))
    assert invoke(worker, "orders", trace=context(OTHER, HOST))[1]["rpc"] == context(OTHER, HOST)
    result, told = invoke(worker, "hello", **theirs)
    assert told["rpc"] == told["header"] == context(TRACE, event_of(start, result)["id"])
    assert len(start.observed.intake.events()) == 1 and "left as they were" not in start.observed.log()


@pytest.mark.parametrize("mode", ["adopt", "off"])
def test_otherwise_nothing_is_touched(start, mode):
    worker = start(AZIMUTH_TRACE_CONTEXT=mode)
    result, told = invoke(worker, "hello", headers={"traceparent": context(TRACE, CALLER)}, trace=context(TRACE, HOST, "00"))
    assert (told["rpc"], told["header"]) == (context(TRACE, HOST, "00"), context(TRACE, CALLER))
    assert (event_of(start, result)["id"] == HOST) == (mode == "adopt")


def test_many_at_once(start):
    """Each is told of its own."""
    worker = start(functions=[values.http("hello", "trace")])
    results = worker.invoke_many("hello", 400, 16, headers={"traceparent": context(TRACE, CALLER)}, trace=context(TRACE, HOST, "00"))
    ids = {e["faas"]["execution"]: e["id"] for e in start.observed.intake.wait(400)}
    for result in results:
        told = json.loads(result.body)
        assert told["rpc"] == told["header"] == context(TRACE, ids[result.invocation_id])
