"""The ways people go through the page."""
import json
import os
import resource
import signal
import time

import requests

import shop
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

FAILED = shop.new_id("trace119", 32)


# --- the main paths ---

def test_find_the_slow_function_of_the_last_hour(page):
    page.open()
    page.click("nav a", "Functions")
    page.shows("orders-func", "Impact")
    page.click(".sorter", "p95")
    page.until(lambda: page.texts("tbody tr td:first-child a")[:2] == ["import", "report"], "not in the order of p95")
    page.click("tbody a", "report")
    page.shows("6 times", "Its traces")
    slowest = page.until(lambda: page.texts("tbody tr td.number:nth-child(4)"), "no traces")
    assert slowest[0] == "3.40 s"
    page.click("tbody tr:first-child a", "report")
    page.shows("40 spans dropped", "12× SELECT FROM prices")
    page.click(".row .label", "SELECT FROM orders")
    page.shows("SELECT tenant, sum(total) FROM orders GROUP BY tenant", "postgresql")


def test_find_the_error_and_its_log(page):
    page.open()
    page.click("nav a", "Errors")
    page.click("tbody a", "BankUnreachableException")
    page.shows("Occurrences", "caused by TimeoutException")
    page.click("tbody a", "the bank did not answer for order 112")
    page.shows("In POST /pay")
    page.click(".tabs button", "Logs")
    page.shows("payment of order 112 failed: the bank did not answer")
    page.click(".tabs button", "Waterfall")
    assert page.one(".row.chosen").text.startswith("✗") or "POST /pay" in page.one(".row.chosen").text


def test_follow_one_request_across_three_services(page):
    page.open("#/traces")
    page.fill("input[name=q]", "order 64")
    page.until(lambda: len(page.all("tbody tr")) == 1, "not found by its words")
    assert {text.split()[0] for text in page.texts("tbody .chip")} == {"web", "orders-func", "payments"}
    page.click("tbody a", "POST /basket/order")
    page.until(lambda: len(page.all("[role=treeitem]")) == 8, "not all spans are there")
    levels = {page.js("return arguments[0].querySelector('.label').title.split('\\n')[0]", row): int(row.get_attribute("aria-level")) for row in page.all("[role=treeitem]")}
    assert (levels["POST /basket/order"], levels["POST orders-func"], levels["POST /api/orders"], levels["POST payments"], levels["POST /pay"]) == (1, 2, 3, 4, 5)
    assert [text.strip() for text in page.texts(".legend > span")] == ["web", "orders-func", "payments"]
    page.click(".row .label", "POST /pay")
    page.shows("payments", "POST /pay")
    page.click(".panel summary", "The process it came from")
    page.shows("pay-1")


# --- the waterfall ---

def test_ten_thousand_spans_are_few_elements(page):
    page.open(f"#/trace/{shop.BIG}")
    page.shows("10,001 of 10,001 spans")
    assert 10 < len(page.all("[role=treeitem]")) < 100
    page.js("document.querySelector('.rows').scrollTop = 1e9")
    page.until(lambda: any("UPSERT item 9998" in text for text in page.texts("[role=treeitem]")), "the end is not shown")
    assert len(page.all("[role=treeitem]")) < 100
    page.press(Keys.END)
    started = time.monotonic()
    for _ in range(20):
        page.press("e")
    page.until(lambda: "UPSERT item" in (page.texts(".panel h3") or [""])[0], "no failed span is chosen")
    print(f"20 jumps to errors among 10,000 spans: {time.monotonic() - started:.2f} s")
    page.click(".tools button", "Close all")
    page.until(lambda: len(page.all("[role=treeitem]")) <= 102, "nothing was closed")
    page.fill(".tools input[type=search]", "item 9017", enter=True)
    page.shows("1 span")
    page.until(lambda: page.texts(".panel h3") == ["UPSERT item 9017"], "Enter does not go to what was found")
    assert page.one(".row.chosen.found")


