"""The bytes of a file as memory, while the system promises that nobody shortens it.
Knows nothing of tensors.
"""

import mmap
import os
import signal
from threading import Lock

import numpy as np

try:
    import fcntl
except ImportError:  # Windows has neither leases nor this module
    fcntl = None

CAN_LEASE = hasattr(fcntl, "F_SETLEASE")


class MappedFile:
    """Runs of an open file, lent out of a mapping; safe to share between threads.

    A mapped file that a program shortens ends whoever reads the part that is gone
    (SIGBUS). So runs are lent only under a read lease (fcntl(2), Linux): while anyone
    borrows, a program that opens the file for writing waits until all have let go,
    which each does at its next run. The kernel would wait 45 seconds.
    """

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor = descriptor
        self._size = size
        self._borrowers = 0
        self._counting = Lock()
        self._mapping = mmap.mmap(descriptor, size, access=mmap.ACCESS_READ)
        self._bytes = np.frombuffer(self._mapping, np.uint8)

    def borrow(self) -> bool:
        """Begin to borrow; False where the system gives no lease, as when a program
        has the file open for writing: read it by position then.
        """
        with self._counting:
            if not self._borrowers and not self._lease():
                return False
            self._borrowers += 1
        return True

    def lend(self, start: int, stop: int) -> np.ndarray | None:
        """Return the bytes [start, stop), read-only; None when a program waits to
        write: stop borrowing then.
        """
        held = fcntl.fcntl(self._descriptor, fcntl.F_GETLEASE) == fcntl.F_RDLCK
        return self._bytes[start:stop] if held else None

    def drop(self, start: int, stop: int) -> None:
        """Let the whole pages of a run leave this process's memory."""
        first = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE
        last = stop if stop == self._size else stop // mmap.PAGESIZE * mmap.PAGESIZE
        if first < last:
            self._mapping.madvise(mmap.MADV_DONTNEED, first, last - first)

    def stop_borrowing(self) -> None:
        """End what a `borrow` that was True began."""
        with self._counting:
            self._borrowers -= 1
            if not self._borrowers:
                fcntl.fcntl(self._descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)

    def _lease(self) -> bool:
        try:
            # The kernel tells of a waiting program by SIGIO, which would end this one.
            fcntl.fcntl(self._descriptor, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(self._descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError:  # a file system without leases, too
            return False
        if os.fstat(self._descriptor).st_size >= self._size:
            return True
        fcntl.fcntl(self._descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        return False
