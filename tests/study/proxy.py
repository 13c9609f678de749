"""Optuna's gRPC proxy in a thread."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
from optuna.storages import BaseStorage
from optuna.storages._grpc.server import make_server


@contextmanager
def serve(storage: BaseStorage, port: int = 0) -> Iterator[int]:
    """Stands before `storage`; yields the port, by default a free one."""
    server = make_server(storage, "127.0.0.1", port, ThreadPoolExecutor(4))
    bound = _bind(server, port)
    server.start()
    yield bound
    server.stop(None).wait()


def _bind(server: grpc.Server, port: int) -> int:
    """A free port, or the one asked for, which somebody may have for a moment."""
    if port == 0:
        return int(server.add_insecure_port("127.0.0.1:0"))
    deadline = time.monotonic() + 60
    while True:
        try:
            return int(server.add_insecure_port(f"127.0.0.1:{port}"))
        except RuntimeError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
