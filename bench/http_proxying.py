#!/usr/bin/env python3
"""HTTP proxying, the HTTP leg alone: wrk -> {azimuth-tap | bench_relay | nginx as a reverse proxy} -> nginx, keep-alive.

Prints, for 1 and 16 connections, median latency and CPU per request of the one in the middle, as ratios against the relay,
interleaved, with 95 % intervals (bootstrap over rounds). Budgets: design, tap: 1.15 and 1.25. Every request carries an
x-ms-invocation-id of its own; the invocations themselves are not asked for, so what the gRPC leg costs is bench_peers' part.

usage: bench/http_proxying.py [--bin build/release/bin] [--rounds 20] [--seconds 1]     needs wrk and nginx
"""
import argparse
import json
import pathlib
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "scenario"))

BUDGETS = {"latency p50": 1.15, "CPU per request": 1.25}
LUA = """
local n, base = 0, tostring({}):sub(8)
request = function()
  n = n + 1
  return wrk.format("GET", "/api/products/garden/7?page=1", {
    ["x-ms-invocation-id"] = string.format("%s-%012d", base, n), ["X-Forwarded-Host"] = "shop.example",
    ["X-Forwarded-Proto"] = "https", ["Accept"] = "*/*", ["User-Agent"] = "wrk"})
end
"""
NGINX = """
daemon off; worker_processes 1; pid {folder}/{name}.pid; error_log stderr;
events {{ worker_connections 256; }}
http {{
  access_log off; keepalive_requests 1000000000; client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  upstream origin {{ server 127.0.0.1:{origin}; keepalive 64; keepalive_requests 1000000000; }}
  server {{ listen 127.0.0.1:{port}; {body} }}
}}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def nginx(folder, name, port, body, origin):
    conf = folder / f"{name}.conf"
    conf.write_text(NGINX.format(folder=folder, name=name, port=port, body=body, origin=origin))
    process = subprocess.Popen(["nginx", "-c", conf, "-p", folder], stderr=open(folder / f"{name}.log", "wb"))
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            if process.poll() is not None:
                sys.exit(f"nginx does not start: {(folder / (name + '.log')).read_text()[-500:]}")
            time.sleep(0.02)
    worker = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()[0]
    return process, int(worker)


def cpu_ns(pid):
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0])


UNITS = {"us": 1, "ms": 1000, "s": 1000000}


def measure(port, pid, connections, seconds, lua):
    """Microseconds: median latency, CPU of the process per request."""
    before = cpu_ns(pid)
    text = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", lua,
                           f"http://127.0.0.1:{port}/"], capture_output=True, text=True, check=True).stdout
    used = cpu_ns(pid) - before
    if "Non-2xx" in text or "Socket errors" in text:
        sys.exit(f"requests failed:\n{text}")
    p50, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", text).groups()
    return float(p50) * UNITS[unit], used / 1000 / int(re.search(r"(\d+) requests in", text)[1])


def interval(pairs):
    ratios = sorted(statistics.median(random.choice(pairs) for _ in pairs) for _ in range(2000))
    return ratios[50], ratios[1949]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "release" / "bin")
    options.add_argument("--rounds", type=int, default=20)
    options.add_argument("--seconds", type=int, default=1)
    options = options.parse_args()
    for tool in ("wrk", "nginx"):
        if not shutil.which(tool):
            sys.exit(f"http_proxying: {tool} is not installed")
    import host as hosts
    import values
    missed = False
    with tempfile.TemporaryDirectory(prefix="azimuth-bench-") as name:
        folder = pathlib.Path(name)
        app = folder / "app"
        app.mkdir()
        lua = folder / "wrk.lua"
        lua.write_text(LUA)
        origin = free_port()
        processes = [nginx(folder, "origin", origin, 'location / { return 200 "%s"; }' % ("x" * 200), origin)[0]]
        proxy_port = free_port()
        proxy, proxy_pid = nginx(folder, "proxy", proxy_port, "location / { proxy_pass http://origin; "
                                 'proxy_http_version 1.1; proxy_set_header Connection ""; }', origin)
        relay = subprocess.Popen([options.bin / "bench_relay", str(origin)], stdout=subprocess.PIPE, text=True)
        relay_port = int(relay.stdout.readline())
        processes += [proxy, relay]
        functions = folder / "functions.json"
        values.save([values.http()], functions)
        settings = {"ELASTIC_APM_SERVER_URL": "http://127.0.0.1:9", "AZIMUTH_RUN_DIR": str(folder / "run")}
        host = hosts.Host(app, settings, runtime="dotnet-isolated")
        worker = host.start([options.bin / "azimuth-tap"], ROOT / "tests" / "scenario" / "worker.py", env={
            "AZIMUTH_WORKER_EXECUTABLE": "/usr/bin/python3", "SCRIPTED_FUNCTIONS": str(functions),
            "SCRIPTED_STYLE": "dotnet",
            "SCRIPTED_CAPABILITIES": json.dumps({"HttpUri": f"http://localhost:{origin}/"})})
        try:
            worker.init()
            tap_port = urllib.parse.urlsplit(worker.capabilities["HttpUri"]).port
            if tap_port == origin:
                sys.exit("http_proxying: the tap did not put itself into HttpUri")
            middles = {"relay": (relay_port, relay.pid), "tap": (tap_port, worker.pid), "nginx": (proxy_port, proxy_pid)}
            for connections in (1, 16):
                seen = {name: [] for name in middles}
                for _ in range(options.rounds):
                    for name, (port, pid) in middles.items():
                        seen[name].append(measure(port, pid, connections, options.seconds, lua))
                for what, column in (("latency p50", 0), ("CPU per request", 1)):
                    base = [row[column] for row in seen["relay"]]
                    for name in ("tap", "nginx"):
                        ratios = [row[column] / b for row, b in zip(seen[name], base)]
                        low, high = interval(ratios)
                        line = (f"{connections:>2} connections, {what}: {name} {statistics.median(r[column] for r in seen[name]):.1f} us, "
                                f"relay {statistics.median(base):.1f} us, ratio {statistics.median(ratios):.3f} [{low:.3f}, {high:.3f}]")
                        if name == "tap":
                            met = low <= BUDGETS[what]
                            missed |= not met
                            line += f", budget {BUDGETS[what]}: {'met' if met else 'MISSED'}"
                        print(line, flush=True)
        finally:
            worker.terminate()
            host.close()
            for process in processes:
                process.terminate()
                process.wait()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
