"""Settings: what is in force, what Azure needs, what each option does to the events, and that no secret is ever told."""
import json
import os

import pytest

import values
from observing import observing, until
from processes import AZIMUTH, ROOT, TAP, run
from test_run import FUNC, App, is_tapped

SECRET = "hunter2"
LANGUAGES = ["node", "python", "java", "powershell", "dotnet-isolated"]


def settings(*args, **env):
    return run(AZIMUTH, "settings", *args, env={"PATH": os.environ["PATH"], **env})


@pytest.fixture
def observed(scene):
    with observing(scene) as observed:
        yield observed


# --- azimuth settings ---

def test_what_is_in_force():
    ran = settings("--json", ELASTIC_APM_SERVER_URL=f"https://me:{SECRET}@apm.example/x?key={SECRET}",
                   ELASTIC_APM_SECRET_TOKEN=SECRET, ELASTIC_APM_TRANSACTION_SAMPLE_RATE="2",
                   OTEL_SERVICE_NAME="shop", ELASTIC_APM_METRICS_INTERVAL="30s",
                   OTEL_EXPORTER_OTLP_HEADERS=f"authorization={SECRET}")
    told = json.loads(ran.stdout)
    rows = {row["name"]: row for row in told["settings"]}
    assert ran.returncode == 0 and (told["enabled"], told["destination"]) == (True, "elastic")
    assert rows["ELASTIC_APM_SERVER_URL"]["value"] == "https://apm.example/x?[REDACTED]"
    assert rows["ELASTIC_APM_SECRET_TOKEN"]["value"] == "[REDACTED]"
    assert (rows["ELASTIC_APM_SERVICE_NAME"]["value"], rows["ELASTIC_APM_SERVICE_NAME"]["from"]) == ("shop", "other name")
    rate = rows["ELASTIC_APM_TRANSACTION_SAMPLE_RATE"]
    assert (rate["value"], rate["from"], rate["default"]) == ("1.0", "invalid", "1.0")
    assert 'ELASTIC_APM_TRANSACTION_SAMPLE_RATE="2" is ignored: expected a number from 0 to 1' in ran.stderr
    assert "ELASTIC_APM_METRICS_INTERVAL has no effect" in ran.stderr
    assert SECRET not in ran.stdout + ran.stderr
    assert all(limit["value"] > 0 and limit["unit"] for limit in told["limits"])


def test_the_table_is_for_people():
    ran = settings(ELASTIC_APM_ENABLED="false", ELASTIC_APM_API_KEY=SECRET)
    assert ran.returncode == 0 and ran.stderr == ""
    assert ran.stdout.startswith("Events go nowhere: switched off.")
    row = next(line for line in ran.stdout.splitlines() if line.startswith("ELASTIC_APM_ENABLED"))
    assert row.split()[1:4] == ["false", "environment", "true"]
    assert SECRET not in ran.stdout and "\nLimits\n" in ran.stdout


def test_the_page_is_the_table():
    page = (ROOT / "docs" / "SETTINGS.md").read_text()
    assert settings("--markdown", ELASTIC_APM_API_KEY=SECRET).stdout == page
    names = [row["name"] for row in json.loads(settings("--json").stdout)["settings"]]
    assert names and all(f"| `{name}` |" in page for name in names)


@pytest.mark.parametrize("args, says", [
    (["what"], "takes no arguments"),
    (["--json", "--markdown"], "exclude each other"),
    (["--azure", "cobol"], "--azure cobol: expected node, python, java, powershell, dotnet-isolated or custom"),
    (["--azure", "dotnet"], "in-process"),
    (["--azure", "node", "--plan", "cheap"], "--plan cheap: expected dedicated, premium, consumption or flex"),
    (["--azure", "node", "--os", "beos"], "--os beos: expected linux or windows"),
    (["--azure", "node", "--format", "xml"], "expected table, az, bicep or json"),
    (["--azure", "node", "--plan", "flex", "--os", "windows"], "Linux only"),
    (["--azure", "node", "--tap", "a\nb"], "a path of one line"),
    (["--plan", "flex"], "go with --azure"),
])
def test_bad_usage(args, says):
    ran = settings(*args)
    assert (ran.returncode, ran.stdout) == (2, "") and says in ran.stderr
    assert ran.stderr.count("\n") == 1


# --- azimuth settings --azure ---

