"""What ended an invocation: an error event with type, message and frames, as each language's worker tells it."""
import json

import pytest

import values
from intake import invalid
from observing import observing

pytestmark = pytest.mark.threads

JAVA = "com.example.ShopException: sold out\n\tat com.example.Shop.sell(Shop.java:17)\n" \
       "\tat java.base/java.lang.reflect.Method.invoke(Method.java:580)\nCaused by: java.io.IOException\n\tat a.B.c(B.java:1)\n"
POWERSHELL = "at Get-Order, /home/site/wwwroot/order/run.ps1: line 7\nat <ScriptBlock>, /home/site/wwwroot/order/run.ps1: line 12"


@pytest.fixture
def observed(scene):
    with observing(scene) as observed:
        yield observed


@pytest.mark.parametrize("style, kind", [("node", "Error"), ("python", "ValueError"),
                                         ("dotnet", "System.InvalidOperationException")])
def test_a_failure_has_an_error(observed, style, kind):
    message = "ValueError: it broke" if style == "python" else "it broke"
    worker = observed.start([values.http("boom", "fail", message=message), values.http(), values.queue("orders", "fail", message=message)], style)
    boom, hello, order = worker.invoke("boom"), worker.invoke("hello"), worker.invoke("orders", "text")
    transactions = {e["faas"]["execution"]: e for e in observed.intake.wait(3)}
    errors = {e["transaction_id"]: e for e in observed.intake.wait(2, kind="error")}
    assert transactions[hello.invocation_id]["id"] not in errors
    for result in (boom, order):
        transaction = transactions[result.invocation_id]
        error = errors[transaction["id"]]
        assert (error["trace_id"], error["parent_id"]) == (transaction["trace_id"], transaction["id"])
        assert len(error["id"]) == 32 and error["timestamp"] >= transaction["timestamp"]
        assert error["transaction"] == {"sampled": True, "name": transaction["name"], "type": transaction["type"]}
        assert error["exception"]["message"] == message and error["exception"]["type"] == kind
        assert error["exception"]["handled"] is False
        frames = error["exception"]["stacktrace"]
        assert frames and all("filename" in f or "classname" in f for f in frames)
    assert invalid(observed.intake) in (None, [])


@pytest.mark.parametrize("stack, culprit, kind, own", [
    (JAVA, "sell (Shop.java)", "com.example.ShopException", ("com.example.Shop", "sell", 17)),
    (POWERSHELL, "Get-Order (run.ps1)", None, (None, "Get-Order", 7)),
], ids=["java", "powershell"])
def test_stacks_of_other_workers(observed, stack, culprit, kind, own):
    worker = observed.start([values.http("boom", "fail", message="sold out", stack=stack)])
    worker.invoke("boom")
    error, = observed.intake.wait(1, kind="error")
    assert error["culprit"] == culprit and error["exception"].get("type") == kind
    first = error["exception"]["stacktrace"][0]
    assert (first.get("classname"), first["function"], first["lineno"]) == own
    assert len(error["exception"]["stacktrace"]) == 2
    assert invalid(observed.intake) in (None, [])


@pytest.mark.parametrize("stack", ["", "x" * 200000, "\n" * 50000, "    at f (a.js:1:1)\n" * 20000, "at \x00\n\ufffd (\u2028:1:1)"],
                         ids=["none", "long", "lines", "deep", "odd"])
def test_stacks_of_any_kind(observed, stack):
    """The app is served as ever, and what is sent is valid."""
    worker = observed.start([values.http("boom", "fail", message="m" * 30000, stack=stack)])
    assert [r.status for r in worker.invoke_many("boom", 20, 4)] == ["Failure"] * 20
    assert len(observed.intake.wait(20)) == 20
    errors = observed.intake.wait(20, kind="error")
    assert all(1 < len(e["exception"]["message"]) <= 10000 for e in errors)
    assert all(len(e["exception"].get("stacktrace", [])) <= 50 for e in errors)
    assert invalid(observed.intake) in (None, [])


def test_many_failures_are_all_told(observed):
    worker = observed.start([values.http("boom", "fail", stack="Error\n" + "    at f (/app/a.js:1:1)\n" * 40)])
    ids = {r.invocation_id for r in worker.invoke_many("boom", 500, 8)}
    events = observed.intake.wait(500)
    assert {e["faas"]["execution"] for e in events} == ids
    assert {e["transaction_id"] for e in observed.intake.wait(500, kind="error")} == {e["id"] for e in events}
