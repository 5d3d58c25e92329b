"""What the hub answers: services, functions, search, errors, logs, map, instances, usage. docs/API.md is the contract."""
import json
import time

import pytest

import clickhouse
from test_hub import Hub, lines, wait_for  # noqa: F401

NOW = int(time.time() * 1e6)
TRACES = 20


def metadata(service, node, **more):
    return {"metadata": {"service": {"name": service, "environment": "test", "agent": {"name": "nodejs", "version": "4.18.0"},
                                     "language": {"name": "javascript"}, "runtime": {"name": "node", "version": "20.1"},
                                     "node": {"configured_name": node}}, "process": {"pid": 77},
                         "system": {"configured_hostname": "h1"}, **more}}


def trace_id(n):
    return f"{n:032x}"


def transaction(n, number, **more):
    return {"transaction": {"trace_id": trace_id(n), "id": f"{number:016x}", "type": "request", "duration": 30.5,
                            "timestamp": NOW - 60_000_000 + n, "span_count": {"started": 1}, "outcome": "success",
                            "result": "HTTP 2xx", **more}}


def span(n, number, parent, transaction, **more):
    return {"span": {"trace_id": trace_id(n), "id": f"{number:016x}", "parent_id": f"{parent:016x}",
                     "transaction_id": f"{transaction:016x}", "duration": 20, "timestamp": NOW - 59_999_000 + n,
                     "outcome": "success", **more}}


def shop(n):
    return [metadata("shop", "n1"),
            transaction(n, n * 10 + 1, name="GET /shop",
                        context={"request": {"method": "GET", "url": {"full": "http://shop/x?a=1", "pathname": "/basket"}},
                                 "response": {"status_code": 200}, "tags": {"tenant": "blue", "n": n}}),
            span(n, n * 10 + 2, n * 10 + 1, n * 10 + 1, type="external", subtype="http", name="GET orders",
                 context={"destination": {"service": {"resource": "orders:443"}}, "http": {"status_code": 200}})]


def orders(n):
    failed, mine = n % 5 == 0, n * 10 + 3
    events = [metadata("orders", f"i{n % 2}"),
              transaction(n, mine, parent_id=f"{n * 10 + 2:016x}", name="GET /orders/{id}", duration=15 + n,
                          outcome="failure" if failed else "success", result="HTTP 5xx" if failed else "HTTP 2xx",
                          context={"response": {"status_code": 500 if failed else 200}},
                          faas={"name": "app/orders", "execution": f"e-{n}", "coldstart": n == 1, "trigger": {"type": "http"}}),
              span(n, n * 10 + 4, mine, mine, type="db", subtype="postgresql", name="SELECT FROM orders",
                   context={"service": {"target": {"type": "postgresql", "name": "shopdb"}},
                            "db": {"statement": f"SELECT * FROM orders WHERE id={n}"}}),
              {"log": {"@timestamp": NOW - 59_980_000, "message": f"loading order {n}", "log.level": "info",
                       "trace.id": trace_id(n), "transaction.id": f"{mine:016x}"}}]
    if failed:
        events.append({"error": {"id": trace_id(n * 10), "trace_id": trace_id(n), "parent_id": f"{mine:016x}",
                                 "transaction_id": f"{mine:016x}", "timestamp": NOW - 59_990_000, "culprit": "orders.load",
                                 "transaction": {"name": "GET /orders/{id}", "type": "request"},
                                 "exception": {"type": "TimeoutError", "message": f"order {n} timed out",
                                               "stacktrace": [{"function": "load", "filename": "orders.js", "lineno": 7}]}}})
    return events


@pytest.fixture(scope="module", params=["sqlite", "clickhouse"])
def hub(request, tmp_path_factory):
    """On both kinds of store all of these must answer the same."""
    folder, options = tmp_path_factory.mktemp("hub"), ()
    if request.param == "clickhouse":
        if not clickhouse.SERVER:
            pytest.skip(clickhouse.MISSING)
        options = ("--store", clickhouse.shared().address(folder))
    hub = Hub(folder, *options).start()
    hub.kind = request.param
    for n in range(1, TRACES + 1):
        for events in (shop(n), orders(n)):
            assert hub.send(lines(*events)).status_code == 202
    answer = hub.send(lines(metadata("orders", "i1"),
                            {"metricset": {"timestamp": NOW, "samples": {"system.process.memory.rss.bytes": {"value": 5e7},
                                                                         "h": {"values": [1, 2], "counts": [3, 4]}}}}))
    assert answer.status_code == 202
    yield hub
    code = hub.stop()
    assert (code, "Sanitizer" in hub.errors) == (0, False), hub.errors


