"""How invocations end that are not simply answered, and what becomes of functions that cannot be loaded
(docs/ENDINGS.md). The host is scripted: what it does at a timeout is done here, as the real one does it."""
import time

import pytest

import otlp
import values
from intake import invalid
from observing import dropped, observing, until
from otlp import Receiver
from test_doctor import Report, says
from test_lifecycles import placeholder, specialize

pytestmark = pytest.mark.threads

TIMEOUT = {"AzureFunctionsJobHost__functionTimeout": "00:00:01"}


@pytest.fixture
def observed(scene):
    with observing(scene) as observed:
        yield observed


def begin(worker, name):
    """An invocation that the tap has seen."""
    worker.begin(name)
    worker.invoke("hello")


def ending(event):
    """Of a transaction: outcome, result, label."""
    return event["outcome"], event["result"], (event.get("context") or {}).get("tags", {}).get("ending")


def ended(observed, name):
    """The one transaction beside that of begin()."""
    event, = [e for e in observed.intake.wait(2) if e["name"] == f"GET /api/{name}"]
    assert invalid(observed.intake) in (None, [])
    return event


def pass_timeout(since):
    """Beyond TIMEOUT, by any clock."""
    time.sleep(max(0.0, since + 1.2 - time.monotonic()))


# -- cancelled, or timed out


def test_invocations_that_the_host_cancels(observed):
    """Their callers went away, say. What the worker says of it counts."""
    expected = {"Cancelled": ("unknown", "cancelled", "cancelled"), "Success": ("success", "success", None),
                "Failure": ("failure", "failure", None)}
    functions = [values.queue(answer, "cancel", answer, answer=answer) for answer in expected]
    worker = observed.start([values.http(), *functions], "dotnet")
    invocations = [worker.begin(answer, "text") for answer in expected]
    worker.invoke("hello")
    for invocation_id in list(worker.open):
        worker.cancel(invocation_id)
    assert [i.result(30).status for i in invocations] == list(expected)
    events = {e["context"]["message"]["queue"]["name"]: e for e in observed.intake.wait(4) if e["type"] == "messaging"}
    assert {name: ending(e) for name, e in events.items()} == expected
    assert all(int(e["context"]["tags"]["cancel_requested_ms"]) >= 0 for e in events.values())
    error, = observed.intake.wait(1, kind="error")
    assert error["exception"]["message"] == "A task was canceled." and error["transaction_id"] == events["Failure"]["id"]
    assert invalid(observed.intake) in (None, [])


def test_a_timeout_that_the_worker_is_told_of(observed):
    (observed.scene.app / "host.json").write_text('{"version": "2.0", "functionTimeout": "00:00:01"}')
    worker = observed.start([values.http(), values.http("work", "cancel")], "dotnet")
    since = time.monotonic()
    begin(worker, "work")
    pass_timeout(since)
    worker.cancel(next(iter(worker.open)))
    work = ended(observed, "work")
    assert ending(work) == ("failure", "timeout", "timeout")
    error, = observed.intake.wait(1, kind="error")
    assert error["exception"]["type"] == "FunctionTimeoutException" and error["transaction_id"] == work["id"]
    assert "its timeout of 1.000 s (functionTimeout)" in error["exception"]["message"]
    assert "stacktrace" not in error["exception"]


def test_a_timeout_before_the_host_kills_without_a_word(observed):
    """Python's worker gets neither a cancellation nor a goodbye, and the tap is killed with it."""
    observed.settings.update(TIMEOUT)
    worker = observed.start([values.http(), values.http("hang", "silent")], "python")
    begin(worker, "hang")
    event = ended(observed, "hang")
    assert ending(event) == ("failure", "timeout", "timeout") and event["duration"] >= 1000
    worker.kill()
    assert len(observed.intake.wait(1, kind="error")) == 1
    assert len(observed.intake.wait(2)) == 2


def test_a_connection_that_ends_while_the_worker_lives(observed):
    worker = observed.start([values.http(), values.http("hang", "silent")], "python", endure=1)
    begin(worker, "hang")
    worker.outgoing.put(None)  # the host ends the stream
    event = ended(observed, "hang")
    assert ending(event) == ("failure", "failure", "stream_lost")
    error, = observed.intake.wait(1, kind="error")
    assert error["exception"]["type"] == "WorkerStreamException" and error["transaction_id"] == event["id"]