@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("plan", ["dedicated", "premium", "consumption", "flex"])
def test_the_command_sets_what_the_table_says(language, plan, tmp_path):
    """The az command goes through a real shell; what reaches az is what JSON says."""
    path = "/opt/it's $HOME `x` \"y\" %Z%/azimuth-tap"
    args = ["--azure", language, "--plan", plan, "--tap", path]
    wanted = json.loads(settings(*args, "--format", "json").stdout)
    (tmp_path / "az").write_text('#!/bin/sh\nprintf "%s\\0" "$@"\n')
    (tmp_path / "az").chmod(0o755)
    yours = {"ELASTIC_APM_SERVER_URL": "https://a b", "ELASTIC_APM_SECRET_TOKEN": f"{SECRET} '\"$x"}
    ran = run("sh", "-euc", settings(*args, "--format", "az").stdout,
              env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "APP": "my app", "GROUP": "rg", **yours})
    got = ran.stdout.split("\0")[:-1]
    assert ran.returncode == 0, ran.stderr
    assert got[:got.index("--settings")] == ["functionapp", "config", "appsettings", "set", "--name", "my app",
                                             "--resource-group", "rg", "--output", "none"]
    assert got[got.index("--settings") + 1:] == [
        f"{s['name']}={s['value'] if s['value'] is not None else yours[s['name']]}" for s in wanted["settings"]]
    assert any(path in word for word in got) == (language != "dotnet-isolated")
    assert any("has been seen on Azure yet" in note for note in wanted["notes"])


def test_bicep_and_table_say_the_same():
    args = ["--azure", "python", "--plan", "flex", "--worker", "/it's/${x}\\python", "--to", "otlp"]
    wanted = json.loads(settings(*args, "--format", "json").stdout)["settings"]
    bicep, table = settings(*args, "--format", "bicep").stdout, settings(*args).stdout
    assert all(f"name: '{s['name']}'\n" in bicep and f"\n{s['name']} " in "\n" + table for s in wanted)
    assert r"value: '/it\'s/\${x}\\python'" in bicep
    assert "@secure()\nparam otelExporterOtlpHeaders string" in bicep
    assert bicep.count("{\n") == bicep.count("  }\n") == len(wanted)


@pytest.mark.parametrize("language, own", [("node", False), ("java", False), ("node", True)])
def test_a_host_that_has_these_settings_starts_the_tap(tmp_path, language, own):
    app = App(tmp_path)
    worker = ["--worker", app.add_worker(tmp_path / "own", "worker")] if own else []
    wanted = json.loads(settings("--azure", language, "--tap", TAP, "--format", "json", *worker).stdout)["settings"]
    env = {s["name"]: s["value"] for s in wanted if s["value"] is not None}
    ran = run(FUNC, cwd=app.folder, env=app.env | env | {"FUNCTIONS_WORKER_RUNTIME": language})
    assert ran.returncode == 0, ran.stderr
    started = json.loads(app.out.read_text())
    assert is_tapped(started) and started["name"] == ("own/worker" if own else f"bin/{language}")


# --- what the options do ---

def names(events):
    return sorted(e["name"] for e in events)


@pytest.mark.threads
def test_requests_and_messages_that_nobody_wants_to_see(observed):
    observed.settings |= {"ELASTIC_APM_TRANSACTION_IGNORE_URLS": "/api/health*, *.png",
                          "ELASTIC_APM_TRANSACTION_IGNORE_USER_AGENTS": "probe/*",
                          "ELASTIC_APM_IGNORE_MESSAGE_QUEUES": "audit-*",
                          "ELASTIC_APM_TRANSACTION_NAME_GROUPS": "GET /api/shop*"}
    worker = observed.start([values.http("health"), values.http(), values.http("shops"), values.queue(),
                             values.queue("audit", queue_name="audit-eu"), values.timer("audit-timer")])
    worker.invoke("health")  # the cold start: it is not seen, and no other is one
    worker.invoke("hello", headers={"User-Agent": "Probe/1"})
    worker.invoke("audit", "x")
    worker.invoke("hello", headers={"User-Agent": "curl/8"})
    worker.invoke("shops")
    worker.invoke("orders", "x")
    worker.invoke("audit-timer", "x")
    events = observed.intake.wait(4)
    assert names(events) == ["AzureQueue RECEIVE from orders-in", "GET /api/hello", "GET /api/shop*", "audit-timer"]
    assert not any(e["faas"]["coldstart"] for e in events)


@pytest.mark.parametrize("off", ["ELASTIC_APM_DISABLE_SEND=true", "ELASTIC_APM_RECORDING=false",
                                 "ELASTIC_APM_ENABLED=false"])
def test_switched_off(observed, off):
    observed.settings |= dict([off.split("=")])
    worker = observed.start([values.http()])
    worker.invoke("hello")
    observed.scene.close()
    assert not list(observed.run_dir.glob("ring-*"))


