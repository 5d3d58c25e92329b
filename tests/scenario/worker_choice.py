"""Which program a Functions host starts as its worker: from the app settings (its environment), the worker.config.json
of its own workers folder, and for .NET isolated the app's own. Only what concerns the choice, by azure-functions-host
(RpcWorkerConfigFactory, RpcWorkerContext) and azure-functions-dotnet-worker (FunctionMetadataLoaderExtension)."""
import dataclasses
import json
import pathlib
import re
import shlex

TOKENS = {"{os}": "LINUX", "{architecture}": "X64"}


@dataclasses.dataclass
class Choice:
    executable: str
    arguments: list
    worker_path: str
    directory: pathlib.Path
    indexing: bool


def without_comments(text):
    """As Newtonsoft reads it: comments and commas before an end are allowed."""
    strings = r'"(?:\\.|[^"\\])*"'
    text = re.sub(rf"({strings})|//[^\n]*|/\*.*?\*/", lambda m: m.group(1) or " ", text, flags=re.S)
    return re.sub(rf"({strings})|,(?=\s*[}}\]])", lambda m: m.group(1) or "", text)


def read_json(path):
    return json.loads(without_comments(path.read_text("utf-8-sig")))


def setting(env, *names):
    """Both spellings are one setting to .NET; with two values it would be left to chance which one counts."""
    values = {env[name] for name in ("__".join(names), ":".join(names)) if name in env}
    assert len(values) < 2, f"two values for {names}: {values}"
    return values.pop() if values else None


def expand(text, env):
    """%NAME%; one that is not set leaves nothing."""
    return re.sub(r"%([^%]*)%", lambda m: env.get(m.group(1), ""), text)


def applies(profile, env):
    met = [c["conditionType"].lower() == "environment" and bool(env.get(c["conditionName"]))
           and re.search(c["conditionExpression"], env[c["conditionName"]]) for c in profile["conditions"]]
    return bool(met) and all(met)


def description_of(config, env):
    description = dict(config["description"])
    for profile in config.get("profiles", []):
        if applies(profile, env):
            description.update({k: v for k, v in profile["description"].items() if v})
            description.pop("workerIndexing", None)
            break
    return description


def own_executable(app):
    """What the extension in a .NET isolated app tells the host."""
    written = read_json(app / "worker.config.json")["description"]["defaultExecutablePath"]
    if "{WorkerRoot}" not in written:
        return written
    path = app / written.replace("{WorkerRoot}", "")
    if not path.exists():
        raise FileNotFoundError(f"The file '{path}' was not found.")
    return str(path)


def choose(env, app, workers):
    """workers: the host's folder of workers, one for each language."""
    language, app = env["FUNCTIONS_WORKER_RUNTIME"], pathlib.Path(app)
    directory = pathlib.Path(setting(env, "languageWorkers", language, "workerDirectory") or
                             pathlib.Path(setting(env, "languageWorkers", "workersDirectory") or workers) / language)
    executable = setting(env, "languageWorkers", language, "defaultExecutablePath")
    if language == "dotnet-isolated":
        directory, executable = app, own_executable(app)
    description = description_of(read_json(directory / "worker.config.json"), env)
    env = {**env, "FUNCTIONS_WORKER_DIRECTORY": str(directory), "FUNCTIONS_APPLICATION_DIRECTORY": str(app)}
    path = description["defaultWorkerPath"]
    for token, value in TOKENS.items():
        path = path.replace(token, value)
    path = directory / expand(path, env)
    if not path.exists():
        raise FileNotFoundError(f"Did not find functions worker at {path}")
    added = setting(env, "languageWorkers", language, "arguments") or ""
    return Choice(expand(executable or description["defaultExecutablePath"], env),
                  shlex.split(expand(" ".join([*description.get("arguments", []), added]), env)), str(path), directory,
                  str(description.get("workerIndexing", "")).lower() == "true")


def start(host, choice, **more):
    """Under a host of host.py."""
    return host.start([choice.executable], choice.worker_path, arguments=choice.arguments, **more)
