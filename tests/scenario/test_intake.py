"""The fake server that other scenarios look into."""
import gzip
import http.client
import json

import pytest

from intake import SCHEMAS, Intake, invalid

LINES = [{"metadata": {"service": {"name": "s", "agent": {"name": "a", "version": "1"}}}},
         {"transaction": {"id": "1" * 16, "trace_id": "2" * 32, "duration": 1, "type": "request",
                          "span_count": {"started": 0}}}]


def post(intake, lines, encode=None):
    body = "\n".join(map(json.dumps, lines)).encode()
    headers = {"Content-Type": "application/x-ndjson"}
    if encode:
        body, headers["Content-Encoding"] = encode(body), "gzip"
    connection = http.client.HTTPConnection("127.0.0.1", intake.port, timeout=10)
    connection.request("POST", "/intake/v2/events", body, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


@pytest.mark.parametrize("encode", [None, gzip.compress])
def test_it_keeps_events(encode):
    with Intake() as intake:
        assert post(intake, LINES, encode) == 202
        assert [e["metadata"]["service"]["name"] for e in intake.wait(1, settle=0)] == ["s"]
        intake.answer = 503
        assert post(intake, LINES) == 503
        with pytest.raises(AssertionError, match="1 transactions instead of 2"):
            intake.wait(2, patience=0.2)


def test_chunks():
    with Intake() as intake:
        headers = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        body = "\n".join(map(json.dumps, LINES)).encode()
        connection = http.client.HTTPConnection("127.0.0.1", intake.port, timeout=10)
        connection.connect()
        connection.sock.sendall(headers.encode() + b"%x\r\n" % 10 + body[:10] + b"\r\n%x;a=b\r\n" % len(body[10:]) +
                                body[10:] + b"\r\n0\r\n\r\n")
        assert connection.sock.recv(100).startswith(b"HTTP/1.1 202")
        connection.close()
        assert len(intake.wait(1, settle=0)) == 1


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the schemas of intake v2 are not at hand (AZM_SHARED)")
def test_it_knows_what_is_invalid():
    with Intake() as intake:
        post(intake, LINES)
        assert invalid(intake) == []
        post(intake, [LINES[0], {"transaction": {**LINES[1]["transaction"], "id": 5}}])
        post(intake, LINES[1:])
        assert len(invalid(intake)) == 2
