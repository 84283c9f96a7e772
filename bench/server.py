"""A server of our own on a free loopback port, started and stopped by its id."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent


class Served(str):
    """The address of a server, and the id of the process that was started for it."""

    pid: int

    def server(self) -> psutil.Process:
        """Return the process that answers: Pedigree's start waits for one below it."""
        started = psutil.Process(self.pid)
        return next(iter(started.children()), started)


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def pedigree_server(environment: dict[str, str]) -> Iterator[Served]:
    """Yield the address of the app, served as `make run` does."""
    port = free_port()
    command = [sys.executable, "-m", "core.ui.serve"]
    with _serving(command, {**environment, "PORT": str(port)}, port) as address:
        yield address


@contextmanager
def streamlit_server(script: Path) -> Iterator[Served]:
    """Yield the address of a Streamlit server that runs `script`."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script),
               "--server.address=127.0.0.1", f"--server.port={port}"]  # fmt: skip
    with _serving(command, {}, port) as address:
        yield address


@contextmanager
def _serving(command: list[str], environment: dict, port: int) -> Iterator[Served]:
    server = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        address = Served(f"http://127.0.0.1:{port}")
        address.pid = server.pid
        wait_until_healthy(address, server)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def wait_until_healthy(address: str, server: subprocess.Popen) -> None:
    """Return once the server answers; raise when it ended or 60 s have passed."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with status {server.returncode}")
        try:
            opener.open(f"{address}/_stcore/health", timeout=1).read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not answer within 60 s")
