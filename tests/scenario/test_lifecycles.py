"""How workers of an app come and go: placeholders that become an app, several workers, restarts, ways of indexing."""
import json
import pathlib
import uuid

import pytest

import rpc
import values
from intake import Intake
from observing import observing, until

pytestmark = pytest.mark.threads

PLACEHOLDER = {"WEBSITE_PLACEHOLDER_MODE": "1"}
ROUTED = [values.http("products", route="products/{id:int}", methods=("get",)), values.queue(queue_name="%QUEUE%")]
NAMES = ["GET /api/products/{id:int}", "AzureQueue RECEIVE from orders-in"]


@pytest.fixture
def observed(scene):
    with observing(scene) as observed:
        yield observed


def placeholder(observed, style="python", **more):
    """A worker in placeholder mode, which has none of the app's settings; and those."""
    settings, observed.settings = observed.settings, {**PLACEHOLDER, "AZIMUTH_RUN_DIR": observed.settings["AZIMUTH_RUN_DIR"]}
    worker = observed.start([values.http("WarmUp")], style, **more)
    worker.invoke("WarmUp")
    return worker, settings


def specialize(observed, worker, functions, settings, style="python", **more):
    answer = worker.reload({**worker.host.environment(observed.scene.worker_env(functions, style)), **settings,
                            "WEBSITE_PLACEHOLDER_MODE": "0"}, **more)
    worker.functions.clear()
    return answer


def load(worker, index=True, **more):
    if index:
        worker.received[:] = [m for m in worker.received if m.WhichOneof("content") != "function_metadata_response"]
    worker.load(worker.index() if index else more.pop("functions"), **more)


# -- placeholders


def test_a_placeholder_shows_and_makes_nothing(observed):
    """Not before the app is there, and not if the app does not want it."""
    worker, settings = placeholder(observed)
    for f in range(3):
        worker.invoke("WarmUp")
    assert not observed.run_dir.exists()
    specialize(observed, worker, [values.http()], {"WEBSITE_SITE_NAME": "Shop"})
    load(worker)
    assert worker.invoke("hello").status == "Success"
    worker.terminate()
    assert not observed.run_dir.exists() and not observed.intake.events()


def test_specialized_by_worker_indexing(observed):
    """Settings, names and trace context are the app's; its own worker's start is no cold start any more."""
    worker, settings = placeholder(observed)
    specialize(observed, worker, ROUTED, {**settings, "QUEUE": "orders-in", "AZIMUTH_TRACE_CONTEXT": "rewrite",
                                          "ELASTIC_APM_GLOBAL_LABELS": "team=shop"})
    load(worker)
    results = [worker.invoke("products"), worker.invoke("orders", "x")]
    events = observed.intake.wait(2)
    assert [e["name"] for e in events] == NAMES
    assert [e["faas"]["execution"] for e in events] == [r.invocation_id for r in results]
    assert [e["faas"]["coldstart"] for e in events] == [True, False]
    assert all(e["metadata"]["labels"]["team"] == "shop" for e in events)
    assert events[0]["metadata"]["service"]["runtime"]["version"] == "3.11.2"


def test_specialized_into_another_folder(observed, tmp_path):
    """host.json and function.json are read where the app is; the placeholder's folder has others."""
    pathlib.Path(observed.scene.app, "host.json").write_text('{"extensions": {"http": {"routePrefix": "standby"}}}')
    worker, settings = placeholder(observed, "node")
    app = tmp_path / "real"
    app.mkdir()
    (app / "host.json").write_text('{"extensions": {"http": {"routePrefix": "v1"}}}')
    specialize(observed, worker, ROUTED, {**settings, "QUEUE": "orders-in"}, "node", app=app)
    worker.host.app = str(app)
    load(worker, index=False, functions=ROUTED, write_function_json=True)
    worker.invoke("products")
    worker.invoke("orders", "x")
    assert [e["name"] for e in observed.intake.wait(2)] == ["GET /v1/products/{id:int}", NAMES[1]]


def test_http_proxying_begins_with_the_app(observed):
    worker, settings = placeholder(observed, "dotnet", http=1)
    before = worker.capabilities["HttpUri"]
    specialize(observed, worker, [values.http()], settings, "dotnet")
    assert worker.capabilities["HttpUri"] != before
    load(worker)
    assert worker.invoke("hello").proxied_status == 200
    assert observed.intake.wait(1)[0]["context"]["response"]["status_code"] == 200


def test_a_second_reload_is_another_app(observed):
    """Name, folder, functions and destination; what was open is not told under the next one's name."""
    worker, settings = placeholder(observed)
    with Intake() as second:
        specialize(observed, worker, [values.http("first"), values.http("slow", "slow", ms=1500)], settings)
        load(worker)
        assert worker.invoke("first").status == "Success"
        open_one = worker.begin("slow")
        specialize(observed, worker, [values.http("second")], {**settings, "WEBSITE_SITE_NAME": "Other",
                                                               "ELASTIC_APM_SERVER_URL": second.url})
        load(worker)
        assert open_one.result(30).status == "Success"  # it is answered all the same
        assert worker.invoke("second").status == "Success"
        event, = second.wait(1)
        assert (event["faas"]["name"], event["metadata"]["service"]["name"]) == ("Other/second", "Other")
        assert event["faas"]["coldstart"] is False
        assert [e["faas"]["name"] for e in observed.intake.wait(1)] == ["Shop/first"]


