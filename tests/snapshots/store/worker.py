"""A process that works on a store, and kills itself before its n-th step on disk.

    python worker.py STORE STEPS add FOLDER ...
    python worker.py STORE STEPS collect|compress

A step opens, renames or deletes a file of the store. The number of steps is printed
when the work is done; STEPS 0 never kills.
"""

import os
import signal
import sys
from pathlib import Path

from core.snapshots.store.add import add_model
from core.snapshots.store.collect import collect
from core.snapshots.store.compress import compress
from core.snapshots.store.model_store import ModelStore

WATCHED = ("open", "os.rename", "os.remove", "os.chmod")


class Steps:
    """Counts steps on disk; the last one is not taken."""

    def __init__(self, folder: Path, last: int) -> None:
        self.folder, self.last, self.taken = str(folder), last, 0

    def __call__(self, event: str, arguments: tuple) -> None:
        if event not in WATCHED or not str(arguments[0]).startswith(self.folder):
            return
        self.taken += 1
        if self.taken == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


def main(folder: Path, steps: int, verb: str, *folders: str) -> None:
    """Do the work."""
    store = ModelStore(folder, create=True)
    counted = Steps(folder, steps)
    sys.addaudithook(counted)
    for path in map(Path, folders):
        lineage = {} if path.name == "base" else {"base": "base", "parent": "base"}
        add_model(store, path.name, path, lineage=lineage)
    if verb != "add":
        {"collect": collect, "compress": compress}[verb](store)
    print(counted.taken)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
