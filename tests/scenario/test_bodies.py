"""ELASTIC_APM_CAPTURE_BODY: what an HTTP caller or a message said is told where the user asks for it, and nowhere else."""
import json

import pytest

import values
from intake import invalid
from observing import observing

pytestmark = pytest.mark.threads

SAID = "hunter2 über alles"
FUNCTIONS = [values.http(), values.http("boom", "fail"), values.queue(), values.queue("badorders", "fail"), values.timer()]


@pytest.fixture
def observed(scene):
    with observing(scene) as observed:
        yield observed
        assert not invalid(observed.intake)


def play(observed, setting, style="node", data=SAID, **more):
    """All functions once; by function what was told of the body."""
    if setting:
        observed.settings["ELASTIC_APM_CAPTURE_BODY"] = setting
    worker = observed.start(FUNCTIONS, style)
    for function in FUNCTIONS:
        worker.invoke(function.name, data, **(more if function.trigger["type"] == "httpTrigger" else {}))
    told = {}
    for event in observed.intake.wait(len(FUNCTIONS)):
        context = event.get("context", {})
        bodies = [context[part]["body"] for part in ("request", "message") if "body" in context.get(part, {})]
        told[event["faas"]["name"].partition("/")[2]] = bodies[0] if bodies else None
    return told


@pytest.mark.parametrize("setting, of", [
    (None, ()), ("off", ()), ("sometimes", ()), ("errors", ("boom",)),
    ("transactions", ("hello", "boom", "orders", "badorders")), ("all", ("hello", "boom", "orders", "badorders")),
])
def test_a_setting_says_of_which(observed, setting, of):
    told = play(observed, setting)
    assert told == {f.name: SAID if f.name in of else None for f in FUNCTIONS}
    if not of:  # not even in memory that is shared
        everywhere = json.dumps([r.lines for r in observed.intake.requests])
        assert "hunter2" not in everywhere


@pytest.mark.parametrize("style", ["python", "dotnet"])
def test_other_workers(observed, style):
    assert play(observed, "all", style)["hello"] == SAID


def test_forms_lose_their_secrets(observed):
    told = play(observed, "all", data="user=ann&password=hunter2&x=1",
                headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert told["hello"] == "user=ann&password=[REDACTED]&x=1"


def test_what_is_no_text_is_left_out(observed):
    assert set(play(observed, "all", data=b"\xff\xfe\0binary").values()) == {None}


def test_long_ones_are_cut(observed):
    told = play(observed, "all", data="ü" * 200_000)
    assert told["hello"] == "ü" * 5120  # 10,240 bytes
    assert told["orders"].startswith("ü" * 5000) and len(told["orders"]) <= 10000


def test_what_is_not_sampled_has_none(observed):
    observed.settings["ELASTIC_APM_TRANSACTION_SAMPLE_RATE"] = "0"
    assert set(play(observed, "all").values()) == {None}
