#!/usr/bin/env python3
"""Runs a real language worker under the scripted host, through azimuth-tap, and prints what a server received.

    real_worker.py --worker WORKER_FOLDER --app APP_FOLDER

The worker's folder is one with a worker.config.json, as it lies in a Functions host's `workers` folder or is built from
the worker's source; the app's is what `func` would publish. The worker is started as the host does it, every function
of the app is called, and every call has to arrive as exactly one transaction. Exit code 1 when one did not."""
import argparse
import collections
import json
import pathlib
import re
import sys
import tempfile
import time

import values
import worker_choice
from host import Host
from intake import Intake, invalid
from observing import SITE, agents, end_agents
from processes import TAP

SAMPLES = {"int": "7", "alpha": "books", "guid": "0af76519-16cd-43dd-8448-eb211c80319c", "bool": "true"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worker", required=True, type=pathlib.Path, help="folder with the worker's worker.config.json")
    parser.add_argument("--app", required=True, type=pathlib.Path, help="the function app's folder")
    parser.add_argument("--executable", help="instead of the one that worker.config.json names")
    parser.add_argument("--worker-path", help="likewise")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE", help="further app settings")
    parser.add_argument("--calls", type=int, default=5, help="of each function (default 5)")
    parser.add_argument("--concurrency", type=int, default=2)
    parser.add_argument("--tap", default=str(TAP), help="default: of the build folder")
    parser.add_argument("--installed", action="store_true",
                        help="start what the app's worker.config.json names, as `azimuth install-tap` left it")
    parser.add_argument("--no-tap", action="store_true", help="the worker alone, to see whether it runs at all")
    parser.add_argument("--events", action="store_true", help="print the whole transactions")
    return parser.parse_args()


def of_files(app):
    """Functions of an app whose worker leaves the indexing to the host."""
    return [values.Function(path.parent.name, json.loads(path.read_text())["bindings"])
            for path in sorted(app.glob("*/function.json"))]


def call(function):
    """What a call of it is made with."""
    if function.trigger["type"].lower() != "httptrigger":
        return {"data": "a message"} if function.trigger["type"].lower() != "timertrigger" else \
            {"data": values.Json('{"IsPastDue": false, "Schedule": {"AdjustForDST": true}}')}
    params = {}

    def sample(match):
        name, _, constraint = match.group(1).rstrip("?").partition(":")
        params[name.strip("*")] = SAMPLES.get(constraint.partition("(")[0].rstrip("?"), "thing")
        return params[name.strip("*")]

    route = re.sub(r"\{([^}]*)\}", sample, function.trigger.get("route") or function.name)
    methods = function.trigger.get("methods") or ["get"]
    return {"method": methods[0].upper(), "url": f"http://localhost:7071/api/{route.lstrip('/')}?name=world",
            "params": params, "headers": {"User-Agent": "real-worker"}}


def start(host, options, description):
    if options.installed:
        return worker_choice.start(host, worker_choice.choose(host.environment(), options.app, options.worker.parent))
    executable = options.executable or description["defaultExecutablePath"]
    path = pathlib.Path(options.worker_path or description["defaultWorkerPath"])
    env = {} if options.executable is None else {"AZIMUTH_WORKER_EXECUTABLE": executable}
    return host.start([executable] if options.no_tap else [options.tap],
                      path if path.is_absolute() else options.worker / path,
                      arguments=description.get("arguments", ()), env=env)


def run(options, host, intake):
    description = worker_choice.read_json(options.worker / "worker.config.json")["description"]
    worker = start(host, options, description)
    init = worker.init()
    functions = (worker.index() if str(description.get("workerIndexing", "")).lower() == "true" else []) or \
        of_files(options.app)
    worker.load(functions)
    print(f"worker: {init.worker_metadata.runtime_name} {init.worker_metadata.runtime_version}, "
          f"{len(functions)} functions")
    sent = {}
    for f in functions:
        if "HttpUri" in worker.capabilities and f.trigger["type"].lower() == "httptrigger":
            results = [worker.invoke(f, **call(f)) for _ in range(options.calls)]
        else:
            results = worker.invoke_many(f, options.calls, options.concurrency, **call(f))
        sent.update({r.invocation_id: f.name for r in results})
        answers = collections.Counter(f"{r.status} {r.proxied_status or r.http_status}".strip() for r in results)
        print(f"  {f.name:<12} {f.trigger['type']:<20} {', '.join(f'{n} x {a}' for a, n in answers.items())}")
    if not options.no_tap:
        arrive(intake, len(sent))
    print(f"ended with {worker.terminate()}; stderr {len(worker.output['stderr'])} bytes")
    if worker.output["stderr"]:
        print(worker.output["stderr"].decode(errors="replace")[-1000:])
    return sent


def arrive(intake, count, patience=15):
    end = time.monotonic() + patience
    while len(intake.events()) < count and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.5)


def judge(options, sent, intake):
    """Prints what came; the number of complaints."""
    events = intake.events()
    arrived = collections.Counter(e["faas"]["execution"] for e in events)
    lost = [i for i in sent if i not in arrived]
    twice = [i for i, n in arrived.items() if n > 1]
    foreign = [i for i in arrived if i not in sent]
    problems = invalid(intake)
    print(f"\n{len(sent)} invocations, {len(events)} transactions in {len(intake.requests)} requests; "
          f"{len(lost)} lost, {len(twice)} twice, {len(foreign)} of nothing; schemas: "
          f"{'not at hand' if problems is None else problems or 'valid'}")
    kinds = collections.Counter((e["name"], e["type"], e["result"], e["outcome"], e["faas"]["trigger"]["type"],
                                 e["faas"]["coldstart"]) for e in events)
    for kind, count in kinds.items():
        print(f"  {count:>4} x {' | '.join(map(str, kind))}")
    if events:
        print("metadata:", json.dumps(events[0]["metadata"]))
    if options.events:
        for e in events:
            print(json.dumps({k: v for k, v in e.items() if k != "metadata"}))
    return not sent or len(lost) + len(twice) + len(foreign) + len(problems or [])


def main():
    options = arguments()
    options.worker, options.app = options.worker.resolve(), options.app.resolve()
    with tempfile.TemporaryDirectory(prefix="azimuth-") as folder, Intake() as intake:
        run_dir = pathlib.Path(folder) / "run"
        settings = {**SITE, "ELASTIC_APM_SERVER_URL": intake.url, "AZIMUTH_RUN_DIR": str(run_dir),
                    "AzureWebJobsScriptRoot": str(options.app), **dict(pair.split("=", 1) for pair in options.env)}
        runtime = worker_choice.read_json(options.worker / "worker.config.json")["description"]["language"]
        try:
            with Host(options.app, settings, runtime=runtime, worker_directory=options.worker) as host:
                sent = run(options, host, intake)
            if options.no_tap:
                return 0
            print(f"agents: {len(agents(run_dir))}")
            return 1 if judge(options, sent, intake) else 0
        finally:
            end_agents(run_dir)


if __name__ == "__main__":
    sys.exit(main())
