"""The hub behind TLS: its certificate, its renewal, clients that are not ours, and what is no TLS."""
import concurrent.futures
import os
import pathlib
import random
import re
import signal
import socket
import ssl
import subprocess

import grpc
import pytest
import requests

import certificates
import otlp
from rings import Place
from test_hub import BIN, METADATA, NDJSON, PATIENCE, Hub, lines, transaction, wait_for
from test_hub_otlp import GOOD

pytestmark = [pytest.mark.threads, certificates.needed]


class TlsHub(Hub):
    """On three ports. Without a certificate they are the same without TLS."""

    def __init__(self, folder, pair=None, *options):
        tls = ("--tls-cert", pair[0], "--tls-key", pair[1]) if pair else ()
        super().__init__(folder, "--otlp-http", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0", *tls, *options)

    def start(self):
        super().start()
        text = "".join(self.process.stdout.readline() for _ in range(3))
        self.url = re.search(r"(https?://127.0.0.1:\d+)/", text)[1]
        self.main = int(self.url.rsplit(":", 1)[1])
        self.otlp, self.grpc = (int(re.search(what + r" on port (\d+)", text)[1]) for what in ("OTLP/HTTP", "OTLP/gRPC"))
        self.ports = (self.main, self.otlp, self.grpc)
        return self

    def descriptors(self):
        return len(list(pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir()))


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return certificates.Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def pair(authority):
    return authority.sign("hub")


@pytest.fixture
def hub(tmp_path, pair):
    hub = TlsHub(tmp_path, pair).start()
    yield hub
    if hub.process.poll() is None:
        code = hub.stop()
        assert (code, "Sanitizer" in hub.errors) == (0, False), hub.errors


def ask(hub, authority, path="/api/status"):
    return requests.get(hub.url + path, verify=str(authority.cert), timeout=PATIENCE)


def context(authority, *protocols):
    context = ssl.create_default_context(cafile=authority.cert)
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


def call(port, authority, body=GOOD):
    """OTLP over gRPC, by a client that is not ours."""
    credentials = grpc.ssl_channel_credentials(authority.cert.read_bytes())
    with grpc.secure_channel(f"localhost:{port}", credentials) as channel:
        stub = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export", request_serializer=None,
                                   response_deserializer=None)
        return stub(otlp.encode(body, "Trace"), timeout=PATIENCE, wait_for_ready=True)


def serial(port):
    """Of the certificate that is shown there."""
    careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
    careless.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as plain, careless.wrap_socket(plain) as secret:
        return secret.getpeercert(binary_form=True)


def der(cert):
    return ssl.PEM_cert_to_DER_cert(re.search("-----BEGIN C.*?END CERTIFICATE-----", cert.read_text(), re.S)[0])


# --- those who speak it ---

