"""A PostgreSQL server of the tests' own: `pytest_plugins = ["postgres"]` in a module gives it the fixture `postgres`."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


class Postgres:
    """A server on a free port of 127.0.0.1; its directory belongs to a user who may run it, for root may not."""

    def __init__(self, programs: Path, directory: Path, user: str | None) -> None:
        self._programs, self._directory, self._user = programs, directory, user
        self._names = (f"study_{number}" for number in itertools.count())
        self._run("initdb", "--no-sync", "--auth=trust", "--username=tester", "--encoding=UTF8", "--locale=C")
        self.port = _free_port()
        try:
            self.start()
        except AssertionError:
            if "Address already in use" not in (directory / "log").read_text():
                raise
            self.port = _free_port()  # somebody has taken the other one meanwhile
            self.start()

    def start(self) -> None:
        options = f"-p {self.port} -k {self._directory} -h 127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "--wait", "--silent", f"--log={self._directory / 'log'}", f"--options={options}", "start")

    def stop(self) -> None:
        """Connections are cut, as by a reboot."""
        self._run("pg_ctl", "--wait", "--silent", "--mode=fast", "stop")

    def database(self) -> str:
        """The URL of a new, empty database."""
        name = next(self._names)
        self._run("createdb", "--host=127.0.0.1", f"--port={self.port}", "--username=tester", name, data=False)
        return f"postgresql://tester@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str, data: bool = True) -> None:
        where = [f"--pgdata={self._directory / 'data'}"] if data else []
        command = [str(self._programs / program), *where, *arguments]
        groups = [] if self._user else None
        with (self._directory / "output").open("ab+") as output:  # no pipe: the server would keep it open
            status = subprocess.run(
                command, user=self._user, group=self._user and pwd.getpwnam(self._user).pw_gid, extra_groups=groups, cwd="/",
                stdout=output, stderr=output, stdin=subprocess.DEVNULL, timeout=180,
            ).returncode  # fmt: skip
            output.seek(0)
            assert status == 0, f"{command}: {output.read().decode()}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    programs, user = _programs(), _user()
    directory = Path(tempfile.mkdtemp(prefix="postgres-"))
    if user:
        shutil.chown(directory, user)
    try:
        server = Postgres(programs, directory, user)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(directory)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _programs() -> Path:
    """Where initdb is; Debian keeps it off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
    if not found and not shutil.which("initdb"):
        pytest.skip("no PostgreSQL here: initdb is neither on the PATH nor in /usr/lib/postgresql (Debian: apt-get install postgresql)")
    return found[-1].parent if found else Path(str(shutil.which("initdb"))).resolve().parent


def _user() -> str | None:
    """Whom to run it as: ourselves, but root lends it to another."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in names:
            return name
    pytest.skip("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
