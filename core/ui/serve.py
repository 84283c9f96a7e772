"""Start the app on a free port of this machine and stay in the foreground."""

import os
import signal
import socket
import subprocess
import sys

from core.errors import PedigreeError, UsageError
from core.settings import PROJECT_ROOT

DEFAULT_PORT = 8501
ADDRESS = "127.0.0.1"


def first_free_port(wanted: int, *, attempts: int = 100) -> int:
    """Return `wanted`, or the next port after it on which nobody listens."""
    for port in range(wanted, min(wanted + attempts, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((ADDRESS, port))
            except OSError:
                continue
            return port
    raise UsageError(
        f"PORT={wanted}", "has no free port near it", "set PORT to another"
    )


def wanted_port(text: str | None) -> int:
    """Read PORT. Raises UsageError for anything but 1024-65535."""
    if not text:
        return DEFAULT_PORT
    if text.isascii() and text.isdigit() and 1024 <= int(text) <= 65535:
        return int(text)
    raise UsageError(f"PORT={text}", "is no port", "give a number from 1024 to 65535")


def main() -> int:
    """Run Streamlit until it is stopped; return its exit status."""
    try:
        wanted = wanted_port(os.environ.get("PORT"))
        port = first_free_port(wanted)
    except PedigreeError as error:
        print(error, file=sys.stderr)
        return 1
    if port != wanted:
        print(f"Port {wanted} is busy; using {port}.", flush=True)
    print(f"Pedigree is at http://{ADDRESS}:{port} (Ctrl+C stops it)", flush=True)
    server = subprocess.Popen(
        [sys.executable, "-m", "core.ui.server",
         f"--server.address={ADDRESS}", f"--server.port={port}"],
        cwd=PROJECT_ROOT,
    )  # fmt: skip
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _frame: server.send_signal(received))
    return server.wait()


if __name__ == "__main__":
    sys.exit(main())