def test_every_state_of_a_trace_is_in_its_address(page):
    page.open(f"#/trace/{FAILED}")
    page.click(".row .label", "POST payments")
    page.click(".tools label", "critical path")
    page.press("z")
    page.click(".row .twist[aria-label=close]")
    page.fill(".tools input[type=search]", "bank", enter=False)
    state = page.until(lambda: "find=bank" in page.address() and page.address(), "the search is not in the address")
    assert all(f"{name}=" in state for name in ("at", "critical", "zoom", "closed")), state
    seen = page.texts(".ticks span"), page.texts("[role=treeitem]"), page.texts(".panel h3")
    page.open(state)
    page.until(lambda: (page.texts(".ticks span"), page.texts("[role=treeitem]"), page.texts(".panel h3")) == seen, "the address does not lead to the same")


def test_zoom_by_dragging_and_back(page):
    page.open(f"#/trace/{FAILED}")
    strip = page.one(".minimap")
    width = strip.size["width"]
    ActionChains(page.chromium).move_to_element_with_offset(strip, -width // 4, 0).click_and_hold().move_by_offset(width // 2, 0).release().perform()
    page.until(lambda: "zoom=" in page.address(), "dragging does not zoom")
    first, *_, last = page.texts(".ticks span")
    assert first.startswith("53") and last.startswith("1.6"), (first, last)
    page.click(".tools button", "Show all of the time")
    page.until(lambda: page.texts(".ticks span")[0] == "0 µs", "not back")


def test_a_trace_by_keyboard_alone(page):
    page.open(f"#/trace/{FAILED}")
    chosen = lambda: (page.texts(".panel h3") or [""])[0]  # noqa: E731
    page.press(Keys.ARROW_DOWN)
    page.until(lambda: chosen() == "POST /basket/order", "↓")
    page.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    page.until(lambda: chosen() == "POST /api/orders", "↓↓")
    page.press(Keys.ARROW_LEFT)
    page.until(lambda: "3 of 8 spans" in page.text(), "← closes")
    page.press(Keys.ARROW_RIGHT)
    page.until(lambda: "8 of 8 spans" in page.text(), "→ opens")
    page.press("e")
    page.until(lambda: chosen() == "POST payments", "e")
    page.press("+")
    page.until(lambda: "zoom=" in page.address(), "+")
    page.press("0")
    page.until(lambda: "zoom=" not in page.address(), "0")
    assert page.all(".critical")
    page.press("c")
    page.until(lambda: not page.all(".critical"), "c")
    page.press(Keys.ESCAPE)
    page.until(lambda: not page.all(".panel"), "Esc")
    page.press("g", "m")
    page.until(lambda: page.address() == "#/map", "g m")
    page.press("?")
    page.shows("next, previous failed span")
    page.press(Keys.ESCAPE)
    page.until(lambda: not page.all("dialog[open]"), "the help stays")
    page.press("g", "t")
    page.until(lambda: page.all("input[name=q]"), "g t")
    page.press("/")
    assert page.js("return document.activeElement.name") == "q"


def test_the_only_span_of_a_trace_is_shown_until_it_is_closed(page):
    page.open("#/trace/" + "40" * 16)
    page.until(lambda: page.texts(".panel h3") == ["GET /api/stock"], "it is not shown")
    page.shows("Function", "orders-func/stock")
    page.press(Keys.ESCAPE)
    page.until(lambda: not page.all(".panel"), "it does not close")
    page.open(page.address())
    assert not page.all(".panel")


def test_short_spans_hide_and_clocks_can_be_shown_as_sent(page):
    page.open(f"#/trace/{FAILED}")
    page.js("const s = document.querySelector('.tools select'); s.value = '100000'; s.dispatchEvent(new Event('change', {bubbles: true}))")
    page.until(lambda: "6 of 8 spans" in page.text(), "nothing is hidden")
    page.open(f"#/trace/{shop.SKEWED}")
    page.until(lambda: page.texts(".ticks span")[-1] == "120 ms", "the clock was not set right")
    page.click("button", "Show as sent")
    page.until(lambda: page.texts(".ticks span")[-1] == "3.12 s", "the times as sent are not shown")


def test_values_can_be_copied_and_searched_for(page):
    page.chromium.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]})
    page.open(f"#/trace/{FAILED}?at={shop.new_id('w119')}")
    page.shows("Labels", "tenant")
    page.click(".trace-head .copy")
    page.until(lambda: "copied" in page.texts(".trace-head .copy"), "nothing is said")
    assert page.chromium.execute_async_script("navigator.clipboard.readText().then(arguments[0])") == FAILED
    page.click(".fields a", "find")
    page.until(lambda: page.address().startswith("#/traces?attr="), "no search for the value")
    page.until(lambda: page.all("tbody tr"), "nothing was found")