def ask(hub, path):
    answer = hub.get("/api/" + path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def one(items, **wanted):
    found = [item for item in items if all(item.get(key) == value for key, value in wanted.items())]
    assert len(found) == 1, (wanted, items)
    return found[0]


def near(value, wanted):
    return abs(value - wanted) <= wanted * 0.0625


def test_services(hub):
    answer = ask(hub, "services")
    service = one(answer["services"], service="orders")
    assert (service["requests"], service["failed_ratio"], service["errors"], service["instances"]) == (TRACES, 0.2, 4, 2)
    assert (service["environment"], service["agent"], service["runtime"]) == ("test", "nodejs/4.18.0", "node 20.1")
    assert near(service["p50_us"], 25_000) and near(service["p99_us"], 35_000) and service["avg_us"] == 25_500
    assert sum(point["count"] for point in service["series"]) == TRACES
    assert ask(hub, "services?environment=other")["services"] == []
    quiet = one(ask(hub, "services?since=3d&until=2d")["services"], service="shop")
    assert (quiet["requests"], quiet["failed_ratio"], quiet["series"]) == (0, None, [])


def test_functions_and_their_cold_starts(hub):
    function = one(ask(hub, "operations?functions=true")["operations"], function="app/orders")
    assert (function["name"], function["trigger"], function["requests"]) == ("GET /orders/{id}", "http", TRACES)
    assert (function["cold"]["count"], function["cold"]["ratio"], function["cold"]["avg_us"]) == (1, 1 / TRACES, 16_000)
    assert function["warm"]["avg_us"] == 26_000
    assert function["last_error"]["message"] == "order 20 timed out"
    everything = ask(hub, "operations")["operations"]
    assert [(o["name"], o["impact"]) for o in everything] == [("GET /shop", 1), ("GET /orders/{id}", 0.836)]


@pytest.mark.parametrize("since", ["1h", "2d", "360d"])
def test_a_curve_has_everything_at_every_distance(hub, since):
    answer = ask(hub, f"series?since={since}&service=orders")
    assert sum(point["count"] for point in answer["points"]) == TRACES
    assert sum(point["failed"] for point in answer["points"]) == 4
    assert sum(point["cold"] for point in answer["points"]) == 1
    assert sum(bucket["count"] for bucket in answer["histogram"]) == TRACES
    assert all(bucket["from_us"] < bucket["to_us"] for bucket in answer["histogram"])


FAILED = {5, 10, 15, 20}
ALL = set(range(1, TRACES + 1))


@pytest.mark.parametrize("query, found", [
    ("", ALL), ("service=orders", ALL), ("service=nobody", set()), ("service=orders&outcome=failure", FAILED),
    ("outcome=failure", FAILED), ("service=shop&outcome=failure", set()), ("status=500", FAILED), ("status=5xx", FAILED),
    ("status=404", set()), ("coldstart=true", {1}), ("function=app/orders", ALL), ("trigger=http", ALL),
    ("trigger=timer", set()), ("attr=tenant=blue", ALL), ("attr=tenant=red", set()), ("attr=n=7&attr=tenant=blue", {7}),
    ("q=timed+out", FAILED), ("q=order+15", {15}), ("q=TIMEDO*", set()), ("q=loadi*", ALL), ("q=basket", ALL),
    ("q=postgresql+13", {13}), ("q=e-9+9", {9}), ("name=SELECT+FROM+orders", ALL), ("type=db", ALL), ("type=queue", set()),
    ("service=orders&min_duration=30ms&type=request", set(range(15, 21))),
    ("min_duration=30ms&max_duration=31ms", ALL), ("min_duration=31ms", set()), ("q=order&since=1h", ALL),
    ("q=order&since=3d&until=2d", set()), ("since=3d&until=2d", set()), ("environment=test&status=5xx", FAILED),
])
@pytest.mark.parametrize("order", ["newest", "slowest", "fastest"])
def test_search(hub, query, found, order):
    answer = ask(hub, f"traces?limit=1000&order={order}&{query}")
    assert {int(trace["trace_id"], 16) for trace in answer["traces"]} == found
    assert len(answer["traces"]) == len(found)
    assert not answer["partial"]


@pytest.mark.parametrize("query", ["", "q=order", "service=shop", "status=200", "min_duration=1ms", "attr=tenant=blue"])
@pytest.mark.parametrize("order", ["newest", "slowest", "fastest"])
def test_pages_hold_each_trace_once(hub, query, order):
    seen, cursor = [], ""
    for _ in range(TRACES):
        answer = ask(hub, f"traces?limit=3&order={order}&{query}{cursor}")
        seen += [int(trace["trace_id"], 16) for trace in answer["traces"]]
        if not answer["next"]:
            break
        cursor = "&cursor=" + answer["next"]
    assert sorted(seen) == sorted(ALL)
    if order == "newest":
        assert seen == sorted(ALL, reverse=True)


def test_a_row_tells_which_service_failed(hub):
    row = ask(hub, "traces?status=500&limit=1")["traces"][0]
    assert {s["service"]: s["failed"] for s in row["services"]} == {"orders": 1, "shop": 0}
    assert (row["service"], row["name"], row["errors"], row["logs"], row["failed"]) == ("shop", "GET /shop", 1, 1, 1)


def test_one_trace_holds_what_was_sent(hub):
    answer = ask(hub, f"traces/{trace_id(10)}")
    assert [event["kind"] for event in answer["events"]] == ["transaction"] * 2 + ["span"] * 2 + ["error", "log"]
    sent = {json.dumps(list(line.values())[0], sort_keys=True) for line in shop(10)[1:] + orders(10)[1:]}
    assert {json.dumps(event["event"], sort_keys=True) for event in answer["events"]} == sent
    assert {event["target"] for event in answer["events"] if event["kind"] == "span"} == {"orders:443", "postgresql/shopdb"}
    assert {r["service"]["name"] for r in answer["resources"].values()} == {"shop", "orders"}
    assert answer["same"] == []


def test_the_host_and_the_worker_tell_of_one_call(tmp_path):
    hub = Hub(tmp_path).start()
    same, other = transaction(1, 1, name="GET /a"), transaction(2, 2, name="GET /b", links=[{"trace_id": trace_id(2), "span_id": "f" * 16}])
    assert hub.send(lines(metadata("app", "worker"), same, other)).status_code == 202
    assert hub.send(lines(metadata("app", "host"), same)).status_code == 202
    answer = ask(hub, f"traces/{trace_id(1)}")
    assert len(answer["events"]) == 2, "the same ids from two processes are two events"
    assert hub.send(lines(metadata("app", "host"), same)).status_code == 202
    assert len(ask(hub, f"traces/{trace_id(1)}")["events"]) == 2
    assert hub.stop() == 0


def test_errors_are_grouped(hub):
    answer = ask(hub, "errors")
    error = one(answer["errors"], type="TimeoutError")
    assert (error["count"], error["message"], error["culprit"], error["service"]) == (4, "order 20 timed out", "orders.load", "orders")
    assert sum(point["count"] for point in error["series"]) == 4
    assert ask(hub, "errors?q=TIMED")["errors"] == answer["errors"]
    assert ask(hub, "errors?q=else")["errors"] == [] and ask(hub, "errors?service=shop")["errors"] == []
    assert ask(hub, "errors?order=count")["errors"] == answer["errors"]
    whole = ask(hub, "errors/" + error["group"])
    assert whole["error"] == error
    assert [int(o["trace_id"], 16) for o in whole["occurrences"]] == [20, 15, 10, 5]
    assert {o["transaction"] for o in whole["occurrences"]} == {"GET /orders/{id}"}
    assert whole["sample"]["exception"]["stacktrace"][0]["function"] == "load"
    found = ask(hub, "traces?group=" + error["group"])["traces"]
    assert {int(trace["trace_id"], 16) for trace in found} == FAILED
    assert hub.get("/api/errors/0000000000000000").status_code == 404
    assert hub.get("/api/errors/xyz").status_code == 400


def test_logs(hub):
    assert len(ask(hub, "logs?limit=1000")["logs"]) == TRACES
    assert [log["message"] for log in ask(hub, f"logs?trace={trace_id(7)}")["logs"]] == ["loading order 7"]
    assert [log["message"] for log in ask(hub, "logs?q=order+12")["logs"]] == ["loading order 12"]
    assert ask(hub, "logs?level=error")["logs"] == [] and ask(hub, "logs?service=shop")["logs"] == []
    assert ask(hub, f"logs?trace={trace_id(7)}&transaction={74:016x}")["logs"] == []
    first = ask(hub, "logs?limit=15")
    rest = ask(hub, "logs?limit=15&cursor=" + first["next"])
    assert len({log["message"] for log in first["logs"] + rest["logs"]}) == TRACES and rest["next"] is None


def test_the_map_knows_that_a_target_is_a_service(hub):
    answer = ask(hub, "map")
    assert {node["id"] for node in answer["nodes"]} == {"service:shop", "service:orders", "target:postgresql/shopdb"}
    edges = {(edge["from"], edge["to"]): edge for edge in answer["edges"]}
    assert set(edges) == {("service:shop", "service:orders"), ("service:orders", "target:postgresql/shopdb")}
    assert edges["service:shop", "service:orders"]["requests"] == TRACES
    assert answer["sampled"] is False


def test_instances_and_usage(hub):
    instances = ask(hub, "instances?service=orders")["instances"]
    assert {(i["node"], i["host"], i["pid"], i["coldstarts"], i.get("memory_bytes")) for i in instances} == {
        ("i0", "h1", 77, 0, None), ("i1", "h1", 77, 1, 50_000_000)}
    usage = ask(hub, "usage?service=orders")["usage"]
    assert sum(u["transactions"] for u in usage) == TRACES and sum(u["errors"] for u in usage) == 4
    assert sum(u["samples"] for u in usage) == 3 and max(u["instances"] for u in usage) == 2
    assert max(u["memory_bytes"] for u in usage) == 50_000_000 and sum(u["bytes"] for u in usage) > 10_000


def test_the_state_of_the_store(hub):
    store = ask(hub, "status")["store"]
    assert (store["state"], store["kind"]) == ("ok", hub.kind)
    assert 0 < store["bytes"] and store["oldest_us"] > 0
    assert store["max_bytes"] == (0 if hub.kind == "clickhouse" else 2 << 30)


@pytest.mark.parametrize("path, names", [
    ("traces?foo=1", "foo"), ("traces?status=abc", "status"), ("traces?q=%2B", "q"), ("traces?attr=x", "attr"),
    ("traces?cursor=1", "cursor"), ("traces?order=up", "order"), ("traces?order=count", "order"), ("traces?after=1&q=a", "after"),
    ("traces?id=ab&service=x", "id"), ("traces?since=1h&until=2h", "since"), ("services?service=x", "service"),
    ("operations?functions=yes", "functions"), ("logs?transaction=ab", "transaction"), ("logs?trace=ab&q=x", "trace"),
    ("errors?order=slowest", "order"), ("map?limit=1", "limit"), ("status?x=1", "x"), ("usage?since=soon", "since"),
    ("traces?q=" + "+".join(f"word{i}" for i in range(40)), "q"), ("traces?min_duration=fast", "min_duration"),
])
def test_bad_questions_are_named(hub, path, names):
    answer = hub.get("/api/" + path)
    assert answer.status_code == 400
    assert names in answer.json()["error"]


def test_an_older_minute_of_a_busy_service_is_answered_whole(tmp_path):
    """More events than one question may look at lie after it."""
    hub, minute, many = Hub(tmp_path).start(), 60_000_000, 110_000
    old = NOW - 30 * minute
    assert hub.send(lines(metadata("busy", "n1"), transaction(1, 1, name="old", timestamp=old, duration=900))).status_code == 202
    for first in range(0, many, 10_000):
        spans = [span(2, first + n + 10, 2, 2, name="new", type="db", timestamp=NOW - minute + n, duration=1) for n in range(10_000)]
        assert hub.send(lines(metadata("busy", "n1"), *spans)).status_code == 202
    for query in (f"since={old - 1}&until={old + minute}", "min_duration=500ms", "order=slowest&min_duration=500ms", "order=slowest&limit=1"):
        answer = hub.get(f"/api/traces?service=busy&{query}").json()
        assert ([t["name"] for t in answer["traces"]], answer["partial"]) == (["old"], False), query
    assert hub.stop() == 0
