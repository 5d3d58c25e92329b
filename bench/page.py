#!/usr/bin/python3
"""The hub's page: its weight as it is sent (gzip), and the time from opening it to the first row of the list of traces, in Chromium.
Yardstick: the plain page of the same hub, which is little more than a table. Prints medians and their ratio."""
import gzip
import pathlib
import statistics
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("scenario", "browser"):
    sys.path.insert(0, str(HERE.parent / "tests" / folder))

import requests  # noqa: E402
from selenium import webdriver  # noqa: E402

import shop  # noqa: E402
from test_hub import Hub  # noqa: E402

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 15
FIRST_ROW = """
const done = arguments[0], look = () => document.querySelector("tbody tr") ? done(performance.now()) : requestAnimationFrame(look);
look();
"""


def weight(url, address):
    total, text = 0, requests.get(url + address, headers={"Accept": "text/html"}, timeout=30).text
    for asset in ["", *__import__("re").findall(r'(?:src|href)="\.?/?([a-z.]+\.(?:js|css))"', text)]:
        body = requests.get(f"{url}/{asset}" if asset else url + address, headers={"Accept": "text/html"}, timeout=30).content
        total += len(gzip.compress(body, 9))
    return total


def first_row(chromium, address):
    chromium.get("about:blank")
    chromium.execute_cdp_cmd("Network.clearBrowserCache", {})
    chromium.get(address)
    return chromium.execute_async_script(FIRST_ROW)


def main():
    hub = Hub(pathlib.Path(tempfile.mkdtemp(prefix="azimuth-bench-"))).start()
    shop.send(hub.url, shop.everything())
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    chromium = webdriver.Chrome(options=options)
    try:
        times = {"/": [], "/plain": []}
        for _ in range(ROUNDS):
            for address in times:
                times[address].append(first_row(chromium, f"{hub.url}{address}#/traces"))
        page, plain = (statistics.median(times[address]) for address in ("/", "/plain"))
        ratios = sorted(a / b for a, b in zip(times["/"], times["/plain"]))
        print(f"page: {weight(hub.url, '/') / 1024:.1f} KiB packed (plain page's first files: {weight(hub.url, '/plain') / 1024:.1f} KiB)")
        print(f"time to the first row of the list, nothing cached: {page:.0f} ms; plain page {plain:.0f} ms; ratio {statistics.median(ratios):.2f} "
              f"[{ratios[0]:.2f}, {ratios[-1]:.2f}] of {ROUNDS}")
        big = []
        for _ in range(5):
            chromium.get("about:blank")
            began = time.monotonic()
            chromium.get(f"{hub.url}/#/trace/{shop.BIG}")
            chromium.execute_async_script(FIRST_ROW.replace("tbody tr", "[role=treeitem]"))
            big.append((time.monotonic() - began) * 1000)
        size = len(requests.get(f"{hub.url}/api/traces/{shop.BIG}", timeout=60).content)
        print(f"waterfall of 10,001 spans ({size / 1048576:.1f} MiB of JSON): {statistics.median(big):.0f} ms to its first rows")
    finally:
        chromium.quit()
        hub.stop()


main()
