"""The scripted host and worker with nothing between them: what the other scenarios stand on."""
import json

import pytest

import values
import wire


@pytest.mark.parametrize("style", ["node", "python", "dotnet"])
def test_a_conversation(scene, style):
    functions = [values.http(), values.http("boom", "fail", message="no luck"), values.queue(),
                 values.http("missing", status=404)]
    host = scene.host()
    worker = scene.start(host, functions, style, through_tap=False, report=scene.folder / "report")
    worker.init()
    indexed = worker.index()
    assert [f.name for f in indexed] == ["hello", "boom", "orders", "missing"]
    worker.load(indexed)
    result = worker.invoke("hello", "hi", headers={"X-Test": "1"}, method="POST")
    assert (result.status, result.body) == ("Success", "hi")
    assert result.http_status == ("" if style == "python" else "200")
    assert worker.invoke("boom").exception == "no luck" and worker.invoke("boom").status == "Failure"
    assert worker.invoke("missing").http_status == "404"
    assert worker.invoke("orders", "message").status == "Success"
    assert len(worker.invoke_many("hello", 50, concurrency=8)) == 50
    worker.ping()
    assert worker.terminate() == (-9 if style == "python" else 0)
    report = json.loads((scene.folder / "report").read_text())
    assert report["cwd"] == str(scene.app) and report["env"]["FUNCTIONS_APPLICATION_DIRECTORY"] == str(scene.app)


def test_http_proxying(scene):
    host = scene.host()
    worker = scene.start(host, [values.http(status=201), values.queue()], "dotnet", through_tap=False, http=1)
    worker.ready([values.http(), values.queue()])
    assert worker.invoke("hello", method="POST", url="http://h/api/hello?a=b").proxied_status == 201
    assert worker.invoke("orders", "x").status == "Success"


def test_recorders_tell_what_differs(scene):
    host, worker, check = scene.both_legs([values.http()], through_tap=False)
    worker.ready([values.http()])
    worker.invoke_many("hello", 10, 3)
    check()
    changed = next((scene.folder / "worker-leg").glob("*.h"))
    changed.write_bytes(changed.read_bytes().replace(b"4.1037", b"4.1038"))
    with pytest.raises(AssertionError, match="different from byte"):
        wire.same_bytes(scene.folder / "worker-leg", scene.folder / "host-leg")


def test_extension_services_and_exit_codes(scene):
    functions = [values.http("settle", "extension", calls=3, channels=2), values.http("leave", "exit", code=134)]
    host = scene.host()
    worker = scene.start(host, functions, through_tap=False)
    worker.ready(functions)
    assert worker.invoke("settle").body == "6"
    future = worker.begin("leave")
    assert worker.wait() == 134
    with pytest.raises(ConnectionError):
        future.result(10)