def test_a_trace_is_saved_as_a_file(page):
    page.open(f"#/trace/{FAILED}")
    page.click("button", "Save")
    files = page.until(lambda: [file for file in page.chromium.downloads.iterdir() if file.suffix == ".ndjson"], "no file came")
    kinds = [next(iter(json.loads(line))) for line in files[0].read_text().splitlines()]
    assert kinds[0] == "metadata" and kinds.count("transaction") == 3 and kinds.count("error") == 1


# --- lists ---

def test_conditions_stand_in_the_address_and_can_be_cleared(page):
    page.open("#/traces")
    page.js("const s = document.querySelector('select[name=outcome]'); s.value = 'failure'; s.dispatchEvent(new Event('change', {bubbles: true}))")
    page.until(lambda: len(page.all("tbody tr")) == 18, "not the failed ones")  # 17 orders, and the batch with its 4 spans
    page.fill("input[name=min_duration]", "2.5s")
    page.until(lambda: "min_duration=2.5s" in page.address() and not page.all("tbody tr"), "none took so long")
    page.open(page.address())
    assert page.one("input[name=min_duration]").get_attribute("value") == "2.5s"
    page.click(".filter button", "Clear")
    page.until(lambda: page.address() == "#/traces" and len(page.all("tbody tr")) == 100, "conditions stay")
    page.click("button", "More")
    page.until(lambda: len(page.all("tbody tr")) == shop.TRACES + 10, "not all of them")
    page.shows("That is all.")


def test_a_bad_condition_is_answered_with_its_reason(page):
    page.open("#/traces?min_duration=soon")
    page.shows("min_duration")
    assert page.one("[role=alert]").text.startswith("✗")
    assert all("400" in text for text in page.complaints())


