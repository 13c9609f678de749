"""Optuna's gRPC proxy in a thread."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from optuna.storages import BaseStorage
from optuna.storages._grpc.server import make_server


@contextmanager
def serve(storage: BaseStorage, port: int = 0) -> Iterator[int]:
    """Stands before `storage`; yields the port, by default a free one."""
    server = make_server(storage, "127.0.0.1", port, ThreadPoolExecutor(4))
    bound = server.add_insecure_port("127.0.0.1:0") if port == 0 else port
    server.start()
    yield bound
    server.stop(None).wait()
