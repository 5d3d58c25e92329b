#!/usr/bin/python3
"""A tap for the tests of `azimuth replay`: relays, and with STAND_IN_TAP does one thing wrong."""
import os
import socket
import subprocess
import sys
import threading

WRONG = os.environ.get("STAND_IN_TAP", "")


def spoil(chunk, side, at):
    where = 100  # in the worker's direction all recordings are longer than this
    if side != "w" or not at <= where < at + len(chunk):
        return chunk
    before, byte, after = chunk[:where - at], chunk[where - at:where - at + 1], chunk[where - at + 1:]
    return {"flip": before + bytes([byte[0] ^ 1]) + after, "drop": before + after,
            "double": before + byte + byte + after}.get(WRONG, chunk)


def pump(source, target, side):
    at = 0
    while chunk := source.recv(65536):
        target.sendall(spoil(chunk, side, at))
        at += len(chunk)
    if WRONG == "deaf to ends":
        return
    target.shutdown(socket.SHUT_WR)
    if WRONG == "close both":
        source.shutdown(socket.SHUT_RDWR)


def serve(listener, host):
    while True:
        worker, _ = listener.accept()
        upstream = socket.create_connection(host)
        for s in (worker, upstream):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=pump, args=(worker, upstream, "w"), daemon=True).start()
        threading.Thread(target=pump, args=(upstream, worker, "h"), daemon=True).start()


def main():
    argv = sys.argv[2:]
    port = argv[argv.index("--port") + 1]
    listener = socket.create_server(("127.0.0.1", 0))
    ours = str(listener.getsockname()[1])
    threading.Thread(target=serve, args=(listener, ("127.0.0.1", int(port))), daemon=True).start()
    if WRONG != "out of the path":
        argv = [ours if a == port else a.replace(f":{port}/", f":{ours}/") for a in argv]
    if WRONG == "one port only":
        argv[argv.index("--port") + 1] = port
    code = subprocess.run(argv).returncode
    sys.exit(3 if WRONG == "exit code" else code)


if WRONG == "die":
    sys.exit(7)
if os.environ.get("STAND_IN_TAP_SAYS"):
    print(os.environ[os.environ["STAND_IN_TAP_SAYS"]], file=sys.stderr)
main()
