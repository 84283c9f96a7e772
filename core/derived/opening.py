"""Open the weights of a listed child, named before more of them than their address is
read. Compares nothing.
"""

from core.derived.base_weights import identity_of
from core.derived.hub_child import HubChild
from core.hub.checkpoint import root_files
from core.hub.client import HubClient
from core.hub.reader import HubSource
from core.weights.checkpoint import open_weights, pick_weights
from core.weights.entry import Checkpoint


class Opening:
    """The weights of a child, named before more than their addresses is read.

    Of shards the headers are read too: which tensor is where belongs to the name.
    """

    def __init__(self, client: HubClient, child: HubChild) -> None:
        self._client, self._child = client, child
        self._files = root_files(child.files)
        self._picked = pick_weights(self._files, child.id)
        self._opened: Checkpoint | None = None
        self._source: HubSource | None = None
        if self._picked.endswith(".index.json"):
            sources = self.checkpoint().sources
            digests = {n: getattr(s, "sha256", None) for n, s in sources.items()}
            self.weights = identity_of(digests, self._opened.entries)
        else:
            self._source = self._open_source(self._picked)
            self.weights = identity_of({self._picked: self._source.sha256})

    @property
    def size_bytes(self) -> int:
        """How much downloading the weights would cost."""
        return self._opened.size_bytes if self._opened else self._source.size

    def checkpoint(self) -> Checkpoint:
        """Read the header, once."""
        if self._opened is None:
            self._opened = open_weights(
                self._child.id, self._picked, self._files, self._open_source
            )
        return self._opened

    def close(self) -> None:
        """Close whatever was opened."""
        if self._opened:
            self._opened.close()
        elif self._source:
            self._source.close()

    def _open_source(self, file: str) -> HubSource:
        if self._source and file == self._picked:
            return self._source
        return HubSource(self._client, self._child.id, self._child.sha, file)
