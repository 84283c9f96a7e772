"""The port of the app: the one asked for, else the next free one."""

import socket

import pytest

from core.errors import UsageError
from core.ui.serve import DEFAULT_PORT, first_free_port, wanted_port


def test_a_busy_port_gives_way_to_the_next():
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        taken = busy.getsockname()[1]
        assert first_free_port(taken) > taken


def test_no_port_means_the_default():
    assert wanted_port(None) == wanted_port("") == DEFAULT_PORT


@pytest.mark.parametrize("text", ["80", "http", "-1", "70000", "8501;ls"])
def test_a_bad_port_is_named(text):
    with pytest.raises(UsageError, match="is no port"):
        wanted_port(text)
