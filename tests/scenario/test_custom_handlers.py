"""The tap in a custom handler's place: it starts the handler that host.json names, hands HTTP on to it, and tells what
was asked and answered."""
import concurrent.futures
import http.client
import json
import os
import signal
import socket
import time
import uuid

import psutil
import pytest

from handler_host import App, HandlerHost, http_in, http_out, queue_in, request
from intake import Intake, invalid
from observing import FUNCTION_ID, SITE, end_agents, until
from processes import PATIENCE, TAP, Process, run

pytestmark = pytest.mark.threads

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
HTTP = [http_in(), http_out()]


class Place:
    """An app, an intake, and hosts with the tap between."""

    def __init__(self, folder, intake):
        self.folder, self.intake, self.hosts = folder, intake, []
        self.settings = {**SITE, "ELASTIC_APM_SERVER_URL": intake.url, "AZIMUTH_RUN_DIR": str(folder / "run"),
                         "ELASTIC_APM_LOG_SENDING": "true"}

    def app(self, functions, script=None, **more):
        return App(self.folder / "app", functions, script, **more)

    def host(self, app, settings=None, command=(TAP,), **more):
        self.hosts.append(HandlerHost(app, {**self.settings, **(settings or {})}, list(command), **more))
        return self.hosts[-1]

    def start(self, functions, script=None, settings=None, **more):
        return self.host(self.app(functions, script, **more), settings)

    def close(self):
        for host in self.hosts:
            host.__exit__()
        end_agents(self.folder / "run")


@pytest.fixture
def place(tmp_path):
    with Intake() as intake:
        place = Place(tmp_path, intake)
        yield place
        place.close()
        assert not invalid(intake)


def by_function(events):
    return {e["faas"]["name"].partition("/")[2]: e for e in events}


# --- which handler, and its start ---

HANDLER = '#!/bin/sh\necho "$0" "$@" "$FUNCTIONS_CUSTOMHANDLER_PORT" "$FUNCTIONS_HTTPWORKER_PORT"\nexit 7\n'


def play(app, settings, section="customHandler", named="handler", arguments=("a", "b c")):
    app.mkdir(exist_ok=True)
    (app / "bin").mkdir(exist_ok=True)
    for name in ("handler", "bin/other"):
        (app / name).write_text(HANDLER)
        (app / name).chmod(0o755)
    (app / "host.json").write_text(json.dumps({section: {"description": {"defaultExecutablePath": named}}}))
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = str(unused.getsockname()[1])
    env = {"PATH": os.environ["PATH"], "FUNCTIONS_CUSTOMHANDLER_PORT": port, "FUNCTIONS_HTTPWORKER_PORT": port,
           "FUNCTIONS_APP_ROOT_PATH": str(app), **settings}
    done = run(TAP, *(a.replace("PORT", port) for a in arguments), cwd="/", env=env)
    return done, port


@pytest.mark.parametrize("section, named, setting, program", [
    ("customHandler", "handler", None, "handler"),
    ("customHandler", "./bin/other", None, "./bin/other"),
    ("httpWorker", "handler", None, "handler"),
    ("customHandler", "%PLACE%/other", None, "bin/other"),
    ("customHandler", "handler", "bin/other", "bin/other"),  # what stood in the setting before goes first
])
def test_the_handler_of_host_json_is_started(tmp_path, section, named, setting, program):
    settings = {"PLACE": "bin", **({"AZIMUTH_WORKER_EXECUTABLE": setting} if setting else {})}
    done, port = play(tmp_path / "app", settings, section, named)
    path, a, b, c, own, older = done.stdout.split()
    assert (done.returncode, path, a, b, c) == (7, f"{tmp_path}/app/{program}", "a", "b", "c"), done.stderr
    assert own == older and own.isdigit() and own != port


def test_arguments_name_the_same_port_as_the_environment(tmp_path):
    done, port = play(tmp_path / "app", {}, arguments=("--urls", "http://127.0.0.1:PORT/", "1PORT"))
    _, _, url, longer, own, _ = done.stdout.split()
    assert (url, longer) == (f"http://127.0.0.1:{own}/", f"1{port}")


