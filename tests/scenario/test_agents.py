"""Agents that nobody here wrote, in apps as people write them, send to the hub: elastic-apm-node, OpenTelemetry for Node and for
.NET. Each plays the same shop of three services (agents/node, agents/dotnet), and what the hub's API then tells must be what happened.
Packages come from npm and NuGet and are kept below the build folder; without them, or without node or dotnet, these are skipped."""
import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest
import requests

from processes import BIN, PATIENCE, Process
from test_hub import Hub, wait_for

APPS = pathlib.Path(__file__).parent / "agents"
CACHE = BIN.parent / "agents"
# What npm and NuGet say when they cannot be reached, or do not have a package; anything else is a mistake in the app
UNAVAILABLE = r"E(NOTFOUND|AI_AGAIN|CONN\w+|TIMEDOUT|404|TARGET)|ENETUNREACH|NU1(101|102|103|301|801)|NETSDK1045"
FRONT_TO_BACK = ["front", "middle", "back"]


# --- the apps ---

def installed(app, program, command):
    """The folder in which `command` has been run beside the files of `app`; run once, whoever asks first."""
    if not shutil.which(program):
        pytest.skip(f"there is no {program} here")
    source = APPS / app
    key = hashlib.sha256(b"".join(f.name.encode() + f.read_bytes() for f in sorted(source.iterdir()) if f.suffix != ".js"))
    folder = CACHE / f"{app}-{key.hexdigest()[:16]}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{app}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            begun = folder.with_suffix(".begun")
            shutil.rmtree(begun, ignore_errors=True)
            shutil.copytree(source, begun)
            install(program, command, begun)
            begun.rename(folder)
    return folder


