"""A browser session without a browser: Streamlit's own messages over its websocket."""

import time
from types import TracebackType
from urllib.parse import urlencode, urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

LARGEST_MESSAGE = 256 * 2**20
PATIENCE_SECONDS = 180


class Session:
    """One tab on one page. It keeps what it was sent, as a browser does."""

    def __init__(self, address: str, page: str = "", **query: str) -> None:
        self.page = page
        self.query = urlencode(query)
        self.kept: set[str] = set()
        self.buttons: dict[str, str] = {}
        self.errors: list[str] = []
        self.socket = connect(
            f"ws://{urlsplit(address).netloc}/_stcore/stream",
            max_size=LARGEST_MESSAGE, proxy=None, ping_interval=None,
        )  # fmt: skip

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.socket.close()

    def run(self, *, press: str = "") -> float:
        """Run the page's script once; return the seconds until all of it came."""
        message = BackMsg()
        state = message.rerun_script
        state.page_name, state.query_string = self.page, self.query
        state.cached_message_hashes.extend(self.kept)
        if press:
            widget = state.widget_states.widgets.add()
            widget.id, widget.trigger_value = self.buttons[press], True
        started = time.perf_counter()
        self.socket.send(message.SerializeToString())
        while not self._read(started + PATIENCE_SECONDS):
            pass
        return time.perf_counter() - started

    def _read(self, until: float) -> bool:
        """Read one message; True when it was the script's last."""
        answer = ForwardMsg()
        answer.ParseFromString(self.socket.recv(max(0.0, until - time.perf_counter())))
        if answer.metadata.cacheable and answer.hash:
            self.kept.add(answer.hash)
        element = answer.delta.new_element
        if element.HasField("button"):
            self.buttons[element.button.label] = element.button.id
        if element.HasField("exception"):
            self.errors.append(element.exception.message)
        return answer.HasField("script_finished")
