"""Every recorded conversation, through the real tap, ring and agent, yields its golden events.

tests/golden/<recording>.json holds them with ids and times replaced by their order of appearance. Rewrite them with
AZM_GOLDEN_UPDATE=1 and read the difference before committing it. The environment each was made in is that of
tests/recordings/environments.json.
"""
import contextlib
import json
import os
import pathlib
import re
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("AZM_BUILD", ROOT / "build" / "dev")).resolve() / "bin"
RECORDINGS = ROOT / "tests" / "recordings"
GOLDEN = ROOT / "tests" / "golden"
GRPC = sorted(path.stem for path in RECORDINGS.glob("*.jsonl") if not path.stem.endswith("-http") or
              path.stem in ("python-http", "dotnet-http"))


def clean_environment(run_dir):
    keep = {"PATH", "HOME", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}
    env = {name: value for name, value in os.environ.items() if name in keep}
    return {**env, "AZIMUTH_RUN_DIR": str(run_dir), "ELASTIC_APM_SERVER_URL": "http://127.0.0.1:9"}


def replay(name, run_dir, *options):
    return subprocess.run(
        [BIN / "azimuth", "replay", RECORDINGS / f"{name}.jsonl", "--environments", RECORDINGS / "environments.json",
         *options], env=clean_environment(run_dir), capture_output=True, text=True, timeout=120)


@contextlib.contextmanager
def agent(run_dir, out):
    """An agent that writes to a file; the tap finds it there and starts none of its own."""
    process = subprocess.Popen([BIN / "azimuth", "agent", "--run-dir", run_dir, "--output", out],
                               env=clean_environment(run_dir), stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: (run_dir / "agent.lock").exists(), "the agent's lock")
        yield
        wait_until(lambda: not list(run_dir.glob("ring-*")), "the end of the rings")
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors


def wait_until(done, what):
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


def normalise(events):
    """Ids, times and process numbers become what they are: different every time."""
    names = {}

    def name_of(kind, value):
        if value not in names:
            names[value] = f"<{kind} {1 + sum(1 for text in names.values() if text.startswith('<' + kind))}>"
        return names[value]

    def walk(value, key=""):
        if isinstance(value, dict):
            return {inner: walk(item, inner) for inner, item in value.items()}
        if isinstance(value, list):
            return [walk(item, key) for item in value]
        if key in ("timestamp", "duration", "ms", "pid", "ppid"):
            assert isinstance(value, (int, float)) and value >= 0
            return 0
        if key == "trace_id":
            return name_of("trace", value)
        if key == "id" and isinstance(value, str) and re.fullmatch("[0-9a-f]{32}", value):
            return name_of("error", value)
        if key in ("id", "parent_id", "span_id", "transaction_id") and isinstance(value, str) and re.fullmatch("[0-9a-f]{16}", value):
            return name_of("span", value)
        return value

    return [walk(event) for event in events]


def as_text(events):
    """One event a line: a difference is read line by line."""
    return "[\n" + ",\n".join(json.dumps(event, sort_keys=True) for event in events) + "\n]\n"


@pytest.mark.parametrize("name", GRPC)
def test_recording_yields_its_golden_events(name, tmp_path):
    run_dir, out = tmp_path / "run", tmp_path / "events.ndjson"
    with agent(run_dir, out):
        ran = replay(name, run_dir)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    text = as_text(normalise([json.loads(line) for line in out.read_text().splitlines()]))
    golden = GOLDEN / f"{name}.json"
    if os.environ.get("AZM_GOLDEN_UPDATE"):
        golden.write_text(text)
    assert golden.exists(), f"{golden} is missing; make it with AZM_GOLDEN_UPDATE=1"
    assert text.splitlines() == golden.read_text().splitlines()


def expected_outcomes(name):
    """(function's last name, outcome) of each invocation, as the recording's first line tells; the first phase's
    count includes the cold one."""
    head = json.loads((RECORDINGS / f"{name}.jsonl").open().readline())
    counts = {}
    for phase in head["phases"]:
        key = phase["function"].lower(), phase["outcome"]
        counts[key] = counts.get(key, 0) + phase["invocations"]
    return counts


@pytest.mark.parametrize("name", GRPC)
def test_golden_counts_are_those_of_the_recording(name):
    """The golden file agrees with what the recording says of itself: it was not merely written down."""
    counts = {}
    for event in json.loads((GOLDEN / f"{name}.json").read_text()):
        transaction = event.get("transaction")
        if not transaction:
            continue
        function = transaction["faas"]["name"].rpartition("/")[2].lower()
        status = transaction.get("context", {}).get("response", {}).get("status_code")
        outcome = ("Failure" if transaction["outcome"] == "failure" else f"http {status}" if status else "Success")
        counts[function, outcome] = counts.get((function, outcome), 0) + 1
    expected = {}
    for (function, outcome), count in expected_outcomes(name).items():
        expected[function, outcome] = expected.get((function, outcome), 0) + count
    assert counts == expected


@pytest.mark.parametrize("name", GRPC)
def test_golden_events_are_what_intake_takes(name):
    """Against Elastic's schemas, where they are at hand (AZM_SHARED, or beside the checkout)."""
    schemas = pathlib.Path(os.environ.get("AZM_SHARED", ROOT.parent / "shared")) / "data" / "intake-v2"
    if not schemas.is_dir():
        pytest.skip("the schemas of intake v2 are not at hand (AZM_SHARED)")
    jsonschema = pytest.importorskip("jsonschema")
    checked = 0
    for event in json.loads((GOLDEN / f"{name}.json").read_text()):
        (kind, value), = event.items()
        jsonschema.validate(restored(value), json.loads((schemas / f"{kind}.json").read_text()),
                            jsonschema.Draft7Validator)
        checked += 1
    assert checked > 8


def restored(value):
    """Ids of the right form in place of their names."""
    text = json.dumps(value)
    text = re.sub(r"<span (\d+)>", lambda m: f"{int(m[1]):016x}", text)
    return json.loads(re.sub(r"<(?:trace|error) (\d+)>", lambda m: f"{int(m[1]):032x}", text))