def install(program, command, folder):
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=300, env={**os.environ, "DOTNET_CLI_TELEMETRY_OPTOUT": "1", "DOTNET_NOLOGO": "1"})
    if done.returncode and (reason := re.search(f".*({UNAVAILABLE}).*", done.stdout)):
        pytest.skip(f"{program} could not get the packages: {reason[0].strip()[:300]}")
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def modules():
    if not shutil.which("node"):
        pytest.skip("there is no node here")
    return installed("node", "npm", ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts",
                                     "--prefer-offline", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=2000"]) / "node_modules"


@pytest.fixture(scope="module")
def published():
    return installed("dotnet", "dotnet", ["dotnet", "publish", "-c", "Release", "-o", "out", "--disable-build-servers"]) / "out"


# --- the agents ---

@dataclasses.dataclass(frozen=True)
class Agent:
    name: str  # as the hub tells it, without the version
    language: str
    order: str = "GET /orders/:id"
    customer: str = "GET /customers/:name"
    unknown: str = "GET"
    broken: str = "RangeError"
    captured: str = "TypeError"
    source: str = "shop.js"  # of the frame on top
    logs: bool = True
    protocol: str = ""

    def command(self, folder, request):
        """What starts a service, in its own folder."""
        for script in (APPS / "node").glob("*.js"):
            shutil.copy(script, folder)
        (folder / "node_modules").symlink_to(request.getfixturevalue("modules"))
        return ["node", "shop.js", "otel"]

    def settings(self, hub, service):
        endpoint = hub.grpc if self.protocol == "grpc" else hub.http
        return {"OTEL_SERVICE_NAME": service, "OTEL_EXPORTER_OTLP_PROTOCOL": self.protocol, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
                "OTEL_METRICS_EXPORTER": "otlp", "OTEL_LOG_LEVEL": "warn"}

    def check_output(self, lines, folder):
        assert not [line for line in lines if re.search("error|fail|reject|partial", line, re.I)]


class ElasticNode(Agent):
    def command(self, folder, request):
        return [*super().command(folder, request)[:-1], "elastic"]

    def settings(self, hub, service):
        return {"ELASTIC_APM_SERVER_URL": hub.url, "ELASTIC_APM_SERVICE_NAME": service, "ELASTIC_APM_LOG_LEVEL": "trace",
                "ELASTIC_APM_METRICS_INTERVAL": "1s", "ELASTIC_APM_API_REQUEST_TIME": "1s", "ELASTIC_APM_CLOUD_PROVIDER": "none"}

    def check_output(self, lines, folder):
        told = [json.loads(line) for line in lines if line.startswith("{")]
        assert not [t for t in told if t["log.level"] in ("warn", "error", "fatal")]
        assert {t["statusCode"] for t in told if t["message"] == 'intakeReq "response"'} == {202}
        assert [t["remoteConf"] for t in told if t["message"] == "central config received"] == [{}]
        assert [t["apmServerVersion"] for t in told if t["message"] == "fetched APM Server version"]


class Dotnet(Agent):
    def command(self, folder, request):
        (folder / "OTEL_DIAGNOSTICS.json").write_text('{"LogDirectory": ".", "FileSize": 1024, "LogLevel": "Error"}')
        return ["dotnet", request.getfixturevalue("published") / "shop.dll"]

    def check_output(self, lines, folder):
        super().check_output(lines, folder)
        log, = folder.glob("dotnet.*.log")
        greeting, *errors = log.read_text().rstrip("\0").splitlines()
        assert "successfully created" in greeting and not errors


ELASTIC = ElasticNode("nodejs", "javascript", unknown="GET unknown route", logs=False)
NODE = Agent("opentelemetry/nodejs", "nodejs")
DOTNET = Dotnet("opentelemetry/dotnet", "dotnet", order="GET /orders/{id}", customer="GET /customers/{name}",
                broken="System.InvalidOperationException", captured="System.ArgumentException", source="Program.cs")


def over(agent, protocol):
    return dataclasses.replace(agent, protocol=protocol)


# --- the shop ---

class AgentsHub(Hub):
    """A hub with all its ports."""

    def start(self, listen="127.0.0.1:0"):
        super().start(listen)
        said = "".join(self.process.stdout.readline() for _ in range(3))
        self.http, self.grpc = (f"http://127.0.0.1:{re.search(f'OTLP/{kind} on port ([0-9]+)', said)[1]}" for kind in ("HTTP", "gRPC"))
        return self

    def usage(self):
        return {u["service"]: u for u in self.get("/api/usage").json()["usage"]}

    def one(self, query):
        trace, = self.traces(query)
        return trace


@pytest.fixture
def hub(tmp_path):
    hub = AgentsHub(tmp_path, "--otlp-http", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0").start()
    yield hub
    if hub.process.poll() is None:
        code = hub.stop()
        assert (code, "Sanitizer" in hub.errors) == (0, False), hub.errors


class Service(Process):
    def __init__(self, command, folder, settings):
        inherited = {k: v for k, v in os.environ.items() if not re.match("OTEL_|ELASTIC_APM_|NODE_|ASPNETCORE_", k)}
        super().__init__(*command, cwd=folder, env={**inherited, **settings}, stderr=subprocess.STDOUT)
        self.said = []
        while not (port := re.fullmatch(r"listening on (\d+)", self.said[-1] if self.said else "")):
            self.said.append(self.line())
            assert self.said[-1] is not None, self.said
        self.url = f"http://127.0.0.1:{port[1]}"

    def stop(self):
        """Lets it send what it has. Returns what it said."""
        self.terminate()
        assert self.end() == 0
        return self.said + self.rest()


@pytest.fixture
def shop(hub, tmp_path, request):
    """play(agents, paths): a service for each agent, the first one calls the second and so on; the first is asked for the paths. Returns
    the statuses; all that the agents had to say has arrived then."""
    @contextlib.contextmanager
    def services(agents):
        with contextlib.ExitStack() as stack:
            running, url = [], None
            for agent, name in reversed(list(zip(agents, FRONT_TO_BACK))):
                folder = tmp_path / name
                folder.mkdir()
                settings = {**agent.settings(hub, name), **({"NEXT": url} if url else {})}
                service = stack.enter_context(Service(agent.command(folder, request), folder, settings))
                url = service.url
                running.append((agent, folder, service))
            yield running, url

    def play(agents, paths):
        with services(agents) as (running, url):
            statuses = [requests.get(url + path, timeout=PATIENCE).status_code for path in paths]
            wait_for(lambda: all(hub.usage().get(name, {}).get("samples") for agent, name in zip(agents, FRONT_TO_BACK)
                                 if agent == ELASTIC))  # its metrics come by time, not at its end
            for agent, folder, service in running:
                agent.check_output(service.stop(), folder)
        return statuses
    return play


# --- what the hub tells ---

def trace_of(hub, query):
    """The only trace of that query, with its events by their ids (logs have none)."""
    answer = hub.get("/api/traces/" + hub.one(query)["trace_id"]).json()
    return answer["trace"], {e["id"]: e for e in answer["events"] if e["kind"] != "log"}


def way_up(events, event):
    """The services from an event up to the root, which must be reached."""
    way = [event["service"]]
    while parent := event.get("parent_id"):
        event = events[parent]
        way.append(event["service"])
    assert event["kind"] == "transaction"
    return list(dict.fromkeys(way))


def check_one_trace_of_three_services(hub, agents):
    trace, events = trace_of(hub, f"?service=front&name={agents[0].order}")
    assert (trace["service"], trace["name"], trace["type"]) == ("front", agents[0].order, "request")
    assert (trace["result"], trace["outcome"], trace["transactions"], trace["errors"], trace["failed"]) == ("HTTP 2xx", "success", 3, 0, 0)
    weigh, = (e for e in events.values() if e["name"] == "weigh")
    assert way_up(events, weigh) == FRONT_TO_BACK[::-1]
    transactions = {e["service"]: e for e in events.values() if e["kind"] == "transaction"}
    assert {s: t["name"] for s, t in transactions.items()} == dict(zip(FRONT_TO_BACK, (a.order for a in agents)))
    for upper, lower in zip(FRONT_TO_BACK, FRONT_TO_BACK[1:]):
        call = events[transactions[lower]["parent_id"]]
        assert (call["service"], call["kind"], call["type"], call["subtype"]) == (upper, "span", "external", "http")
        assert (call["outcome"], call["event"]["context"]["http"]["status_code"]) == ("success", 200)
        assert 0 < call["duration_us"] <= transactions[upper]["duration_us"]
    assert trace["duration_us"] == transactions["front"]["duration_us"]


def check_services_and_map(hub, agents):
    services = {s["service"]: s for s in hub.get("/api/services").json()["services"]}
    assert {n: (s["agent"].rpartition("/")[0], s["language"]) for n, s in services.items()} == {
        n: (a.name, a.language) for n, a in zip(FRONT_TO_BACK, agents)}
    answer = hub.get("/api/map").json()
    names = {n["id"]: n["name"] for n in answer["nodes"] if n["kind"] == "service"}
    edges = {(names.get(e["from"]), names.get(e["to"])): e for e in answer["edges"]}
    assert set(edges) == {("front", "middle"), ("middle", "back")}
    usage = hub.usage()
    assert all(usage[name]["samples"] > 0 for name in FRONT_TO_BACK)
    assert hub.get("/api/status").json()["ingest"]["failed_batches"] == 0


def check_what_failed(hub, agent):
    trace, events = trace_of(hub, "?name=GET /broken")
    assert (trace["result"], trace["outcome"], trace["errors"]) == ("HTTP 5xx", "failure", 1)
    error, = (e for e in events.values() if e["kind"] == "error")
    assert (error["name"], error["message"]) == (agent.broken, "the order has no end")
    assert error["event"]["exception"]["stacktrace"][0]["filename"] == agent.source
    assert way_up(events, error) == ["front"]
    group, = (g for g in hub.get("/api/errors").json()["errors"] if g["type"] == agent.broken)
    assert (group["message"], group["count"], group["trace_id"]) == ("the order has no end", 1, trace["trace_id"])


def check_what_was_captured(hub, agent):
    trace, events = trace_of(hub, "?attr=customer=ann")
    root, = (e for e in events.values() if e["kind"] == "transaction")
    assert (root["name"], root["outcome"], trace["errors"]) == (agent.customer, "success", 1)
    error, = (e for e in events.values() if e["kind"] == "error")
    assert (error["name"], error["message"]) == (agent.captured, "the customer has no address")
    logs = hub.get(f"/api/logs?trace={trace['trace_id']}").json()["logs"]
    assert [(entry["message"], entry["service"], entry["trace_id"]) for entry in logs] == (
        [("customer without an address", "front", trace["trace_id"])] if agent.logs else [])


def check_the_rest(hub, agent):
    slow = hub.one("?name=GET /slow&min_duration=250ms")
    assert (slow["result"], slow["outcome"], slow["errors"]) == ("HTTP 2xx", "success", 0)
    unknown = hub.one("?status=404")
    assert (unknown["name"], unknown["result"], unknown["outcome"]) == (agent.unknown, "HTTP 4xx", "success")


@pytest.mark.parametrize("agent", [ELASTIC, over(NODE, "http/protobuf"), over(NODE, "http/json"), over(NODE, "grpc"),
                                   over(DOTNET, "http/protobuf"), over(DOTNET, "grpc")],
                         ids=["elastic-apm-node", "node-protobuf", "node-json", "node-grpc", "dotnet-protobuf", "dotnet-grpc"])
def test_a_shop_of_three_services(hub, shop, agent):
    assert shop([agent] * 3, ["/orders/7", "/broken", "/slow", "/customers/ann", "/nowhere"]) == [200, 500, 200, 200, 404]
    check_one_trace_of_three_services(hub, [agent] * 3)
    check_services_and_map(hub, [agent] * 3)
    check_what_failed(hub, agent)
    check_what_was_captured(hub, agent)
    check_the_rest(hub, agent)
    assert len(hub.traces()) == 5


def test_one_trace_through_three_agents(hub, shop):
    agents = [ELASTIC, over(NODE, "http/protobuf"), over(DOTNET, "grpc")]
    assert shop(agents, ["/orders/7"]) == [200]
    check_one_trace_of_three_services(hub, agents)
    check_services_and_map(hub, agents)
    assert len(hub.traces()) == 1
