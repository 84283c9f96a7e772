"""A stand-in Hub with a clock that only moves when somebody sleeps, and a family."""

from threading import Lock

import pytest

from core.hub.client import HubClient
from core.hub.limits import RateLimiter
from core.settings import load_settings
from tests.standin import Standin, generated_safetensors, renew, tune, vit

WIDE = {"width": 192, "depth": 6}


class Clock:
    """A clock for both sides: sleeping moves it and takes no time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self._lock = Lock()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def hub(clock):
    with Standin(clock=clock) as standin:
        yield standin


@pytest.fixture
def settings_for(tmp_path):
    """Return the settings that point at a stand-in, with more variables if wanted."""

    def settings(hub: Standin, **variables: str):
        place = {"HF_ENDPOINT": hub.endpoint, "PEDIGREE_CACHE": str(tmp_path / "cache")}
        return load_settings(place | variables)

    return settings


@pytest.fixture
def client_for(settings_for, clock):
    """Return clients of a stand-in on its clock; all are closed at the end."""
    opened: list[HubClient] = []

    def client(hub: Standin, token: str = "", **options: object) -> HubClient:
        limiter = RateLimiter(clock=clock, sleep=clock.sleep)
        settings = settings_for(hub, HF_TOKEN=token)
        opened.append(HubClient(settings, limiter=limiter, **options))
        return opened[-1]

    yield client
    for each in opened:
        each.close()


@pytest.fixture
def client(hub, client_for):
    return client_for(hub)


@pytest.fixture
def base_file():
    """A ViT of 11 MB, too large to be read whole by default."""
    return generated_safetensors(vit(**WIDE))


@pytest.fixture
def family(hub, base_file):
    """A base and two children on the stand-in: one head-only, one fully tuned."""
    tensors = vit(**WIDE, prefix="vit.", labels=10, pooler=False)
    head = generated_safetensors(renew(tensors, "classifier*", by="head"))
    full = generated_safetensors(tune(tensors, "*", by="full"))
    config = {"config.json": b'{"hidden_size": 192}'}
    hub.repository("org/base", files={"model.safetensors": base_file, **config})
    for name, file in (("org/head", head), ("org/full", full)):
        files = {"model.safetensors": file, **config}
        hub.repository(
            name, base_model="org/base", files=files, card={"license": "mit"}
        )
    return hub