@pytest.mark.threads
def test_the_log_tells_the_settings_and_no_secret(observed):
    observed.settings |= {
        "ELASTIC_APM_SERVER_URL": observed.intake.url.replace("://", f"://me:{SECRET}@") + f"?key={SECRET}",
        "ELASTIC_APM_SECRET_TOKEN": SECRET, "ELASTIC_APM_API_KEY": SECRET,
        "ELASTIC_APM_GLOBAL_LABELS": f"team=a,api_key={SECRET}", "ELASTIC_APM_CAPTURE_HEADERS": "false",
        "OTEL_EXPORTER_OTLP_HEADERS": f"authorization={SECRET}", "ELASTIC_APM_SERVER_TIMEOUT": f"{SECRET}@x",
        "OTEL_RESOURCE_ATTRIBUTES": f"auth={SECRET}", "ELASTIC_APM_INCLUDE_PROCESS_ARGS": "true",
        "DT_CONNECTION_POINT": f"https://u:{SECRET}@dt"}
    worker = observed.start([values.http()])
    worker.invoke("hello")
    log = until(lambda: "DT_CONNECTION_POINT" in observed.log() and observed.log())
    lines = [line.split(": ", 2)[-1] for line in log.splitlines()]
    assert log.startswith("azimuth agent ")
    assert any(line.startswith("azimuth-tap ") for line in lines)
    host = observed.intake.url
    for wanted in (f"ELASTIC_APM_SERVER_URL={host}?[REDACTED] (environment)",
                   "ELASTIC_APM_SERVICE_NAME= (default)", "ELASTIC_APM_LOG_LEVEL=info (default)",
                   "ELASTIC_APM_CAPTURE_HEADERS=false (environment)", "ELASTIC_APM_API_KEY=[REDACTED] (environment)",
                   "ELASTIC_APM_GLOBAL_LABELS=team=a,api_key=[REDACTED] (environment)"):
        assert wanted in lines, log
    assert "ELASTIC_APM_SERVER_TIMEOUT=\"[REDACTED]\" is ignored" in log
    assert "ELASTIC_APM_INCLUDE_PROCESS_ARGS has no effect" in log
    assert "ELASTIC_APM_VERIFY_SERVER_CERT" not in log  # as it is by default
    assert SECRET not in log
    for path in observed.run_dir.rglob("*"):
        if path.is_file() and path.name.endswith((".log", ".json")):
            assert SECRET not in path.read_text(errors="replace"), path


@pytest.mark.threads
def test_the_settings_of_an_app_that_a_placeholder_becomes(observed):
    """They come with the reload; those that the placeholder had are none of its."""
    settings = observed.settings | {"ELASTIC_APM_SERVICE_NAME": "app", "ELASTIC_APM_TRANSACTION_IGNORE_URLS": "/api/skip",
                                    "WEBSITE_SKU": "Dynamic", "ELASTIC_APM_CENTRAL_CONFIG": "true",
                                    "WEBSITE_PLACEHOLDER_MODE": "0"}
    observed.settings = {"AZIMUTH_RUN_DIR": settings["AZIMUTH_RUN_DIR"], "WEBSITE_PLACEHOLDER_MODE": "1",
                         "ELASTIC_APM_METRICS_INTERVAL": "30s", "WEBSITE_SKU": "Pool"}
    worker = observed.start([values.http("WarmUp")], "python")
    functions = [values.http(), values.http("skip")]
    worker.reload({**worker.host.environment(observed.scene.worker_env(functions, "python")), **settings,
                   "ELASTIC_APM_METRICS_INTERVAL": ""})
    worker.functions.clear()
    worker.received.clear()
    worker.load(functions)
    worker.invoke("skip")
    worker.invoke("hello")
    (event,) = observed.intake.wait(1)
    assert event["name"] == "GET /api/hello" and event["metadata"]["service"]["name"] == "app"
    assert event["metadata"]["labels"] == {"azure_app_service_sku": "Dynamic"}
    log = until(lambda: "CENTRAL_CONFIG" in observed.log() and observed.log())
    assert "ELASTIC_APM_SERVICE_NAME=app (environment)" in log and "METRICS_INTERVAL" not in log


@pytest.mark.threads
def test_what_the_platform_tells(observed):
    observed.settings |= {"WEBSITE_SKU": "ElasticPremium", "WEBSITE_SLOT_NAME": "staging",
                          "WEBSITE_HOSTNAME": "shop-staging.example", "WEBSITE_HOME_STAMPNAME": "waws-prod-1",
                          "WEBSITE_PLATFORM_VERSION": "98.0.7", "WEBSITE_COMPUTE_MODE": "Dedicated",
                          "ELASTIC_APM_GLOBAL_LABELS": "team=a,host_name=mine", "AzureWebJobsStorage": SECRET}
    worker = observed.start([values.http()])
    worker.invoke("hello")
    (event,) = observed.intake.wait(1)
    assert event["metadata"]["labels"] == {
        "team": "a", "host_name": "mine", "azure_app_service_sku": "ElasticPremium",
        "azure_app_service_compute_mode": "Dedicated", "azure_app_service_slot": "staging",
        "azure_app_service_stamp": "waws-prod-1", "azure_app_service_platform_version": "98.0.7"}
    assert "/slots/staging/" in event["faas"]["id"]
