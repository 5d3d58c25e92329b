"""A ClickHouse server of the tests' own, for the hub's second kind of store: one per run, gone with it. Debian's package
clickhouse-server has it."""
import atexit
import hashlib
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import requests

SERVER = shutil.which("clickhouse-server", path="/usr/bin:/usr/sbin:/usr/local/bin")
MISSING = "ClickHouse is not installed (apt-get install clickhouse-server): its store is NOT tested"
PATIENCE = 60

CONFIG = """<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><log>{folder}/log</log><errorlog>{folder}/errors</errorlog></logger>
  <http_port>{http}</http_port><tcp_port>{tcp}</tcp_port><listen_host>127.0.0.1</listen_host>
  <path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path><users_config>{folder}/users.xml</users_config>
  <default_profile>default</default_profile><default_database>default</default_database>
  <mark_cache_size>67108864</mark_cache_size><keep_alive_timeout>3</keep_alive_timeout>
</yandex>
"""
USERS = """<?xml version="1.0"?>
<yandex>
  <profiles><default><max_memory_usage>1000000000</max_memory_usage></default></profiles>
  <quotas><default></default></quotas>
  <users>
    <default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default>
    <azimuth><password>s:e@c/ret</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></azimuth>
  </users>
</yandex>
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Server:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="azm-clickhouse-"))
        self.port, self.process = free_port(), None
        (self.folder / "config.xml").write_text(CONFIG.format(folder=self.folder, http=self.port, tcp=free_port()))
        (self.folder / "users.xml").write_text(USERS)
        for name in ("data", "tmp"):
            (self.folder / name).mkdir()

    def start(self):
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen([SERVER, f"--config-file={self.folder}/config.xml"], stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=output, cwd=self.folder)
        end = time.monotonic() + PATIENCE
        while not self.answers():
            assert self.process.poll() is None and time.monotonic() < end, (self.folder / "output").read_text()[-2000:]
            time.sleep(0.05)
        return self

    def answers(self):
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/ping", timeout=5).ok
        except requests.RequestException:
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)

    def close(self):
        self.process.kill()
        self.process.wait(PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, sql, database="default"):
        answer = requests.post(f"http://127.0.0.1:{self.port}/", params={"database": database}, data=sql.encode(), timeout=PATIENCE)
        assert answer.ok, answer.text
        return answer.text

    def address(self, folder, user=""):
        """A database of its own for a hub's folder: the same after a restart."""
        name = "t" + hashlib.sha1(str(folder).encode()).hexdigest()[:16]
        return f"clickhouse://{user}127.0.0.1:{self.port}/{name}"


_shared = []


def shared():
    if not _shared:
        server = Server()
        atexit.register(server.close)
        _shared.append(server.start())
    return _shared[0]
