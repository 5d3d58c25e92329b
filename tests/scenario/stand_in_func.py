#!/usr/bin/python3
"""What `func start` does with the settings that name a worker's executable, for the tests of `azimuth run`.

Like Core Tools it reads local.settings.json without replacing what the environment has, and for Python asks the named
executable for its version, or finds one and names it. Like the host it then starts one worker and ends as that does."""
import json
import os
import pathlib
import subprocess
import sys
import uuid


def settings():
    env = dict(os.environ)
    path = pathlib.Path("local.settings.json")
    if path.exists():
        for name, value in json.loads(path.read_text())["Values"].items():
            env.setdefault(name, value)
    return env


def configured(env, runtime):
    """Both spellings are one setting; with two values it would be left to chance which one counts."""
    values = {env[n] for n in (f"languageWorkers__{runtime}__defaultExecutablePath",
                               f"languageWorkers:{runtime}:defaultExecutablePath") if n in env}
    assert len(values) < 2, f"two values for one setting: {values}"
    return values.pop() if values else None


def choose_python(env):
    name = "languageWorkers:python:defaultExecutablePath"
    exe = env.get(name) or "python3"
    version = subprocess.run([exe, "--version"], env=env, capture_output=True, text=True)
    if not version.stdout.startswith("Python 3"):
        sys.exit(f"Could not find a Python version: {version.stdout}{version.stderr}")
    env.setdefault(name, exe)


def main():
    env = settings()
    runtime = env.get("FUNCTIONS_WORKER_RUNTIME", "")
    if runtime == "python":
        choose_python(env)
    exe = configured(env, runtime) or {"node": "node", "python": "python", "java": "java", "dotnet-isolated": "dotnet"}[runtime]
    env["FUNCTIONS_WORKER_DIRECTORY"] = str(pathlib.Path(__file__).parent / "workers" / runtime)
    env["FUNCTIONS_APPLICATION_DIRECTORY"] = os.getcwd()
    worker_id, request_id, port = str(uuid.uuid4()), str(uuid.uuid4()), "34567"
    path = env["PATH"] if os.sep not in exe else ""
    os.environ["PATH"] = path or os.environ["PATH"]
    worker = subprocess.Popen([exe, "worker-file", "--host", "127.0.0.1", "--port", port, "--workerId", worker_id,
                               "--requestId", request_id, "--grpcMaxMessageLength", "2147483647", "--functions-uri",
                               f"http://127.0.0.1:{port}/", "--functions-worker-id", worker_id,
                               "--functions-request-id", request_id, "--functions-grpc-max-message-length",
                               "2147483647"], env=env)
    code = worker.wait()
    sys.exit(128 - code if code < 0 else code)


main()
