"""A shop of three services and what they sent in the last hour, as intake v2: the data that the browser tests look at.
usage: python3 shop.py HUB_URL     sends it, to look at the page by hand"""
import json
import random
import sys
import time
import urllib.request

SECOND = 1_000_000
TRACES = 120
BIG = "b1" * 16          # a trace of 10,000 spans
SKEWED = "5e" * 16       # its second service has a clock that is 3 s behind
LOST = "1057" * 8        # a span of it was never sent
FAILED_PAYMENT = 7       # each so manieth order cannot be paid


def metadata(service, node, agent, runtime, **more):
    return {"metadata": {"service": {"name": service, "environment": "production", "version": "1.4.2",
                                     "agent": {"name": agent[0], "version": agent[1]}, "language": {"name": agent[2]},
                                     "runtime": {"name": runtime[0], "version": runtime[1]}, "node": {"configured_name": node}},
                         "process": {"pid": 4000 + sum(map(ord, node)) % 999}, "system": {"configured_hostname": node}, **more}}


WEB = metadata("web", "web-1", ("nodejs", "4.18.0", "javascript"), ("node", "20.11.1"))
FUNCTIONS = [metadata("orders-func", f"instance-{n}", ("azimuth", "0.4.0", "python"), ("python", "3.11"),
                      cloud={"provider": "azure", "region": "westeurope", "service": {"name": "functions"}}) for n in (1, 2)]
PAYMENTS = metadata("payments", "pay-1", ("opentelemetry/dotnet", "1.20.1", "dotnet"), ("dotnet", "8.0.4"))


def new_id(seed, size=16):
    return f"{random.Random(seed).getrandbits(size * 4):0{size}x}"


def transaction(trace, key, name, at, ms, parent=None, kind="request", failed=False, **more):
    return {"transaction": {"trace_id": trace, "id": new_id(key), "type": kind, "name": name, "timestamp": at, "duration": ms,
                            "span_count": {"started": 1}, "outcome": "failure" if failed else "success",
                            "result": ("HTTP 5xx" if failed else "HTTP 2xx") if kind == "request" else ("failure" if failed else "success"),
                            **({"parent_id": new_id(parent)} if parent else {}), **more}}


def span(trace, key, name, at, ms, parent, owner, kind="external", subtype="http", failed=False, **more):
    return {"span": {"trace_id": trace, "id": new_id(key), "parent_id": new_id(parent), "transaction_id": new_id(owner), "type": kind,
                     "subtype": subtype, "name": name, "timestamp": at, "duration": ms, "outcome": "failure" if failed else "success", **more}}


def log(trace, owner, at, level, text):
    return {"log": {"@timestamp": at, "message": text, "log.level": level, "trace.id": trace, "transaction.id": new_id(owner), "log.logger": "shop"}}


def target(kind, name):
    return {"service": {"target": {"type": kind, "name": name}}, "destination": {"service": {"resource": f"{kind}/{name}"}}}


def http(url, status=200, method="GET"):
    return {"request": {"method": method, "url": {"full": f"https://shop.example{url}", "pathname": url.split("?")[0], "domain": "shop.example"},
                        "headers": {"user-agent": "Mozilla/5.0"}}, "response": {"status_code": status}}


def payment_error(trace, owner, at, order):
    frames = [{"function": "Charge", "filename": "Bank.cs", "lineno": 88, "library_frame": False},
              {"function": "Pay", "filename": "PaymentController.cs", "lineno": 31, "library_frame": False},
              {"function": "InvokeActionMethodAsync", "filename": "ControllerActionInvoker.cs", "lineno": 412, "library_frame": True}]
    return {"error": {"id": new_id(f"{owner}error", 32), "trace_id": trace, "parent_id": new_id(owner), "transaction_id": new_id(owner), "timestamp": at,
                      "culprit": "Bank.Charge", "transaction": {"name": "POST /pay", "type": "request", "sampled": True},
                      "exception": {"type": "BankUnreachableException", "message": f"the bank did not answer for order {order}", "handled": False,
                                    "stacktrace": frames,
                                    "cause": [{"type": "TimeoutException", "message": "no answer within 2000 ms", "stacktrace": frames[:1]}]}}}


