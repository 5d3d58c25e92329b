"""A certificate authority for one test, made with openssl."""
import shutil
import subprocess

import pytest

needed = pytest.mark.skipif(not shutil.which("openssl"), reason="makes certificates with openssl, which is not here")


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


class Authority:
    def __init__(self, folder):
        self.folder, self.cert = folder, folder / "ca.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / "ca.key",
                "-out", self.cert, "-days", 2, "-subj", "/CN=an authority")

    def sign(self, name, days=2, kind=("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"), password=None):
        """The paths of a new certificate for localhost, and of its key."""
        cert, key, request, names = (self.folder / (name + end) for end in (".pem", ".key", ".csr", ".names"))
        names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        lock = ("-passout", "pass:" + password) if password else ("-nodes",)
        openssl("req", *kind, *lock, "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.folder / "ca.key", "-CAcreateserial", "-out", cert,
                "-days", days, "-extfile", names)
        return cert, key