def test_a_reload_that_fails(observed):
    """The host gives the channel up and starts a worker of its own."""
    worker, settings = placeholder(observed, refuses="reload")
    answer = specialize(observed, worker, ROUTED, {**settings, "QUEUE": "orders-in"})
    assert answer.result.status == rpc.StatusResult.Failure
    worker.kill()
    observed.settings = settings
    again = observed.start([values.http()])
    again.invoke("hello")
    event, = observed.intake.wait(1)
    assert event["faas"]["coldstart"] is True


# -- several workers, restarts


@pytest.mark.parametrize("style", ["node", "python"])
def test_workers_that_are_not_asked_know_what_the_first_has_indexed(observed, style):
    """The host asks one worker for its functions; the others, and one that is started again, get load requests, which
    tell no routes and queues."""
    observed.settings["QUEUE"] = "orders-in"
    first = observed.start(ROUTED, style)
    host, functions = first.host, list(first.functions.values())
    workers = [first]
    for _ in range(2):
        other = observed.scene.start(host, ROUTED, style)
        other.ready(functions)
        workers.append(other)
    for worker in workers:
        worker.invoke("products")
        worker.invoke("orders", "x")
    workers[1].kill()
    again = observed.scene.start(host, ROUTED, style)
    again.ready([values.Function(f.name, f.bindings, id=str(uuid.uuid4())) for f in functions])
    again.invoke("products")
    again.invoke("orders", "x")
    events = observed.intake.wait(8)
    assert sorted(e["name"] for e in events) == sorted(NAMES * 4)
    assert sum(e["faas"]["coldstart"] for e in events) == 1
    shared = list(observed.run_dir.glob("functions-*"))
    assert len(shared) == 1 and (shared[0].stat().st_mode & 0o777) == 0o600
    assert [f["name"] for f in json.loads(shared[0].read_text())] == ["products", "orders"]


def test_a_worker_that_is_loaded_before_the_others_told(observed):
    """It looks again: later invocations have their names."""
    observed.settings["QUEUE"] = "orders-in"
    host = observed.scene.host(settings=observed.settings)
    early = observed.scene.start(host, ROUTED)
    early.ready(ROUTED)
    early.invoke("products")
    first = observed.scene.start(host, ROUTED)
    first.init()
    first.load(first.index())

    def named():
        early.invoke("products")
        return any(e["name"] == NAMES[0] for e in observed.intake.events())
    until(named)


def test_what_another_app_indexed_is_not_mine(observed):
    """Two hosts share a run folder; each has a file of its own there."""
    mine = observed.start([values.http(route="mine")])
    mine.invoke("hello")
    app = observed.app([values.http()])
    app.invoke(app.worker(), "hello")
    assert sorted(e["name"] for e in observed.intake.wait(2)) == ["GET /api/hello", "GET /api/mine"]


# -- indexing


def test_ids_that_the_host_chooses(observed):
    """The worker's metadata has no ids; those of the load requests change when functions are loaded again."""
    observed.settings["QUEUE"] = "orders-in"
    host = observed.scene.host(settings=observed.settings)
    worker = observed.scene.start(host, ROUTED, ids=0)
    worker.init()
    indexed = worker.index()
    assert not any(m.function_id for m in worker.heard("function_metadata_response").function_metadata_results)
    for _ in range(3):
        worker.load([values.Function(f.name, f.bindings, id=str(uuid.uuid4())) for f in indexed])
        worker.invoke("products")
        worker.invoke("orders", "x")
    assert [e["name"] for e in observed.intake.wait(6)] == NAMES * 3


def test_one_message_that_loads_all(observed):
    host = observed.scene.host(settings=observed.settings)
    worker = observed.scene.start(host, ROUTED)
    worker.init()
    worker.load(ROUTED, collection=True, write_function_json=True)
    worker.invoke("products")
    worker.invoke("orders", "x")
    events = observed.intake.wait(2)
    assert [e["faas"]["name"] for e in events] == ["Shop/products", "Shop/orders"]
    assert events[0]["name"] == NAMES[0]


def test_a_function_that_cannot_be_loaded_is_told(observed):
    """The host never asks for it; the others go on."""
    worker = observed.start([values.http(), values.http("broken")], "python", refuses="broken")
    worker.invoke("hello")
    assert [e["name"] for e in observed.intake.wait(1)] == ["GET /api/hello"]
    until(lambda: "function broken could not be loaded: ImportError: no module for broken" in observed.log())
    assert "hunter2" not in observed.log() and "\nmore" not in observed.log()


def test_a_warmup_trigger_is_a_function_of_the_app(observed):
    warmup = values.Function("Warm", [{"name": "context", "type": "warmupTrigger", "direction": "in"}])
    worker = observed.start([warmup, values.http()])
    worker.invoke("Warm")
    worker.invoke("hello")
    events = observed.intake.wait(2)
    assert [(e["name"], e["faas"]["trigger"]["type"], e["faas"]["coldstart"]) for e in events] == [
        ("Warm", "other", True), ("GET /api/hello", "http", False)]
