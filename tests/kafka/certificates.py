"""Certificates for tests, made by `openssl`: a CA, what it has signed, and what it has not."""

import subprocess
from pathlib import Path

PASSWORD = "key-password"
NAMES = "DNS:localhost,IP:127.0.0.1"


class Certificates:
    """A folder of PEM files. Each name is a certificate `NAME.pem` with its key `NAME.key`, and both in `NAME.both`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._self_signed("ca", "/CN=Test CA", ca=True)
        self._self_signed("other-ca", "/CN=Other CA", ca=True)

    def signed(self, name: str, names: str = NAMES, *, days: int = 30, by: str = "ca") -> Path:
        """A certificate for these names; of 0 days: expired."""
        self._openssl("req", "-new", *self._key(name), "-subj", f"/CN={name}", "-out", f"{name}.csr")
        (self.folder / f"{name}.ext").write_text(f"subjectAltName={names}\n")
        self._openssl(
            *("x509", "-req", "-in", f"{name}.csr", "-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-CAcreateserial"),
            *("-days", str(days), "-extfile", f"{name}.ext", "-out", f"{name}.pem"),
        )
        return self._both(name)

    def self_signed(self, name: str) -> Path:
        self._self_signed(name, f"/CN={name}", ca=False)
        return self._both(name)

    def encrypted(self, name: str) -> Path:
        """The key of a certificate, behind PASSWORD."""
        self._openssl(
            *("pkcs8", "-topk8", "-in", f"{name}.key", "-passout", f"pass:{PASSWORD}", "-out", f"{name}.locked")
        )
        return self.folder / f"{name}.locked"

    def _self_signed(self, name: str, subject: str, *, ca: bool) -> None:
        extensions = [f"subjectAltName={NAMES}", f"basicConstraints=critical,CA:{'TRUE' if ca else 'FALSE'}"]
        added = [word for extension in extensions for word in ("-addext", extension)]
        self._openssl("req", "-x509", *self._key(name), "-subj", subject, "-days", "30", *added, "-out", f"{name}.pem")

    def _both(self, name: str) -> Path:
        both = self.folder / f"{name}.both"
        both.write_text((self.folder / f"{name}.key").read_text() + (self.folder / f"{name}.pem").read_text())
        return both

    @staticmethod
    def _key(name: str) -> list[str]:
        return ["-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key"]

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, timeout=60)
