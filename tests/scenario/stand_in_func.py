#!/usr/bin/python3
"""What `func start` does with the settings and files that name a worker's executable, for the tests of `azimuth run`.

    stand_in_func.py         starts the app's worker as the host does and ends as that does; nobody speaks to it
    stand_in_func.py start   is its host, too: loads the functions, calls each of them STAND_IN_CALLS times (2), says
                             what came of it, and goes on until it is asked to end (SIGINT, SIGTERM): with 0 when all succeeded

Like Core Tools it reads local.settings.json without replacing what the environment has, and for Python asks the named
executable for its version, or finds one and names it. Which worker the host below it starts is told in worker_choice.py;
STAND_IN_WORKERS names a workers folder other than the one here. Source: azure-functions-core-tools, StartHostAction,
PythonHelpers; azure-functions-host for custom handlers."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid

import worker_choice

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = 60


def settings():
    """The host's environment."""
    env = dict(os.environ)
    path = pathlib.Path("local.settings.json")
    if path.exists():
        for name, value in worker_choice.read_json(path)["Values"].items():
            env.setdefault(name, value)
    if "FUNCTIONS_WORKER_RUNTIME" not in env:
        sys.exit("Worker runtime cannot be 'None'. Please set a valid runtime.")
    more = {"FUNCTIONS_CORETOOLS_ENVIRONMENT": "True", "AzureWebJobsScriptRoot": os.getcwd(),
            "AZURE_FUNCTIONS_ENVIRONMENT": "Development", "WEBSITE_HOSTNAME": "localhost:7071"}
    return {**more, **env}


def choose_python(env):
    name = "languageWorkers:python:defaultExecutablePath"
    exe = env.get(name) or "python3"
    version = subprocess.run([exe, "--version"], env=env, capture_output=True, text=True)
    found = re.match(r"Python (3\.\d+)", version.stdout)
    if not found:
        sys.exit(f"Could not find a Python version: {version.stdout}{version.stderr}")
    env.setdefault(name, exe)
    env.setdefault("FUNCTIONS_WORKER_RUNTIME_VERSION", found.group(1))


def as_shell(code):
    return 128 - code if code < 0 else code


def until_asked(asked):
    print("Press Ctrl-C to end.", flush=True)
    while not asked.wait(1):  # a wait without an end would not let the signal's handler run
        pass


def host_json(env):
    path = pathlib.Path("host.json")
    config = worker_choice.read_json(path) if path.exists() else {}
    for name, value in env.items():  # any value of it may be overridden by a setting
        keys = name.replace(":", "__").split("__")
        if keys[0] == "AzureFunctionsJobHost":
            at = config
            for key in keys[1:-1]:
                at = at.setdefault(key, {})
            at[keys[-1]] = json.loads(value) if value.startswith(("[", "{")) else value
    return config


# --- nobody speaks to the worker ---

def only_start(env, choice):
    worker_id, request_id, port = str(uuid.uuid4()), str(uuid.uuid4()), "34567"
    env = {**env, "FUNCTIONS_WORKER_DIRECTORY": str(choice.directory), "FUNCTIONS_APPLICATION_DIRECTORY": os.getcwd()}
    worker = subprocess.Popen([choice.executable, *choice.arguments, choice.worker_path, "--host", "127.0.0.1",
                               "--port", port, "--workerId", worker_id, "--requestId", request_id,
                               "--grpcMaxMessageLength", "2147483647", "--functions-uri", f"http://127.0.0.1:{port}/",
                               "--functions-worker-id", worker_id, "--functions-request-id", request_id,
                               "--functions-grpc-max-message-length", "2147483647"], env=env)
    return as_shell(worker.wait())


# --- a host over gRPC ---

def function_files():
    """The functions of an app whose worker leaves it to the host to find them."""
    import values
    return [values.Function(path.parent.name, worker_choice.read_json(path)["bindings"],
                            script_file=str(path.parent / worker_choice.read_json(path).get("scriptFile", "")),
                            entry_point=worker_choice.read_json(path).get("entryPoint", ""))
            for path in sorted(pathlib.Path.cwd().glob("*/function.json"))]