def test_a_port_that_is_taken_leaves_the_handler_alone(tmp_path):
    app = tmp_path / "app"
    app.mkdir()
    (app / "handler").write_text(HANDLER)
    (app / "handler").chmod(0o755)
    (app / "host.json").write_text('{"customHandler":{"description":{"defaultExecutablePath":"handler"}}}')
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run(TAP, cwd="/", env={"PATH": os.environ["PATH"], "FUNCTIONS_CUSTOMHANDLER_PORT": port,
                                      "FUNCTIONS_APP_ROOT_PATH": str(app)})
    assert (done.returncode, done.stdout.split()[1]) == (7, port)


def test_a_handler_that_is_nowhere_is_said(tmp_path):
    done, _ = play(tmp_path / "app", {}, named="no-such-handler")
    assert done.returncode == 127
    assert "no-such-handler" in done.stderr


def test_a_host_json_without_one_is_said(tmp_path):
    done, _ = play(tmp_path / "app", {}, section="extensions")
    assert done.returncode == 127
    assert f"{tmp_path}/app/host.json: no customHandler.description.defaultExecutablePath" in done.stderr


# --- readiness ---

def test_nobody_is_there_before_the_handler_is(place):
    app = place.app({"hello": HTTP})
    host = place.host(app, {"HANDLER_SLEEP": "1"}, ready=False)
    began, refused = time.monotonic(), 0
    while True:
        try:
            socket.create_connection(("127.0.0.1", host.port), timeout=PATIENCE).close()
            break
        except ConnectionRefusedError:
            refused += 1
            time.sleep(0.01)
        assert time.monotonic() - began < PATIENCE
    assert refused > 2 and time.monotonic() - began >= 1


def test_the_handler_sees_the_hosts_asking_and_nothing_else(place):
    app = place.app({"hello": HTTP})
    host = place.host(app)
    host.call("hello", {"req": request("GET", "http://a/api/hello")})
    place.intake.wait(1)  # the asking is no transaction
    assert host.asked == [404]
    got = app.got()
    assert len(got) == 2
    assert got[0].startswith(b"GET / HTTP/1.1\r\n") and got[1].startswith(b"POST /hello HTTP/1.1\r\n")


def test_the_port_can_come_by_argument(place):
    host = place.host(place.app({"hello": HTTP}), arguments=["%FUNCTIONS_CUSTOMHANDLER_PORT%"])
    assert host.call("hello", {"req": request("GET", "http://a/")})[0] == 200


# --- nothing is changed ---

def conversation(host):
    """All that a host may say, with ids that are always the same."""
    ids = (str(uuid.UUID(int=n)) for n in range(100))
    got = [host.call("hello", {"req": request("GET", "http://a/api/hello", {"a": "b"})}, invocation_id=next(ids)),
           host.call("orders", {"item": {"a": "é\0\n"}}, {"Id": "x", "sys": {"a": 1}}, invocation_id=next(ids)),
           host.call("none", {"a": "x" * 300000}, invocation_id=next(ids)),
           host.forward("PUT", "/api/files/7?x=%20", os.fsencode("\udc80") * 100000, invocation_id=next(ids)),
           host.forward("HEAD", "/api/files/7", invocation_id=next(ids)),
           host.forward("POST", "/api/files/7", iter([b"abc", b"d" * 100000]), invocation_id=next(ids)),
           host.call("chunked", {"a": 1}, invocation_id=next(ids)),
           host.call("moved", {"a": 1}, invocation_id=next(ids)),
           host.exchange("GET", "/"), host.exchange("POST", "/orders", b"not from a host")]
    return [(status, {k: v for k, v in headers.items() if k != "Date"}, body) for status, headers, body in got]