def test_endings_as_otlp(observed):
    with Receiver() as receiver:
        del observed.settings["ELASTIC_APM_SERVER_URL"]
        observed.settings.update({"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, **TIMEOUT})
        worker = observed.start([values.http(), values.http("early", "cancel"), values.http("late", "cancel")], "dotnet")
        since = time.monotonic()
        late = worker.begin("late")
        early = worker.begin("early")
        worker.invoke("hello")
        worker.cancel(list(worker.open)[1])
        early.result(30)
        pass_timeout(since)
        worker.cancel(next(iter(worker.open)))
        late.result(30)
        spans = {s.name: s for s in receiver.wait(3)}
        early, late = spans["GET /api/early"], spans["GET /api/late"]
        assert otlp.attributes(early)["ending"] == "cancelled" and early.status.code == 0 and not early.events
        assert otlp.attributes(late)["ending"] == "timeout" and late.status.code == 2
        assert otlp.attributes(late)["error.type"] == "FunctionTimeoutException" and len(late.events) == 1


# -- what cannot be loaded


def loading_error(observed, count=1):
    errors = observed.intake.wait(count, kind="error")
    assert invalid(observed.intake) in (None, [])
    assert "hunter" not in str(errors) and all("transaction_id" not in e for e in errors)
    assert all(e["metadata"]["service"]["name"] == "Shop" for e in errors)
    return errors[0]


def test_a_function_that_cannot_be_loaded(observed):
    """Told once, however often it is tried; the app goes on."""
    worker = observed.start([values.http(), values.http("broken")], "python", refuses="broken")
    worker.load(list(worker.functions.values()))
    worker.invoke("hello")
    error = loading_error(observed)
    assert error["exception"]["type"] == "ImportError" and error["context"]["tags"] == {"function": "broken"}
    assert error["exception"]["message"] == "Function broken could not be loaded: no module for broken, password=[REDACTED]\nmore"
    assert error["culprit"] == "broken (function_app.py)" and len(error["exception"]["stacktrace"]) == 2
    says(observed.run_dir, "not_loaded", "function broken could not be loaded: ImportError: no module for broken", mend="deploy")
    assert len(observed.intake.wait(1)) == 1 and dropped(observed.run_dir) == 0


def starting(observed, functions, **scripted):
    """A worker that is not yet spoken to."""
    host = observed.scene.host(settings=observed.settings, runtime="python")
    return observed.scene.start(host, functions, "python", **scripted)


def test_an_app_that_cannot_be_indexed(observed):
    """Nobody would ever hear of it: no function is called."""
    worker = starting(observed, [values.http()], refuses="index")
    worker.init()
    with pytest.raises(RuntimeError):
        worker.index()
    error = loading_error(observed)
    assert error["exception"]["message"].startswith("The app could not be indexed: no module for index")
    assert "tags" not in error.get("context", {})


def test_many_functions_that_cannot_be_loaded(observed):
    """So many errors and no more; the doctor knows their number."""
    functions = [values.http(f"f{i}") for i in range(500)]
    worker = starting(observed, functions, refuses="*", capabilities='{"SupportsLoadResponseCollection": "true"}')
    worker.init()
    worker.load(functions, collection=True)
    assert worker.invoke("f1").status == "Success"
    loading_error(observed, 32)
    until(lambda: "; and 499 more" in str(Report(observed.run_dir).problem("not_loaded")))
    assert dropped(observed.run_dir) == 0


@pytest.mark.parametrize("what", ["init", "reload"])
def test_a_last_word_is_told_though_the_host_kills_at_once(observed, what):
    """It is in the ring, once there is one, before the host has its answer; whoever comes next reads it."""
    refusing = {"refuses": what, "awaits": f"{observed.run_dir}/ring-*:azimuth-tap"}
    if what == "init":
        worker = starting(observed, [values.http()], **refusing)
        worker.init()
    else:
        worker, observed.settings = placeholder(observed, **refusing)
        specialize(observed, worker, [values.http()], observed.settings)
    worker.kill()
    observed.start([values.http()]).invoke("hello")
    error = loading_error(observed)
    assert error["exception"]["message"].startswith(f"The app could not be loaded: no module for {what}")
    until(lambda: "the app could not be loaded: ImportError" in observed.log())