def play(env, choice, asked):
    import values
    from host import Host
    messages = {"timertrigger": values.Json('{"IsPastDue": false, "Schedule": {"AdjustForDST": true}}')}
    calls, failed = int(env.get("STAND_IN_CALLS", "2")), 0
    prefix = host_json(env).get("extensions", {}).get("http", {}).get("routePrefix", "api")
    with Host(os.getcwd(), env, env["FUNCTIONS_WORKER_RUNTIME"], choice.directory) as host:
        worker = worker_choice.start(host, choice)
        try:
            worker.init()
            functions = (worker.index() if choice.indexing else []) or function_files()
            worker.load(functions, write_function_json=not choice.indexing)
            for f in functions:
                url = f"http://localhost:7071/{prefix}/{f.trigger.get('route') or f.name}"
                more = {"url": url} if f.trigger["type"].lower() == "httptrigger" else {}
                for _ in range(calls):
                    result = worker.invoke(f, messages.get(f.trigger["type"].lower(), "data"), **more)
                    print(f"Executed 'Functions.{f.name}' ({result.status} {result.http_status})".replace(" )", ")"))
                    failed += result.status != "Success"
            until_asked(asked)
            worker.terminate()
        except TimeoutError as error:
            print(f"the worker does not answer: {error}", file=sys.stderr)
            return 1
        finally:
            sys.stderr.write(worker.output["stderr"].decode(errors="replace"))
    return 1 if failed else 0


# --- a host of a custom handler ---

def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def ask(port, path, body=None):
    """The status of the answer; None when nobody answers."""
    headers = {"Content-Type": "application/json", "X-Azure-Functions-InvocationId": str(uuid.uuid4())} if body else {}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def call_of(function):
    value = json.dumps("data")
    if function.trigger["type"] == "httpTrigger":
        value = {"Url": f"http://localhost:7071/api/{function.name}", "Method": "GET", "Headers": {"Accept": ["*/*"]}}
    return {"Data": {function.trigger["name"]: value}, "Metadata": {}}


def play_custom(env, asked):
    section = "customHandler" if "customHandler" in host_json(env) else "httpWorker"
    description = dict(host_json(env)[section]["description"])
    for name in description:  # a setting goes before the file
        description[name] = env.get(f"AzureFunctionsJobHost__{section}__description__{name}", description[name])
    port = str(free_port())
    env = {**env, "FUNCTIONS_CUSTOMHANDLER_PORT": port, "FUNCTIONS_HTTPWORKER_PORT": port,
           "FUNCTIONS_CUSTOMHANDLER_WORKER_ID": str(uuid.uuid4()), "FUNCTIONS_APP_ROOT_PATH": os.getcwd()}
    exe = worker_choice.expand(description["defaultExecutablePath"], env)
    exe = str(pathlib.Path(exe).resolve()) if pathlib.Path(exe).exists() else exe
    arguments = [worker_choice.expand(a, env) for a in description.get("arguments", [])]
    worker = subprocess.Popen([exe, *arguments], env=env)
    end = time.monotonic() + PATIENCE
    while ask(port, "/") is None:
        if worker.poll() is not None or time.monotonic() > end:
            return as_shell(worker.wait())
        time.sleep(0.025)
    statuses = []
    for f in function_files():
        for _ in range(int(env.get("STAND_IN_CALLS", "2"))):
            statuses.append(ask(port, f"/{f.name}", json.dumps(call_of(f)).encode()))
            print(f"Executed 'Functions.{f.name}' ({statuses[-1]})")
    until_asked(asked)
    worker.kill()
    worker.wait()
    return 0 if all(s == 200 for s in statuses) else 1


def main():
    env, asked = settings(), threading.Event()
    if sys.argv[1:] == ["start"]:
        for signo in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signo, lambda *_: asked.set())
    os.environ["PATH"] = env["PATH"]  # Popen looks there
    if env["FUNCTIONS_WORKER_RUNTIME"] == "custom":
        return play_custom(env, asked)
    if env["FUNCTIONS_WORKER_RUNTIME"] == "python":
        choose_python(env)
    choice = worker_choice.choose(env, os.getcwd(), env.get("STAND_IN_WORKERS", HERE / "workers"))
    return play(env, choice, asked) if sys.argv[1:] == ["start"] else only_start(env, choice)


if __name__ == "__main__":
    sys.exit(main())
