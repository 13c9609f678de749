"""Where a study lives: a journal on a disk, a database, or a server before one. Machines that open the same one work together."""

from __future__ import annotations

import json
import os
import re
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import optuna
from optuna.storages import BaseStorage, GrpcStorageProxy, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from tldr_search.files import named
from tldr_search.made_with import stamp
from tldr_search.mistakes import is_mistake
from tldr_search.study.claims import Claims
from tldr_search.study.patience import PatientStorage, first_line
from tldr_search.study.settings import keep, other_settings

JOURNAL = "journal.log"
MEASUREMENTS = "measurements"
ACCEPTED = "journal:/shared/study.log, sqlite:///study.db, postgresql://user@host/name, mysql://user@host/name or grpc://host:13000"
PACKAGES = {"psycopg": "psycopg[binary]", "grpc": "grpcio protobuf", "google": "grpcio protobuf"}
"""Driver -> what `pip install` calls it, where that is something else."""
OPENINGS = 5


def open_storage(run: Path, url: str | None, say: Callable[[str], None]) -> BaseStorage:
    """The storage at `url`, or a journal in the directory `run`; a database that goes away later is waited for, and `say` is told.

    `ValueError` if it cannot be opened, without its password.
    """
    if url is None:
        return _journal(run / JOURNAL)
    kind = re.split(r"[:+]", url, maxsplit=1)[0]
    try:
        if kind == "journal" or (kind == url and url.endswith(".log")):
            return _journal(Path(url.removeprefix("journal:")))
        if kind in ("sqlite", "postgresql", "mysql"):
            return PatientStorage(optuna.storages.get_storage(_database(url)), say)
        if kind == "grpc":
            return PatientStorage(_proxy(url), say)
    except ImportError as error:
        driver = _driver(error)
        needed = PACKAGES.get(driver, driver)
        raise ValueError(f"storage {public(url)!r} needs a driver that is not installed: pip install {needed}") from error
    except Exception as error:  # SQLAlchemy and its drivers raise what they like, and so does a damaged journal
        if is_mistake(error):
            raise
        reason = first_line(error).replace(urlsplit(url).password or "\0", "***")
        raise ValueError(f"storage {public(url)!r} cannot be opened: {reason}; e.g. {ACCEPTED} would be accepted") from error
    raise ValueError(f"storage {public(url)!r} is of no known kind; {ACCEPTED} would be accepted")


def open_study(storage: BaseStorage, name: str) -> optuna.Study:
    """Creates the study `name`, to be maximised, or opens it."""
    return optuna.create_study(storage=storage, study_name=name, direction="maximize", load_if_exists=True)


def join(storage: BaseStorage, prefix: str, identity: Mapping[str, object], *, beat: float = 10, grace: float = 60) -> optuna.Study:
    """Joins the search whose studies are called `prefix`/...: its study of measurements, created by whoever comes first.

    `identity` says all that decides what is measured. `ValueError` names what differs, if anything was finished under another, or
    somebody alive is at it; a search that measured nothing holds nobody to its settings. Whoever begins later than this one has
    looked is told apart by the stamp on its claims: `Claims(study, stamp=stamp(identity))`, first of all on the study returned.
    """
    study = open_study(storage, f"{prefix}/{MEASUREMENTS}")
    keep(study, identity)
    names = [each.study_name for each in storage.get_all_studies() if each.study_name.startswith(f"{prefix}/")]
    claims = [Claims(open_study(storage, name), beat=beat, grace=grace) for name in names]
    mine, deadline = stamp(identity), time.monotonic() + 1.5 * grace
    while others := [r for each in claims for r in each.records() if r.stamp != mine and (r.is_open or r.is_done)]:
        if any(record.is_done for record in others) or time.monotonic() > deadline:
            raise other_settings(study, others[0].stamp, mine)
        for each in claims:
            each.fail_lost()
        time.sleep(min(beat, 0.1))
    return study


