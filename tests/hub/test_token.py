"""The token goes to the Hub's own origin and nowhere else: no other host, log, error or
file.
"""

import logging
import traceback

import pytest

from core.errors import HubError, PedigreeError
from core.hub.checkpoint import open_hub_checkpoint
from core.hub.client import HubClient
from core.hub.doctor import diagnose
from core.hub.listing import list_derived
from tests.standin import Standin

SECRET = "hf_0123456789secret"


@pytest.fixture
def hub(clock):
    with Standin(clock=clock, token=SECRET) as standin:
        yield standin


def carriers(requests) -> set[str]:
    return {r.server for r in requests if any(SECRET in v for v in r.headers.values())}


def test_only_the_hub_port_sees_the_token(family, client_for, settings_for, caplog):
    caplog.set_level(logging.DEBUG)
    client = client_for(family, token=SECRET)
    settings = settings_for(family, HF_TOKEN=SECRET)
    list_derived("org/base", client, settings)
    with open_hub_checkpoint("org/head", client) as checkpoint:
        (source,) = checkpoint.sources.values()
        source.read_many([(0, 10), (10**6, 10**6 + 10)])
    diagnose(settings, model="org/base", limiter=client.limiter)
    assert carriers(family.requests) == {"hub"}
    assert all("authorization" not in r.headers for r in family.requests_to("cdn"))
    assert SECRET not in caplog.text
    for path in settings.cache_root.rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes()


@pytest.mark.parametrize("kind", ["status", "reset", "short", "shifted", "whole"])
def test_no_error_shows_the_token(family, client_for, kind, caplog):
    caplog.set_level(logging.DEBUG)
    client = client_for(family, token=SECRET)
    family.fault(kind, where=None, path="*model.safetensors", times=None)
    with pytest.raises(PedigreeError) as caught:
        with open_hub_checkpoint("org/base", client) as checkpoint:
            checkpoint.sources["model.safetensors"].read(10**7, checkpoint.size_bytes)
        raise HubError("the fault", "did not show")
    text = "".join(traceback.format_exception(caught.value))
    assert SECRET not in text + repr(client) + caplog.text


def test_a_redirect_to_another_host_loses_the_token(hub, client_for):
    with Standin() as other:
        hub.renamed["org/moved"] = "org/there"
        hub.elsewhere = other.endpoint
        with pytest.raises(HubError):
            open_hub_checkpoint("org/moved", client_for(hub, token=SECRET))
        assert carriers(other.requests) == set()


@pytest.mark.parametrize("token", ["hf_a\nhf_b", "hf_é", "hf a"])
def test_a_token_that_cannot_be_sent_is_named_without_showing_it(
    hub, settings_for, token
):
    with pytest.raises(HubError, match="HF_TOKEN holds characters") as caught:
        HubClient(settings_for(hub, HF_TOKEN=token))
    assert token not in "".join(traceback.format_exception(caught.value))