SCRIPT = {"/hello": {"json": {"Outputs": {"res": {"statusCode": 201}}, "Logs": ["a"], "ReturnValue": None}},
          "/api/files/7": {"status": 202, "echo": True, "type": "application/octet-stream"},
          "/chunked": {"chunked": True, "json": {"Outputs": {}, "Logs": ["b" * 5000]}},
          "/moved": {"status": 307, "headers": {"Location": "/hello"}}}


@pytest.mark.parametrize("mode", ["adopt", "rewrite", "off"])
def test_host_and_handler_see_the_bytes_they_would_see_without_it(tmp_path, mode):
    functions = {"hello": HTTP, "orders": [queue_in()], "files": [http_in(route="files/{id}"), http_out()]}
    seen = []
    for command in (None, [TAP]):
        folder = tmp_path / ("tap" if command else "plain")
        folder.mkdir()
        with Intake() as intake:
            place = Place(folder, intake)
            app = place.app(functions, SCRIPT, handler={"enableForwardingHttpRequest": True})
            host = place.host(app, {"AZIMUTH_TRACE_CONTEXT": mode}, command or [app.folder / "handler"])
            answers = conversation(host)
            if command:
                intake.wait(8)
            port = str(host.port).encode()
            place.close()
        seen.append((answers, [c.replace(port, b"PORT") for c in app.got()]))
    assert seen[0][0] == seen[1][0]
    assert seen[0][1] == seen[1][1]


# --- what is told ---

def test_http_triggers_of_default_calls(place):
    host = place.start({"hello": [http_in(route="greet/{name}"), http_out()], "plain": HTTP,
                        "returns": [http_in(), http_out("$return")]},
                       {"/hello": {"json": {"Outputs": {"res": {"statusCode": "418", "body": "no"}}}},
                        "/returns": {"json": {"ReturnValue": {"status": 503}}}})
    url = "https://shop.example/api/greet/ann?code=secret&a=1"
    headers = {"traceparent": PARENT, "Authorization": "Bearer x", "X-A": "b"}
    invocation = str(uuid.uuid4())
    host.call("hello", {"req": request("GET", url, headers)}, {"name": "ann"}, invocation_id=invocation)
    host.call("plain", {"req": request("POST", "http://shop.example/api/plain")})
    host.call("returns", {"req": request("GET", "http://shop.example/api/returns")})
    events = by_function(place.intake.wait(3))
    e = events["hello"]
    assert (e["name"], e["type"], e["result"], e["outcome"]) == ("GET /api/greet/{name}", "request", "HTTP 4xx", "success")
    assert (e["trace_id"], e["parent_id"]) == (PARENT[3:35], PARENT[36:52])
    assert e["faas"] == {"name": "Shop/hello", "id": FUNCTION_ID + "hello", "execution": invocation, "coldstart": True,
                         "trigger": {"type": "http"}}
    assert e["context"]["request"]["method"] == "GET"
    assert e["context"]["request"]["url"]["full"] == "https://shop.example/api/greet/ann?code=[REDACTED]&a=1"
    assert e["context"]["request"]["headers"] == {"traceparent": PARENT, "Authorization": "[REDACTED]", "X-A": "b"}
    assert e["context"]["response"]["status_code"] == 418
    assert (events["plain"]["name"], events["plain"]["result"]) == ("POST /api/plain", "HTTP 2xx")
    assert (events["returns"]["result"], events["returns"]["outcome"]) == ("HTTP 5xx", "failure")
    assert [events[n]["faas"]["coldstart"] for n in ("plain", "returns")] == [False, False]
    assert events["hello"]["metadata"]["service"]["runtime"]["name"] == "custom"


