"""Connects to a Ray cluster, or starts Ray on this machine; Ray prints nothing and reports nothing to its makers."""

import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from musiq.errors import ClusterError, MissingExtraError

QUIET = {  # read when Ray is loaded; what the user has set stands
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # what happens to nodes would come on stdout, between the rows
}
CONNECT_S = 10.0


def load_ray() -> Any:
    """The package `ray`, with `ray.data`.

    Raises:
        MissingExtraError: it is not installed.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray.data
    except ImportError as error:
        raise MissingExtraError("--engine ray", "cluster") from error
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # what matters comes as an exception
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    return ray


@contextmanager
def connected(address: str | None) -> Iterator[None]:
    """Context with a connection; one that was there before is used and left as it is.

    Args:
        address: of a cluster that this machine is part of; None for `RAY_ADDRESS`, or the cluster that this machine is
            part of, or a Ray of our own that ends with the context.

    Raises:
        ClusterError: there is no such cluster, or only a client's address of it.
    """
    ray = load_ray()
    if ray.is_initialized():
        yield
        return
    address = address or os.environ.get("RAY_ADDRESS")
    _check(address or "")
    with _returning_sigterm():
        try:
            with _without_stderr():
                ray.init(address=address, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, RuntimeError, ValueError) as error:
            reason = (str(error.__cause__ or error).strip() or type(error).__name__).splitlines()[-1]
            raise ClusterError(f"no Ray cluster at {address or 'this machine'}: {reason}") from error
        try:
            yield
        finally:
            ray.shutdown()


@contextmanager
def _returning_sigterm() -> Iterator[None]:
    """Context after which SIGTERM is handled as before: Ray takes it, and does not give it back."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


def _check(address: str) -> None:
    """Refuses what Ray Data cannot use, and what Ray would try for minutes."""
    if address.startswith("ray://"):
        raise ClusterError(f"{address}: Ray Data needs a driver within the cluster; start it there by `ray job submit`")
    host, _, port = address.rpartition(":")
    if port.isdigit():
        try:
            socket.create_connection((host.strip("[]"), int(port)), CONNECT_S).close()
        except OSError as error:
            raise ClusterError(f"no Ray cluster at {address}: {error.strerror or error}") from error


@contextmanager
def _without_stderr() -> Iterator[None]:
    """Context in which nothing comes on stderr: Ray announces there that it will say nothing."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