def test_clients_on_all_ports(hub, authority):
    assert hub.url.startswith("https://")
    body = lines(METADATA, *[transaction(n, name="x" * 1000) for n in range(1, 3001)])
    answer = requests.post(hub.url + "/intake/v2/events", body, headers=NDJSON, verify=str(authority.cert), timeout=PATIENCE)
    assert answer.status_code == 202
    done = subprocess.run(["curl", "-sS", "--max-time", str(PATIENCE), "--cacert", authority.cert, hub.url + "/api/traces?limit=1000"],
                          capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.count('"trace_id"') == 1000, done.stderr
    answer = requests.post(f"https://localhost:{hub.otlp}/v1/traces", b"{}", headers={"Content-Type": "application/json"},
                           verify=str(authority.cert), timeout=PATIENCE)
    assert answer.status_code == 200
    assert call(hub.grpc, authority) == b""
    big = GOOD["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    big = {**big, "spanId": "00000000000000ff", "attributes": [{"key": "big", "value": {"stringValue": "x" * (3 << 20)}}]}
    assert call(hub.grpc, authority, {"resourceSpans": [{"scopeSpans": [{"spans": [big]}]}]}) == b""
    assert ask(hub, authority, "/api/status").json()["ingest"]["events"] == 3002


def test_our_own_commands_trust_a_private_authority(hub, authority):
    requests.post(hub.url + "/intake/v2/events", lines(METADATA, transaction()), headers=NDJSON, verify=str(authority.cert), timeout=PATIENCE)
    ask = [BIN / "azimuth", "traces", "--hub", hub.url]
    trusting = subprocess.run(ask, capture_output=True, text=True, timeout=PATIENCE,
                              env={**os.environ, "ELASTIC_APM_SERVER_CA_CERT_FILE": str(authority.cert)})
    assert trusting.returncode == 0 and "GET /api/1" in trusting.stdout, trusting.stderr
    strict = subprocess.run(ask, capture_output=True, text=True, timeout=PATIENCE)
    assert strict.returncode == 1 and "certificate" in strict.stderr


def test_our_own_sender_trusts_a_private_authority(hub, authority, tmp_path):
    place = Place(tmp_path)
    try:
        url = hub.url.replace("127.0.0.1", "localhost")
        place.writer("ring-1-1").source("shop", url, ca_file=authority.cert).put(3)
        place.writer("ring-2-1").source("stranger", url).put(1)
        place.agent()
        wait_for(lambda: ask(hub, authority).json()["ingest"]["events"] == 3)
        wait_for(lambda: f"{url} does not take events" in place.log())
        assert "certificate" in place.log()
    finally:
        place.close()


def test_many_at_once_over_grpc(hub, authority):
    spans = [{"resourceSpans": [{"scopeSpans": [{"spans": [{**GOOD["resourceSpans"][0]["scopeSpans"][0]["spans"][0],
                                                            "spanId": f"{n + 1:016x}"}]}]}]} for n in range(40)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda body: call(hub.grpc, authority, body), spans)) == {b""}
    assert ask(hub, authority).json()["ingest"]["events"] == 40


def test_versions_and_protocols(hub, authority):
    """TLS 1.2 and newer; h2 on gRPC's port."""
    def shake(port, version=ssl.TLSVersion.TLSv1_3, protocols=("h2",)):
        own = context(authority, *protocols)
        own.set_ciphers("ALL:@SECLEVEL=0")
        own.minimum_version = own.maximum_version = version
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as plain:
            with own.wrap_socket(plain, server_hostname="localhost") as secret:
                return secret.version(), secret.selected_alpn_protocol(), secret.recv(1)
    for port in hub.ports:
        for old in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                shake(port, old)
    with pytest.raises((ssl.SSLError, ConnectionError), match="NO_APPLICATION_PROTOCOL|no application protocol|reset"):
        shake(hub.grpc, protocols=["http/1.1"])
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        own = context(authority, "h2")
        own.minimum_version = own.maximum_version = version
        with socket.create_connection(("127.0.0.1", hub.grpc), PATIENCE) as plain:
            with own.wrap_socket(plain, server_hostname="localhost") as secret:
                assert secret.selected_alpn_protocol() == "h2"
                assert secret.cipher()[0].startswith(("TLS_", "ECDHE-", "DHE-"))
                secret.sendall(b"GET / HTTP/1.1\r\n\r\n")  # no HTTP/2: told so, over TLS
                assert b"400 Bad Request" in until_closed(secret)


# --- the files ---

def start_fails(folder, cert, key, **env):
    options = [*(("--tls-cert", cert) if cert else ()), *(("--tls-key", key) if key else ())]
    done = subprocess.run([BIN / "azimuth", "hub", "--listen", "127.0.0.1:0", "--otlp-http", "off", "--otlp-grpc", "off", "--data-dir",
                           folder / "data", *options], capture_output=True, text=True, timeout=PATIENCE, env={**os.environ, **env})
    assert not (folder / "data").exists()
    return done.returncode, done.stderr


def test_files_that_are_no_good(tmp_path, authority, pair):
    other, locked = authority.sign("other"), authority.sign("locked", password="secret")
    cert, key = pair
    empty, garbage, mixed = tmp_path / "empty", tmp_path / "garbage", tmp_path / "mixed"
    empty.write_text("")
    garbage.write_bytes(b"-----BEGIN CERTIFICATE-----\n\xff\n-----END CERTIFICATE-----\n")
    mixed.write_text(cert.read_text() + other[0].read_text())
    missing = tmp_path / "missing.pem"
    for wrong_cert, wrong_key, names, says in (
            (missing, key, missing, "No such file"),
            (cert, missing, missing, "No such file"),
            (tmp_path, key, tmp_path, ""),
            (empty, key, empty, "no certificate"),
            (key, key, key, "no certificate"),
            (garbage, key, garbage, ""),
            (mixed, key, mixed, "issuer"),
            (cert, cert, cert, "no private key"),
            (cert, empty, empty, "no private key"),
            (cert, other[1], other[1], "is not that of"),
            (locked[0], locked[1], locked[1], "password"),
            (cert, None, "--tls-key", "go together"),
            (None, key, "--tls-cert", "go together")):
        code, text = start_fails(tmp_path, wrong_cert, wrong_key)
        assert code == 2 and str(names) in text and says in text and "Sanitizer" not in text, (wrong_cert, wrong_key, text)
    code, text = start_fails(tmp_path, None, None, AZIMUTH_HUB_TLS_CERT=str(missing), AZIMUTH_HUB_TLS_KEY=str(key))
    assert code == 2 and str(missing) in text


@pytest.mark.parametrize("kind", [("-newkey", "rsa:2048"), ("-newkey", "ed25519")], ids=lambda kind: kind[1])
def test_other_keys_and_a_chain(tmp_path, authority, kind):
    cert, key = authority.sign(kind[1].split(":")[0], kind=kind)
    cert.write_text(cert.read_text() + authority.cert.read_text())
    hub = TlsHub(tmp_path, (cert, key)).start()
    assert ask(hub, authority).status_code == 200
    if "rsa" in kind[1]:
        assert call(hub.grpc, authority) == b""
    assert hub.stop() == 0


def test_one_that_has_expired_is_shown_and_told(tmp_path, authority):
    cert, key = authority.sign("old", days=-1)
    hub = TlsHub(tmp_path, (cert, key)).start()
    with pytest.raises(requests.exceptions.SSLError, match="expired"):
        ask(hub, authority)
    assert hub.stop() == 0
    assert str(cert) in hub.errors and "expired" in hub.errors


def test_off_loopback_nothing_travels_in_the_clear(tmp_path, pair):
    for tls in ((), ("--tls-cert", pair[0], "--tls-key", pair[1])):
        hub = Hub(tmp_path, "--token", "secret", *tls).start("0.0.0.0:0")
        assert hub.stop() == 0 and ("in the clear" in hub.errors) == (not tls)


def test_a_renewed_certificate_is_taken_up(tmp_path, authority):
    first, second, third = (authority.sign(f"renewed-{n}") for n in range(3))
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"

    def put(pair):
        for source, place in zip(pair, (cert, key)):
            (tmp_path / "new").write_text(source.read_text())
            os.rename(tmp_path / "new", place)
    put(first)
    hub = TlsHub(tmp_path, (cert, key)).start()
    assert {serial(port) for port in hub.ports} == {der(first[0])}
    put(second)
    hub.process.send_signal(signal.SIGHUP)
    wait_for(lambda: {serial(port) for port in hub.ports} == {der(second[0])})
    cert.write_text(third[0].read_text())  # its key is late
    hub.process.send_signal(signal.SIGHUP)
    line = hub.process.stderr.readline()
    assert "stays as it was" in line and str(key) in line
    assert {serial(port) for port in hub.ports} == {der(second[0])}
    put(third)  # seen without a signal
    wait_for(lambda: {serial(port) for port in hub.ports} == {der(third[0])})
    assert ask(hub, authority).status_code == 200
    assert hub.stop() == 0 and "Sanitizer" not in hub.errors


# --- those who do not ---

def until_closed(client, patience=PATIENCE):
    client.settimeout(patience)
    got = b""
    try:
        while piece := client.recv(65536):
            got += piece
    except ConnectionError:
        pass
    return got


def test_what_is_no_tls(hub, authority):
    assert ask(hub, authority).status_code == 200
    before = hub.descriptors()
    for port in hub.ports:
        for said in (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0",
                     b"\0" * 5000, random.Random(17).randbytes(5000), b"\x16\x03\x01\x00\x05hello", b"\x16\x03\x01\xff\xff" + b"\1" * 70000, b"\x15\x03\x03\0\2\2\0"):
            with socket.create_connection(("127.0.0.1", port)) as client:
                try:
                    client.sendall(said)
                    client.shutdown(socket.SHUT_WR)
                except OSError:
                    continue
                assert b"HTTP/" not in until_closed(client)
    assert call(hub.grpc, authority) == b"" and ask(hub, authority).status_code == 200
    wait_for(lambda: hub.descriptors() <= before)


def test_tls_where_there_is_none(tmp_path, authority):
    hub = TlsHub(tmp_path).start()
    for port in hub.ports:
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.settimeout(1)
            with pytest.raises((ssl.SSLError, TimeoutError, ConnectionError)):
                context(authority, "h2").wrap_socket(client, server_hostname="localhost")
    assert requests.get(hub.url + "/api/status", timeout=PATIENCE).status_code == 200
    assert hub.stop() == 0 and "Sanitizer" not in hub.errors


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
def test_those_who_only_sit_there_make_room(tmp_path, pair, authority, tls):
    """300 on each port, more than may be connected at once: silent, or in the middle of their first words."""
    hub = TlsHub(tmp_path, pair if tls else None).start()
    before, own = hub.descriptors(), context(authority, "h2")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        own.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    except ssl.SSLWantReadError:
        pass
    hello = outgoing.read()[:60] if tls else b"GET / HT"
    idle = []
    for port in hub.ports:
        for n in range(300):
            client = socket.create_connection(("127.0.0.1", port))
            if n % 2:
                client.sendall(hello)
            idle.append(client)
    scheme, verify = ("https", str(authority.cert)) if tls else ("http", None)
    for port, path, answer in ((hub.main, "/api/status", 200), (hub.otlp, "/", 404)):
        assert requests.get(f"{scheme}://localhost:{port}{path}", verify=verify, timeout=PATIENCE).status_code == answer
    if tls:
        assert call(hub.grpc, authority) == b""
    for client in idle:
        client.close()
    wait_for(lambda: hub.descriptors() <= before + 4)  # readers of the store stay
    assert hub.stop() == 0 and "Sanitizer" not in hub.errors


def test_a_handshake_that_never_ends_keeps_nobody_waiting(hub, authority):
    own = context(authority, "h2")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        own.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    hello = outgoing.read()
    slow = [socket.create_connection(("127.0.0.1", port)) for port in hub.ports for _ in range(20)]
    for byte in hello[:40]:
        for client in slow:
            client.sendall(bytes([byte]))
    assert ask(hub, authority).status_code == 200 and call(hub.grpc, authority) == b""
    for client in slow:
        client.close()
    assert hub.stop() == 0  # it does not wait for them