def test_messages_and_timers(place):
    bus = {"type": "serviceBusTrigger", "direction": "in", "name": "m", "topicName": "%TOPIC%", "subscriptionName": "s1"}
    timer = {"type": "timerTrigger", "direction": "in", "name": "t", "schedule": "0 * * * * *"}
    host = place.start({"orders": [queue_in()], "bus": [bus], "batch": [{**bus, "cardinality": "many"}], "clock": [timer],
                        "odd": [{"type": "someTrigger", "direction": "in", "name": "x"}]}, settings={"TOPIC": "sales"})
    host.call("orders", {"item": "hello"}, {"DequeueCount": 3, "Id": "abc"}, retry=(2, 5))
    host.call("bus", {"m": "x"}, {"MessageId": "m1", "DeliveryCount": 2, "ApplicationProperties": {"traceparent": PARENT}})
    host.call("batch", {"m": ["x", "y"]}, {"MessageIdArray": ["m1", "m2"],
                                           "ApplicationPropertiesArray": [{"Diagnostic-Id": PARENT}, {}]})
    host.call("clock", {"t": {"Schedule": {}, "ScheduleStatus": None, "IsPastDue": True}})
    host.call("odd", {"x": [1, 2]}, {"y": None})
    e = by_function(place.intake.wait(5))
    assert {n: (v["name"], v["type"], v["faas"]["trigger"]["type"], v["outcome"]) for n, v in e.items()} == {
        "orders": ("AzureQueue RECEIVE from orders", "messaging", "pubsub", "success"),
        "bus": ("AzureServiceBus RECEIVE from sales/Subscriptions/s1", "messaging", "pubsub", "success"),
        "batch": ("AzureServiceBus RECEIVE from sales/Subscriptions/s1", "messaging", "pubsub", "success"),
        "clock": ("clock", "scheduled", "timer", "success"), "odd": ("odd", "request", "other", "success")}
    assert e["orders"]["context"]["tags"] == {"dequeue_count": "3", "retry_count": "2", "max_retry_count": "5"}
    assert e["orders"]["faas"]["trigger"]["request_id"] == "abc"
    assert (e["bus"]["trace_id"], e["bus"]["parent_id"]) == (PARENT[3:35], PARENT[36:52])
    assert e["batch"]["links"] == [{"trace_id": PARENT[3:35], "span_id": PARENT[36:52]}]
    assert e["clock"]["context"]["tags"]["past_due"] == "true"


def test_forwarded_requests_are_told_by_their_routes(place):
    host = place.start({"files": [http_in(route="files/{id:int}", methods=["get"]), http_out()],
                        "names": [http_in(route="files/{name}"), http_out()],
                        "writes": [http_in(route="files/{id:int}", methods=["put"]), http_out()],
                        "rest": [http_in(route="{*rest}"), http_out()], "orders": [queue_in()],
                        "both": [http_in(), http_out(), {"type": "queue", "direction": "out", "name": "q"}]},
                       {"/v1/files/7": {"text": "x" * 10, "headers": {"X-B": "c"}}, "/v1/files/ann": {"status": 404},
                        "/v1/other/path": {"status": 500, "text": "boom"}},
                       handler={"enableForwardingHttpRequest": True}, extensions={"http": {"routePrefix": "v1"}})
    headers = {"Host": "shop.example", "X-Forwarded-Proto": "https", "X-A": "b"}
    host.forward("GET", "/v1/files/7?code=secret", headers=headers)
    host.forward("PUT", "/v1/files/7", b"12345", headers=headers)
    host.forward("GET", "/v1/files/ann", headers=headers)
    host.forward("GET", "/v1/other/path", headers=headers)
    host.call("orders", {"item": "x"})
    host.call("both", {"req": request("GET", "http://shop.example/v1/both")})
    e = by_function(place.intake.wait(6))
    assert {n: (v["name"], v["result"], v["outcome"]) for n, v in e.items()} == {
        "files": ("GET /v1/files/{id:int}", "HTTP 2xx", "success"),
        "writes": ("PUT /v1/files/{id:int}", "HTTP 2xx", "success"),
        "names": ("GET /v1/files/{name}", "HTTP 4xx", "success"),
        "rest": ("GET /v1/{*rest}", "HTTP 5xx", "failure"),
        "orders": ("AzureQueue RECEIVE from orders", "success", "success"), "both": ("GET /v1/both", "HTTP 2xx", "success")}
    context = e["files"]["context"]
    assert context["request"]["url"]["full"] == "https://shop.example/v1/files/7?code=[REDACTED]"
    assert context["request"]["headers"]["X-A"] == "b" and context["response"]["headers"]["X-B"] == "c"
    assert context["response"]["encoded_body_size"] == 10
    assert not place.intake.events("error")  # an answer is an answer