def order(n, start):
    """One order: the web shop calls the function, which asks the database, the payments and a queue."""
    trace, rng, failed, cold = new_id(f"trace{n}", 32), random.Random(n), n % FAILED_PAYMENT == 0, n % 40 == 1
    start += n
    extra = 1900 if cold else 0
    pay = 2010 if failed else 20 + rng.random() * 30
    function = 90 + pay + extra + rng.random() * 20
    whole = function + 25
    tags = {"tags": {"tenant": rng.choice(["blue", "green"]), "order": n}}
    yield [WEB, transaction(trace, f"w{n}", "POST /basket/order", start, whole, failed=failed,
                            context={**http(f"/basket/order?id={n}", 502 if failed else 201, "POST"), **tags}),
           span(trace, f"ws{n}", "POST orders-func", start + 10_000, function + 6, f"w{n}", f"w{n}", failed=failed,
                context={**target("http", "orders-func:443"), "http": {"method": "POST", "status_code": 500 if failed else 200}}),
           log(trace, f"w{n}", start + 5_000, "info", f"order {n} begins")]
    at = start + 13_000
    yield [FUNCTIONS[n % 2],
           transaction(trace, f"f{n}", "POST /api/orders", at, function, f"ws{n}", failed=failed,
                       faas={"name": "orders-func/orders", "id": "/subscriptions/1/sites/orders-func/functions/orders", "execution": new_id(f"e{n}", 32),
                             "coldstart": cold, "trigger": {"type": "http"}}, context=http("/api/orders", 500 if failed else 200, "POST")),
           span(trace, f"fd{n}", "INSERT INTO orders", at + int((extra + 8) * 1000), 12 + rng.random() * 9, f"f{n}", f"f{n}", "db", "postgresql",
                context={**target("postgresql", "shopdb"), "db": {"type": "sql", "statement": f"INSERT INTO orders (id, tenant) VALUES ({n}, $1)"}}),
           span(trace, f"fp{n}", "POST payments", at + int((extra + 35) * 1000), pay + 12, f"f{n}", f"f{n}", failed=failed,
                context={**target("http", "payments:8443"), "http": {"method": "POST", "status_code": 500 if failed else 200}}),
           span(trace, f"fq{n}", "ServiceBus SEND to reservations", at + int((function - 20) * 1000), 9, f"f{n}", f"f{n}", "messaging", "azureservicebus",
                context=target("azureservicebus", "reservations")),
           log(trace, f"f{n}", at + 9_000, "info", f"order {n} is stored"),
           *([log(trace, f"f{n}", at + int((function - 10) * 1000), "error", f"payment of order {n} failed: the bank did not answer")] if failed else [])]
    at += int((extra + 41) * 1000)
    yield [PAYMENTS, transaction(trace, f"p{n}", "POST /pay", at, pay, f"fp{n}", failed=failed, context=http("/pay", 500 if failed else 200, "POST")),
           span(trace, f"pb{n}", "POST bank.example", at + 4_000, pay - 8, f"p{n}", f"p{n}", failed=failed, context=target("http", "bank.example:443")),
           *([payment_error(trace, f"p{n}", at + int((pay - 3) * 1000), n)] if failed else [])]


def nightly(n, start):
    """The slow function: a timer whose report takes seconds."""
    trace = new_id(f"report{n}", 32)
    yield [FUNCTIONS[0],
           transaction(trace, f"r{n}", "report", start, 3200 + 40 * n, kind="timer", span_count={"started": 2, "dropped": 40}, faas={"name": "orders-func/report", "execution": new_id(f"re{n}", 32),
                                                                                         "coldstart": False, "trigger": {"type": "timer"}}),
           span(trace, f"rd{n}", "SELECT FROM orders", start + 30_000, 3100 + 40 * n, f"r{n}", f"r{n}", "db", "postgresql",
                context={**target("postgresql", "shopdb"), "db": {"type": "sql", "statement": "SELECT tenant, sum(total) FROM orders GROUP BY tenant"}}),
           span(trace, f"rc{n}", "SELECT FROM prices", start + 4_000, 18, f"r{n}", f"r{n}", "db", "postgresql", context=target("postgresql", "shopdb"),
                composite={"count": 12, "sum": 16.5, "compression_strategy": "exact_match"})]