def _journal(path: Path) -> JournalStorage:
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    _check_journal(path)
    try:
        storage = JournalStorage(_Journal(path))  # reads it
        storage.get_all_studies()
    except OSError:
        raise
    except Exception as error:  # Optuna takes what is there for its own, so that damage makes it raise this or that
        raise ValueError(
            f"{path} is damaged ({_damage(path) or first_line(error)}); a copy of it as it was, or another directory with --out, "
            "would be accepted"
        ) from error
    return storage


def _damage(path: Path) -> str | None:
    """Which line it is, where that can be told."""
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], 1):
        try:
            json.loads(line)
        except ValueError:
            return f"line {number} is not what a study wrote"
    return None


def _check_journal(path: Path) -> None:
    """`ValueError` for a file of another kind, which would be taken for torn lines."""
    if path.is_file() and path.stat().st_size:
        with path.open("rb") as file:
            begins = file.read(64)
        if not re.match(rb'\{"(op_code|worker_id)"', begins):
            raise ValueError(f"{path} is no journal; one that does not exist yet, or that a study made, would be accepted")


class _Journal(JournalFileBackend):
    """One file, on a disk that several machines may share: locked by a file that is created exclusively, which NFSv3 and newer hold to.

    The lock of a process that was killed while it wrote is broken after half a minute. A line that was torn by a kill or a full disk is
    cut off by whoever writes next: only under the lock does nobody else write. What finishes a trial is on the disk, with all before
    it, when this returns; parameters and attributes alone, of which a trial has dozens, may be lost with the power.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._exclusive = path, JournalFileOpenLock(str(path))
        super().__init__(str(path), self._exclusive)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Appends a line for each, all or none."""
        text = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        self._exclusive.acquire()
        try:
            with named(self._path), self._path.open("ab+") as file:
                _cut_torn_line(file)
                file.write(text.encode())
                file.flush()
                if any("state" in log for log in logs):
                    os.fsync(file.fileno())
        finally:
            self._exclusive.release()


def _cut_torn_line(file: BinaryIO) -> None:
    size = file.seek(0, os.SEEK_END)
    if not size:
        return
    file.seek(size - 1)
    if file.read(1) != b"\n":
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)


def _database(url: str) -> RDBStorage:
    """Opened anew if several processes create its tables at the same time, of which all but one fail."""
    for scheme, driver in (("postgresql", "psycopg"), ("mysql", "pymysql")):
        url = re.sub(f"^{scheme}://", f"{scheme}+{driver}://", url)
    kwargs: dict[str, Any] = {"connect_args": {"timeout": 60}} if url.startswith("sqlite") else {"pool_pre_ping": True}
    for attempt in range(OPENINGS):
        try:
            storage = RDBStorage(url.replace("{", "{{").replace("}", "}}"), engine_kwargs=kwargs)
            break
        except Exception as error:
            created = re.search("already exists|duplicate|unique", str(error), re.IGNORECASE)
            if not created or attempt == OPENINGS - 1:
                raise
            time.sleep(0.2 * 2**attempt)
    if url.startswith("sqlite"):
        _serialise(storage)
    return storage


def _serialise(storage: RDBStorage) -> None:
    """SQLite has no SELECT ... FOR UPDATE: a transaction that may read before it writes takes the lock at its beginning."""
    from sqlalchemy import Connection, event

    def connect(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver begins no transactions of its own
        connection.execute("PRAGMA journal_mode=WAL")  # one sync per transaction, where a rollback journal needs several

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    storage.engine.dispose()
    event.listen(storage.engine, "connect", connect)
    event.listen(storage.engine, "begin", begin)


def _proxy(url: str) -> GrpcStorageProxy:
    """Optuna's server before a database; there is one answer at least before this returns."""
    parts = urlsplit(url)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        proxy = GrpcStorageProxy(host=parts.hostname or "localhost", port=parts.port or 13000)
    proxy.wait_server_ready(timeout=10)
    return proxy


def _driver(error: BaseException) -> str:
    """The package whose import failed in the end."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (getattr(error, "name", None) or str(error)).partition(".")[0]


def public(url: str) -> str:
    """Without the password."""
    return re.sub(r"(//[^:/@]*):.*@", r"\1:***@", url)