def test_what_is_forwarded_to_nobody_is_told_by_its_path(place):
    host = place.start({}, handler={"enableForwardingHttpRequest": True})
    host.forward("GET", "/api/some/path")
    event, = place.intake.wait(1)
    assert (event["faas"]["name"], event["outcome"]) == ("Shop//api/some/path", "success")


def test_the_root_is_nobodys_name(place):
    host = place.start({"orders": [queue_in()]})
    host.exchange("GET", "/", headers=host.headers())
    host.exchange("POST", "/", b"{}", headers=host.headers())
    host.call("orders", {"item": "x"})
    event, = place.intake.wait(1)
    assert event["faas"]["name"] == "Shop/orders" and event["faas"]["coldstart"] is True


def test_the_older_section_forwards_by_name(place):
    host = place.start({"hello": [http_in(route="greet"), http_out()], "orders": [queue_in()]},
                       {"/hello": {"status": 400, "text": "no"}}, section="httpWorker")
    host.forward("PUT", "/hello?a=1", b"body", headers={"Host": "shop.example"})
    host.call("orders", {"item": "x"})
    e = by_function(place.intake.wait(2))
    assert (e["hello"]["name"], e["hello"]["result"]) == ("PUT /api/greet", "HTTP 4xx")
    assert e["orders"]["outcome"] == "success"


def test_logs_have_the_trace_of_their_invocation(place):
    host = place.start({"orders": [queue_in()]}, {"/orders": {"json": {"Logs": ["one", "two é", "x" * 9000]}}})
    host.call("orders", {"item": "x"})
    event, = place.intake.wait(1)
    logs = place.intake.wait(3, "log")
    assert [log["message"] for log in logs][:2] == ["one", "two é"]
    assert logs[2]["message"].startswith("xxx")
    for log in logs:
        assert (log["trace.id"], log["transaction.id"]) == (event["trace_id"], event["id"])
        assert (log["log.logger"], log["log.level"]) == ("Function.orders.User", "info")


# --- failures ---

DROPPED = "The custom handler ended the connection before it had answered, and lives on"
REQUEST, OPERATION = "System.Net.Http.HttpRequestException", "System.InvalidOperationException"


@pytest.mark.parametrize("entry, type_, message", [
    ({"status": 500, "reason": "Oops", "text": "no"}, REQUEST, "the custom handler answered 500 Oops"),
    ({"status": 404}, REQUEST, "the custom handler answered 404 OK"),
    ({"text": "done", "type": "text/plain; charset=utf-8"}, OPERATION,
     "the custom handler's answer has the Content-Type text/plain; charset=utf-8: the host reads application/json"),
    ({"text": "{}"}, OPERATION, "the custom handler's answer has no Content-Type: the host reads application/json"),
    ({"text": "[1]", "type": "application/json"}, OPERATION, "the custom handler's answer is no JSON object"),
    ({"text": "", "type": "application/json"}, OPERATION, "the custom handler's answer is no JSON object"),
    ({"json": {"Outputs": {}}, "drop": 40}, "WorkerStreamException", DROPPED),
    ({"json": {}, "drop": 0}, "WorkerStreamException", DROPPED),
])
def test_answers_that_fail_an_invocation(place, entry, type_, message):
    host = place.start({"hello": HTTP, "orders": [queue_in()]}, {"/hello": entry, "/orders": entry})
    for name, data in (("hello", {"req": request("GET", "http://a/api/hello")}), ("orders", {"item": "x"})):
        try:
            host.call(name, data)
        except (OSError, http.client.HTTPException):
            assert "drop" in entry
    events = by_function(place.intake.wait(2))
    # where nothing was answered, what the caller gets is not known
    assert (events["hello"]["result"], events["hello"]["outcome"]) == ("failure" if "drop" in entry else "HTTP 5xx", "failure")
    assert (events["orders"]["result"], events["orders"]["outcome"]) == ("failure", "failure")
    for error in place.intake.wait(2, "error"):
        assert (error["exception"]["type"], error["exception"]["message"]) == (type_, message)
        assert error["transaction_id"] in {e["id"] for e in events.values()}
    assert events["hello"]["duration"] < 1900  # of 2000 that are waited: the end of the connection, not of the waiting for the handler's


