"""A worker that dies: what was open fails and says why, once with the last lines that it wrote; and no error where
somebody had asked it to end."""
import os
import signal
import subprocess

import psutil
import pytest

import values
from conftest import PYTHON
from intake import invalid
from observing import observing, until
from processes import PATIENCE, TAP

pytestmark = pytest.mark.threads

KIND = "WorkerProcessExitException"
CRASH = """/app/index.js:3
    throw new Error('boom');
    ^

Error: boom
    at handler (/app/index.js:3:11)
    at Object.<anonymous> (/app/node_modules/x/main.js:7:1)
"""


@pytest.fixture
def observed(scene):
    with observing(scene) as observed:
        yield observed


def label(event):
    return event["context"]["tags"]["ending"]


def open_two(worker):
    """Invocations that are never answered, and are known to be there."""
    for _ in "12":
        worker.begin("hang")
    worker.invoke("hello")


@pytest.mark.parametrize("does, how, message", [
    ("exit", {"code": 1}, "The language worker exited with code 1"),
    ("exit", {"code": 134}, "The language worker exited with code 134: signal 6 (SIGABRT)"),
    ("die", {"signo": int(signal.SIGKILL)}, "The language worker exited with code 137: signal 9 (SIGKILL)"),
    ("die", {"signo": int(signal.SIGSEGV)}, "The language worker exited with code 139: signal 11 (SIGSEGV)"),
])
def test_what_was_open_says_why_it_failed(observed, does, how, message):
    worker = observed.start([values.http(), values.http("hang", "silent"), values.http("leave", does, **how)])
    open_two(worker)
    worker.begin("leave")
    worker.wait()
    events = observed.intake.wait(4)
    failed = {e["id"]: e for e in events if e["outcome"] == "failure"}
    errors = observed.intake.wait(3, kind="error")
    assert {e["transaction_id"] for e in errors} == set(failed) and len(failed) == 3
    assert {label(e) for e in failed.values()} == {"worker_exit"}
    assert all(e["trace_id"] == failed[e["transaction_id"]]["trace_id"] for e in errors)
    assert {(e["exception"]["type"], e["exception"]["message"], e["exception"]["handled"]) for e in errors} == {(KIND, message, False)}
    assert invalid(observed.intake) in (None, [])


def test_the_last_lines_are_read_as_a_stack_once(observed):
    worker = observed.start([values.http(), values.http("hang", "silent"), values.http("leave", "exit", stderr=CRASH)])
    open_two(worker)
    worker.begin("leave")
    worker.wait()
    errors = observed.intake.wait(3, kind="error")
    told, = [e for e in errors if e["exception"].get("stacktrace")]
    assert told["culprit"] == "handler (index.js)" and [f["lineno"] for f in told["exception"]["stacktrace"]] == [3, 7]
    assert invalid(observed.intake) in (None, [])


def test_the_last_lines_are_told_without_secrets(observed):
    lines = "cannot open DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=abc+def/==;EndpointSuffix=x\n" \
            "postgres://me:hunter2@db/shop said no\n"
    worker = observed.start([values.http("leave", "exit", stderr="x" * 8000 + "\n" + lines)])
    worker.begin("leave")
    worker.wait()
    error, = observed.intake.wait(1, kind="error")
    text = error["log"]["message"]
    assert text.splitlines() == ["cannot open DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=[REDACTED];EndpointSuffix=x",
                                 "postgres://[REDACTED]@db/shop said no"]
    assert invalid(observed.intake) in (None, [])


def test_a_death_with_nothing_open(observed):
    worker = observed.start([values.http()])
    worker.invoke("hello")
    observed.intake.wait(1)
    child, = psutil.Process(worker.pid).children()
    child.send_signal(signal.SIGKILL)
    assert worker.wait() == 137
    error, = observed.intake.wait(1, kind="error")
    assert error["exception"]["message"] == "The language worker exited with code 137: signal 9 (SIGKILL)"
    assert "transaction_id" not in error and error["metadata"]["service"]["name"] == "Shop"
    assert len(observed.intake.events()) == 1
    assert invalid(observed.intake) in (None, [])


def test_a_worker_that_dies_before_its_greeting(observed):
    """A missing module, as a rule: then nothing else tells anybody."""
    script = "import sys; sys.stderr.write('Traceback (most recent call last):\\n  File \"/app/main.py\", line 7, in <module>\\n" \
             "    import nothing\\nModuleNotFoundError: No module named nothing\\n'); sys.exit(3)"
    done = subprocess.run([TAP, "-c", script, "--host", "127.0.0.1", "--port", "9", "--workerId", "w", "--requestId", "r",
                           "--grpcMaxMessageLength", "2147483647"], capture_output=True, text=True, timeout=PATIENCE,
                          env={"PATH": os.environ["PATH"], **observed.settings, "AZIMUTH_WORKER_EXECUTABLE": PYTHON,
                               "FUNCTIONS_WORKER_RUNTIME": "python"})
    assert done.returncode == 3 and done.stderr.startswith("Traceback")
    error, = observed.intake.wait(1, kind="error")
    assert error["exception"]["message"] == "The language worker exited with code 3"
    assert error["exception"]["stacktrace"][0]["lineno"] == 7
    assert invalid(observed.intake) in (None, [])


def by_signal(worker):
    worker.process.send_signal(signal.SIGTERM)  # passed on, the worker dies of it


def by_interrupt_of_the_worker(worker):
    psutil.Process(worker.pid).children()[0].send_signal(signal.SIGINT)


def by_message(worker):
    worker.terminate()


@pytest.mark.parametrize("end", [by_signal, by_interrupt_of_the_worker, by_message])
def test_an_end_that_was_asked_for_is_no_error(observed, end):
    worker = observed.start([values.http(), values.http("hang", "silent")], "dotnet" if end is by_message else "node")
    open_two(worker)
    end(worker)
    worker.wait()
    events = observed.intake.wait(3)
    assert sorted(e["outcome"] for e in events) == ["failure", "failure", "success"]
    assert [label(e) for e in events if e["outcome"] == "failure"] == ["worker_stopped"] * 2
    assert observed.intake.events("error") == []


@pytest.mark.parametrize("code", [0, 200])
def test_a_worker_that_ends_by_itself_is_no_error(observed, code):
    """200 asks the host for another worker."""
    worker = observed.start([values.http(), values.http("leave", "exit", code=code)])
    worker.invoke("hello")
    worker.begin("leave")
    assert worker.wait() == code
    assert [label(e) for e in observed.intake.wait(2) if e["outcome"] == "failure"] == ["worker_exit"]
    assert observed.intake.events("error") == []


def test_a_worker_that_ends_with_its_stream(observed):
    """As node's does: no error."""
    worker = observed.start([values.http(), values.http("hang", "silent")])
    open_two(worker)
    worker.outgoing.put(None)  # the host ends the stream
    until(lambda: worker.stream_over)
    events = observed.intake.wait(3)
    assert sorted(e["outcome"] for e in events) == ["failure", "failure", "success"]
    assert observed.intake.events("error") == []
