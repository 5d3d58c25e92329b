"""Every view, dark and light, wide and on a phone: it shows the shop's data, nothing runs over its edge, text can be read,
and the browser has nothing to complain about."""
import re

import pytest
import requests

import shop
from page import CONTRAST, NAMELESS

FAILED = shop.new_id("trace119", 32)
ERROR_SPAN = shop.new_id("p119")


def group(hub):
    return requests.get(hub.url + "/api/errors?since=24h", timeout=30).json()["errors"][0]["group"]


VIEWS = {
    "overview": ("#/", ["services", "requests / min", "What weighs most", "POST /basket/order", "Newest errors", "BankUnreachableException"]),
    "functions": ("#/functions", ["report", "timer", "orders-func", "3.28 s", "Cold starts"]),
    "operations": ("#/functions?all=true", ["POST /pay", "POST /basket/order"]),
    "operation": ("#/operation?service=orders-func&name=report", ["6 times", "Durations", "3.20 s", "Only failed"]),
    "services": ("#/services", ["web", "payments", "node 20.11.1", "production"]),
    "service": ("#/services/payments", ["Operations", "POST /pay", "BankUnreachableException", "pay-1"]),
    "traces": ("#/traces", ["POST /basket/order", "HTTP 5xx", "payments", "cold start"]),
    "traces-none": ("#/traces?q=nosuchword", ["No trace is like that", "Without conditions"]),
    "trace": (f"#/trace/{FAILED}", ["POST /basket/order", "8 of 8 spans", "POST bank.example", "critical path"]),
    "trace-span": (f"#/trace/{FAILED}?at={ERROR_SPAN}", ["BankUnreachableException", "slower than", "caused by", "Charge (Bank.cs:88)"]),
    "trace-logs": (f"#/trace/{FAILED}?tab=logs", ["payment of order 119 failed"]),
    "trace-errors": (f"#/trace/{FAILED}?tab=errors", ["In POST /pay", "TimeoutException: no answer within 2000 ms"]),
    "trace-big": (f"#/trace/{shop.BIG}", ["10,001 of 10,001 spans", "batch 0"]),
    "trace-skewed": (f"#/trace/{shop.SKEWED}", ["clocks differ", "GET /balance", "Show as sent"]),
    "trace-lost": (f"#/trace/{shop.LOST}", ["not received", "SELECT FROM wishes"]),
    "trace-unknown": ("#/trace/" + "9" * 32, ["This trace is not here", "azimuth hub import"]),
    "errors": ("#/errors", ["BankUnreachableException", "Bank.Charge", "payments"]),
    "error": ("#/errors/GROUP", ["17 times", "The newest", "Occurrences", "the bank did not answer for order 119"]),
    "logs": ("#/logs", ["order 120 is stored", "payment of order 119 failed"]),
    "map": ("#/map", ["bank.example", "postgresql/shopdb", "The same as a table"]),
    "map-edge": ("#/map?edge=service%3Aorders-func%3Eservice%3Apayments", ["orders-func → payments", "calls"]),
    "coldstarts": ("#/coldstarts", ["3 cold starts", "Time lost", "warm"]),
    "live": ("#/live", ["listening", "Waiting for the next trace"]),
    "instances": ("#/instances", ["instance-1", "136 MiB", "pay-1"]),
    "usage": ("#/usage", ["sqlite", "Per service and day", "orders-func"]),
    "unknown": ("#/nowhere", ["There is no view of this name"]),
}


@pytest.mark.parametrize("view", VIEWS)
def test_view(page, hub, view):
    address, texts = VIEWS[view]
    page.open(address.replace("GROUP", group(hub)))
    for text in texts:
        page.until(lambda: text.lower() in re.sub(r"\s+", " ", page.js("return document.body.textContent")).lower(), f"{text!r} is not there")
    for theme in ("light", "dark"):
        page.theme(theme)
        page.until(lambda: page.js("return document.documentElement.dataset.theme") == theme, "the theme does not change")
        for size in ("wide", "phone"):
            page.size(size)
            page.screenshot(f"{view}-{theme}-{size}")
            assert page.js("return document.documentElement.scrollWidth <= innerWidth"), f"it runs over the right edge ({size})"
            assert page.js(CONTRAST) == [], (theme, size)
    assert page.js(NAMELESS) == []
    if view == "trace-unknown":
        assert all("404" in text for text in page.complaints())