@pytest.mark.parametrize("entry, type_, says", [
    ({"exit": 3, "stderr": "panic: password=hunter2 gone"}, "exited with code 3", "panic: password=[REDACTED] gone"),
    ({"signal": "SIGSEGV", "stderr": "about to"}, "SIGSEGV", "about to"),
])
def test_a_handler_that_dies(place, entry, type_, says):
    host = place.start({"orders": [queue_in()]}, {"/orders": entry})
    with pytest.raises((OSError, http.client.HTTPException)):
        host.call("orders", {"item": "x"})
    assert host.process.end() == (3 if "exit" in entry else 128 + signal.SIGSEGV)
    event, = place.intake.wait(1)
    error, = place.intake.wait(1, "error")
    assert (event["outcome"], error["transaction_id"]) == ("failure", event["id"])
    told = json.dumps(error)
    assert type_ in told and says in told and "hunter2" not in told


def test_a_host_that_does_not_wait(place):
    host = place.start({"slow": [queue_in()]}, {"/slow": {"ms": 10000}})
    connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=0.2)
    with pytest.raises(TimeoutError):
        connection.request("POST", "/slow", body=b'{"Data":{},"Metadata":{}}', headers=host.headers())
        connection.getresponse()
    connection.close()
    event, = place.intake.wait(1)
    assert (event["outcome"], event["result"], event["context"]["tags"]["ending"]) == ("unknown", "cancelled", "cancelled")
    assert 150 < event["duration"] < 9000  # until the host's end, not the handler's answer
    assert not place.intake.events("error")


def test_a_host_whose_timeout_has_passed(place):
    host = place.start({"slow": [queue_in()]}, {"/slow": {"ms": 3000}}, functionTimeout="00:00:01")
    connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=1.2)
    with pytest.raises(TimeoutError):
        connection.request("POST", "/slow", body=b'{"Data":{},"Metadata":{}}', headers=host.headers())
        connection.getresponse()
    connection.close()
    event, = place.intake.wait(1)
    error, = place.intake.wait(1, "error")
    assert (event["outcome"], event["result"]) == ("failure", "timeout")
    assert error["exception"]["type"] == "FunctionTimeoutException"


@pytest.mark.parametrize("sent", [b"\x16\x03\x01 no HTTP\r\n\r\n", b"GET /hello HTTP/1.1\r\nA : b\r\n\r\n",
                                  b"POST /hello HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx"])
def test_bytes_that_make_no_sense_are_handed_on(place, sent):
    host = place.start({"orders": [queue_in()]})
    with socket.create_connection(("127.0.0.1", host.port), timeout=PATIENCE) as odd:
        odd.sendall(sent)
        odd.shutdown(socket.SHUT_WR)
        assert odd.recv(100)
    assert host.call("orders", {"item": "x"})[0] == 200
    place.intake.wait(1)
    assert any(got and sent.startswith(got) for got in host.app.got()), "as much as the handler has read of it"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"Data":7,"Metadata":[]}', b'{"Data":{"req":{"Url":7,"Headers":[]}}}',
                                  b"\xff\xfe" * 1000, b'{"Data":' + b"[" * 5000])
def test_calls_that_are_not_as_they_should_be(place, body):
    host = place.start({"hello": HTTP})
    host.exchange("POST", "/hello", body, {**host.headers(), "Content-Type": "application/json"})
    event, = place.intake.wait(1)
    assert (event["faas"]["name"], event["outcome"]) == ("Shop/hello", "success")
    assert body in host.app.got()[1]


# --- many, and large ---