def test_a_range_of_durations_is_chosen_by_dragging(page):
    page.open("#/operation?service=orders-func&name=POST+%2Fapi%2Forders")
    bars = page.one(".histogram")
    page.js("arguments[0].scrollIntoView({block: 'center'})", bars)
    width = bars.size["width"]
    ActionChains(page.chromium).move_to_element_with_offset(bars, width // 4, 0).click_and_hold().move_by_offset(width // 4 - 4, 0).release().perform()
    page.until(lambda: "min_duration=" in page.address(), "dragging chooses nothing")
    page.until(lambda: page.texts("tbody tr td.number:nth-child(4)") and all(" s" in text and "ms" not in text for text in page.texts("tbody tr td.number:nth-child(4)")), "others are shown too")


def test_time_goes_along_from_view_to_view(page):
    page.open("#/functions")
    page.js("const s = document.querySelector('.range select'); s.value = '6h'; s.dispatchEvent(new Event('change', {bubbles: true}))")
    page.until(lambda: "since=6h" in page.address(), "the time is not in the address")
    page.click("nav a", "Errors")
    page.until(lambda: page.address() == "#/errors?since=6h", "the time was lost")


def test_new_traces_wait_while_one_reads(new_hub, page):
    hub = new_hub()
    now = int(time.time() * 1e6)
    for n in range(60):
        shop.send(hub.url, shop.order(n, now - 60_000_000 + n * 1000))
    page.url = hub.url
    page.open("#/traces")
    page.until(lambda: len(page.all("tbody tr")) == 60, "not all are there")
    page.js("window.scrollTo(0, 600)")
    shop.send(hub.url, shop.order(77, now))
    page.until(lambda: "1 new: show" in page.text(), "nothing tells of the new one")
    assert len(page.all("tbody tr")) == 60
    page.click("button", "1 new")
    page.until(lambda: len(page.all("tbody tr")) == 61, "it is not shown")


# --- the hub's state ---

def test_an_empty_hub_tells_the_next_step(new_hub, page):
    page.url = new_hub().url
    for address in ("#/", "#/functions", "#/services", "#/traces", "#/map"):
        page.open(address)
        page.shows("Nothing has come in yet", "azimuth run -- func start", "OTEL_EXPORTER_OTLP_ENDPOINT=")
    page.open("#/logs")
    page.shows("ELASTIC_APM_LOG_SENDING=true")
    page.screenshot("empty-light-wide")
    page.open("#/")
    shop.send(page.url, shop.order(1, int(time.time() * 1e6) - 1_000_000))
    page.shows("What weighs most")  # by itself


def test_old_data_is_one_click_away(new_hub, page):
    hub = new_hub()
    shop.send(hub.url, shop.order(1, int((time.time() - 5 * 3600) * 1e6)))
    page.url = hub.url
    page.open("#/")
    page.click("button", "Show the last 6h")
    page.shows("What weighs most", "POST /basket/order")


def test_a_hub_with_a_token_asks_for_it(new_hub, page):
    page.url = new_hub("--token", "sesame").url
    page.open("#/services")
    page.shows("This hub asks for its token")
    page.fill("#token", "wrong")
    page.until(lambda: page.all("#token"), "a wrong token was taken")
    page.fill("#token", "sesame")
    page.shows("Nothing has come in yet")
    page.open("#/traces")
    page.shows("Nothing has come in yet")
    assert all("401" in text for text in page.complaints())


def test_live(page, hub):
    page.open("#/live")
    page.shows("listening", "Waiting for the next trace")
    shop.send(hub.url, shop.order(5001, int(time.time() * 1e6)))
    page.until(lambda: len(page.all("tbody tr")) == 1, "the new trace is not shown")
    page.click("button", "Hold")
    shop.send(hub.url, shop.order(5002, int(time.time() * 1e6)))
    time.sleep(1)
    assert len(page.all("tbody tr")) == 1
    page.click("button", "Go on")
    page.until(lambda: len(page.all("tbody tr")) == 2, "what waited is not shown")


def test_a_full_disk_is_told_on_every_view(new_hub, page):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
    hub = new_hub(prepare=limit)
    page.url = hub.url
    now = int(time.time() * 1e6)
    for n in range(200):
        body = "".join(json.dumps(event) + "\n" for event in [shop.WEB, shop.transaction(f"{n + 1:032x}", f"full{n}", os.urandom(400).hex(), now, 5,
                                                                                          context={"custom": {"noise": os.urandom(20000).hex()}})])
        if requests.post(hub.url + "/intake/v2/events", body.encode(), headers={"Content-Type": "application/x-ndjson"}, timeout=30).status_code != 202:
            break
    page.open("#/services")
    page.until(lambda: page.texts(".banner"), "no banner")
    assert "nothing new is stored" in page.texts(".banner")[0]
    page.shows("web")
    page.screenshot("full-light-wide")


def test_a_hub_that_is_gone_is_told_and_found_again(new_hub, page):
    hub = new_hub()
    page.url = hub.url
    page.open("#/services")
    page.shows("Nothing has come in yet")
    hub.stop()
    page.until(lambda: any("does not answer" in text for text in page.texts(".banner")), "nobody tells")
    hub.start(listen=page.url.removeprefix("http://"))
    page.until(lambda: not page.texts(".banner"), "it is not found again")
    page.complaints()


def test_the_chosen_colours_stay(page):
    page.open("#/usage")
    page.click("button[aria-label='Dark colours']")
    page.until(lambda: page.js("return document.documentElement.dataset.theme") == "dark", "still light")
    page.open("#/logs")
    assert page.js("return document.documentElement.dataset.theme") == "dark"


def test_the_map_leads_to_traces(page):
    page.open("#/map")
    page.until(lambda: len(page.all(".map .node")) == 6, "not all nodes are there")
    page.js("document.querySelector('.map .edge[aria-label^=\"orders-func to payments\"]').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    page.shows("orders-func → payments")
    page.click(".chosen-box a", "Traces of payments")
    page.until(lambda: "service=payments" in page.address() and page.all("tbody tr"), "no traces")


def test_the_plain_page_stands_beside_it(page):
    page.open("plain#/traces")
    page.shows("POST /basket/order")
    page.open(f"plain#{FAILED}")
    page.shows("POST bank.example")
