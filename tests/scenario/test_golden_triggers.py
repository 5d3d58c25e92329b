"""Every trigger in every mode, from the host's bytes to the event: tests/golden/triggers/<trigger>.json has it, valid against
the schemas of intake v2, and its twin over OTLP, decoded by the public schema's field numbers, says the same.

What is sent is that of test_triggers.py. The files are rewritten with AZM_GOLDEN_UPDATE=1; read the difference."""
import copy
import dataclasses
import json
import os
import re

import pytest

import otlp
import values
from intake import SCHEMAS, invalid
from observing import observing
from processes import ROOT
from test_golden import GOLDEN, as_text, normalise
from test_otlp import back, without
from test_triggers import FAMILIES, Case

FOLDER = GOLDEN / "triggers"
MODES = ("single", "batch", "failed", "retried")


def is_batch(case):
    return str(case.function.trigger.get("cardinality", "")).lower() == "many"


def cases_of_triggers():
    """By trigger: its first case of one message, and its first of a batch."""
    found = {"httpTrigger": {"single": Case(values.http("web", route="products/{id:int}"), data="text")}}
    for family in FAMILIES:
        for case in family():
            if case.failed and case.function.trigger["type"] in ("queueTrigger", "blobTrigger"):
                continue
            kinds = found.setdefault(case.function.trigger["type"], {})
            kinds.setdefault("batch" if is_batch(case) else "single", case)
    del found["QUEUETRIGGER"]  # the same in another spelling
    return found


CASES = cases_of_triggers()


def modes_of(trigger):
    """(mode, function, case, retry) of what is to be sent."""
    kinds = CASES[trigger]
    for mode in MODES:
        case = kinds.get("batch" if mode == "batch" else "single")
        if not case:
            continue
        does = "fail" if mode == "failed" else "echo"
        function = dataclasses.replace(copy.deepcopy(case.function), name=f"{mode}_{case.function.name}", does=does, how={}, id="")
        yield mode, function, case, (2, 5) if mode == "retried" else None


def play(observed, trigger):
    """Sends all modes; how many events that makes."""
    observed.settings["QUEUE"] = "orders"
    modes = list(modes_of(trigger))
    worker = observed.start([function for _, function, _, _ in modes], "python")
    for n, (mode, function, case, retry) in enumerate(modes):
        more = {} if trigger == "httpTrigger" else {"metadata": case.metadata}
        result = worker.invoke(function.name, case.data, retry=retry, invocation_id=f"{mode}-invocation", **more)
        assert result.status == ("Failure" if mode == "failed" else "Success")
    return len(modes)


def in_order(events):
    """By mode: the order of arrival may differ."""
    return sorted(events, key=lambda e: MODES.index(e["faas"]["execution"].partition("-")[0]))


@pytest.mark.parametrize("trigger", sorted(CASES))
def test_a_golden_event_for_each_mode(scene, trigger):
    with observing(scene) as observed:
        count = play(observed, trigger)
        transactions = in_order(observed.intake.wait(count))
        errors = observed.intake.wait(1, "error")
        problems = invalid(observed.intake)
    for event in transactions + errors:
        del event["metadata"]
    golden = [{"transaction": t} for t in transactions] + [{"error": e} for e in errors]
    text, path = as_text(normalise(golden)), FOLDER / f"{trigger}.json"
    if os.environ.get("AZM_GOLDEN_UPDATE"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert path.exists(), f"{path} is missing; make it with AZM_GOLDEN_UPDATE=1"
    assert text.splitlines() == path.read_text().splitlines()
    if not SCHEMAS.is_dir():
        pytest.skip("the events are the golden ones; the schemas of intake v2 are not at hand (AZM_SHARED)")
    assert problems == []


@pytest.mark.parametrize("protocol", ["http/protobuf", "http/json"])
def test_the_twins_over_otlp(scene, protocol):
    """All triggers through one worker each, at one receiver."""
    with otlp.Receiver() as receiver, observing(scene) as observed:
        observed.settings |= {"ELASTIC_APM_SERVER_URL": "", "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
                              "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}
        for trigger in sorted(CASES):
            before = len(receiver.spans())
            count = play(observed, trigger)
            receiver.wait(before + count)
            spans = sorted(receiver.spans()[before:], key=lambda s: MODES.index(
                otlp.attributes(s)["faas.invocation_id"].partition("-")[0]))
            golden = [without(e) for e in json.loads((FOLDER / f"{trigger}.json").read_text()) if "transaction" in e]
            got = normalise([{"transaction": back(span)} for span in spans])
            for event in got + golden:  # the app starts once for all triggers here
                assert event["transaction"]["faas"].pop("coldstart") in (True, False)
            assert [json.dumps(e, sort_keys=True) for e in got] == [json.dumps(e, sort_keys=True) for e in golden], trigger
            failed, = [span for span in spans if span.status.code == 2]
            assert [event.name for event in failed.events] == ["exception"]
        assert not receiver.problems


def test_no_trigger_is_left_out():
    """Those that src/trace/triggers.c has, and one that it has not; those with batches in both forms; no file too many."""
    known = set(re.findall(r'IS\("([A-Za-z]+)"', (ROOT / "src" / "trace" / "triggers.c").read_text()))
    assert known and known <= set(CASES), known - set(CASES)
    assert "nobodyKnowsTrigger" in CASES and "nobodyKnowsTrigger" not in known
    assert {t for t in CASES if "batch" in CASES[t]} == {"serviceBusTrigger", "eventHubTrigger", "eventGridTrigger",
                                                         "kafkaTrigger"}
    assert all("single" in kinds for kinds in CASES.values())
    assert {path.stem for path in FOLDER.glob("*")} == set(CASES)
    for trigger in CASES:
        golden = json.loads((FOLDER / f"{trigger}.json").read_text())
        assert [e["transaction"]["faas"]["execution"] for e in golden if "transaction" in e] == \
            [f"{mode}-invocation" for mode, *_ in modes_of(trigger)]