def test_many_calls_at_once(place):
    functions = {f"f{n}": [queue_in(queue=f"q{n}")] for n in range(300)}
    host = place.start(functions, settings={"ELASTIC_APM_API_BUFFER_SIZE": "4mb"})

    def work(n):
        invocation = str(uuid.uuid4())
        assert host.call(f"f{n % 300}", {"item": "x" * (n % 50)}, invocation_id=invocation)[0] == 200
        return invocation, f"AzureQueue RECEIVE from q{n % 300}"
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        made = dict(pool.map(work, range(900)))
    events = place.intake.wait(900)
    assert {e["faas"]["execution"]: e["name"] for e in events} == made
    assert sum(e["faas"]["coldstart"] for e in events) == 1


def test_the_same_id_again_and_at_once(place):
    """A redirect is followed by the host with the id it has: what was answered first may still wait for its function."""
    functions = {f"f{n}": [queue_in(queue=f"q{n}")] for n in range(300)}
    host = place.start(functions, settings={"ELASTIC_APM_API_BUFFER_SIZE": "4mb"})
    ids = [str(uuid.uuid4()) for _ in range(40)]

    def work(n):
        return host.call(f"f{n % 300}", {"item": "x"}, invocation_id=ids[n % len(ids)])[0]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert set(pool.map(work, range(400))) == {200}
    last = str(uuid.uuid4())
    assert host.call("f7", {"item": "x"}, invocation_id=last)[0] == 200
    until(lambda: {e["faas"]["execution"] for e in place.intake.events()} >= {last, *ids})


def test_large_bodies_cost_no_memory(place):
    host = place.start({"hello": HTTP, "orders": [queue_in()]}, {"/orders": {"echo": True, "type": "application/json"}})
    tap = psutil.Process(host.process.pid)
    host.call("orders", {"item": "x"})
    before = tap.memory_info().rss
    status, _, answer = host.call("orders", {"item": "x" * 30_000_000}, {"Id": "behind"})
    assert status == 200 and len(answer) > 30_000_000
    assert tap.memory_info().rss - before < 4_000_000
    event = place.intake.wait(2)[1]
    assert event["faas"]["trigger"]["request_id"] == "behind"


# --- trace context ---

def test_rewrite_makes_the_handlers_spans_children(place):
    host = place.start({"orders": [queue_in()], "files": [http_in(), http_out()]},
                       settings={"AZIMUTH_TRACE_CONTEXT": "rewrite"}, handler={"enableForwardingHttpRequest": True})
    host.call("orders", {"item": "x"}, headers={"traceparent": PARENT})
    host.forward("GET", "/api/files", headers={"traceparent": PARENT})
    e = by_function(place.intake.wait(2))
    got = host.app.got()[1].decode()
    assert f"traceparent: 00-{e['orders']['trace_id']}-{e['orders']['id']}-01\r\n" in got
    assert f"traceparent: 00-{e['files']['trace_id']}-{e['files']['id']}-01\r\n" in got
    assert e["files"]["trace_id"] == PARENT[3:35] and e["files"]["parent_id"] == PARENT[36:52]


# --- switched off ---

@pytest.mark.parametrize("off", [{"ELASTIC_APM_ENABLED": "false"}, {"ELASTIC_APM_SERVER_URL": ""},
                                 {"AZIMUTH_RUN_DIR": "/proc/none"}])
def test_the_handler_runs_as_ever(place, off):
    host = place.start({"hello": HTTP}, settings=off)
    assert host.call("hello", {"req": request("GET", "http://a/")})[0] == 200
    host.close()
    assert host.process.returncode == -signal.SIGTERM or host.process.returncode == 128 + signal.SIGTERM


def test_a_handler_that_never_listens_is_ended_with_the_host(place):
    app = place.app({})
    (app.folder / "handler").write_text("#!/bin/sh\nexec sleep 600\n")
    host = place.host(app, ready=False)
    child = until(lambda: psutil.Process(host.process.pid).children())[0]
    host.process.terminate()
    host.process.end()
    child.wait(PATIENCE)