def big(start, spans=10_000):
    """A batch: 100 groups of spans below one transaction; some of them failed."""
    yield [FUNCTIONS[1], transaction(BIG, "big", "import", start, 60_000, kind="messaging",
                                     faas={"name": "orders-func/import", "execution": "big", "coldstart": False, "trigger": {"type": "pubsub"}})]
    each = 60_000_000 // 100
    size = spans // 100
    for group in range(100):
        at = start + group * each
        events = [FUNCTIONS[1], span(BIG, f"g{group}", f"batch {group}", at, each / 1000 - 1, "big", "big", "app", "batch")]
        for item in range(size - 1):
            failed = group % 25 == 7 and item == 50
            events.append(span(BIG, f"g{group}.{item}", f"UPSERT item {group * size + item}", at + 1000 + item * (each // size), each / size / 1000 * 0.9, f"g{group}", "big", "db",
                               "postgresql", failed=failed, context=target("postgresql", "shopdb")))
        yield events


def odd(start):
    """A clock that differs, and a span that was never sent."""
    yield [WEB, transaction(SKEWED, "sk", "GET /account", start, 120, context=http("/account")),
           span(SKEWED, "sks", "GET payments", start + 20_000, 80, "sk", "sk", context=target("http", "payments:8443"))]
    yield [PAYMENTS, transaction(SKEWED, "skp", "GET /balance", start - 3 * SECOND, 60, "sks", context=http("/balance"))]
    yield [WEB, transaction(LOST, "lo", "GET /wishlist", start, 90, context=http("/wishlist")),
           span(LOST, "lo2", "SELECT FROM wishes", start + 30_000, 20, "never-sent", "lo", "db", "postgresql", context=target("postgresql", "shopdb"))]


def host_and_worker(start):
    """One invocation as the Functions host and the wire tell it: the same ids from two processes."""
    trace = "40" * 16
    host = metadata("orders-func", "instance-1", ("opentelemetry/dotnet", "1.9.0", "dotnet"), ("dotnet", "8.0.4"))
    host["metadata"]["service"]["framework"] = {"name": "Azure Functions", "version": "4"}
    yield [FUNCTIONS[0], transaction(trace, "hw", "GET /api/stock", start, 40, faas={"name": "orders-func/stock", "execution": "hw", "coldstart": False,
                                                                                    "trigger": {"type": "http"}})]


def everything(now_us=None):
    now = now_us or int(time.time() * SECOND)
    hour = 3600 * SECOND
    for n in range(1, TRACES + 1):
        yield from order(n, now - hour + 4 * 60 * SECOND + n * (50 * 60 * SECOND // TRACES))
    for n in range(6):
        yield from nightly(n, now - hour + (5 + n * 9) * 60 * SECOND)
    yield from big(now - 20 * 60 * SECOND)
    yield from odd(now - 15 * 60 * SECOND)
    yield from host_and_worker(now - 10 * 60 * SECOND)
    yield [FUNCTIONS[0], {"metricset": {"timestamp": now - SECOND, "samples": {"system.process.memory.rss.bytes": {"value": 143_000_000}}}}]


def send(url, batches):
    for events in batches:
        body = "".join(json.dumps(event) + "\n" for event in events).encode()
        request = urllib.request.Request(f"{url}/intake/v2/events", body, {"Content-Type": "application/x-ndjson"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 202


if __name__ == "__main__":
    send(sys.argv[1].rstrip("/"), everything())
