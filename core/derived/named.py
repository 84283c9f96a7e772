"""A checkpoint by what a person typed: a path here, or a model of the Hub."""

from contextlib import ExitStack
from pathlib import Path

from core.hub.checkpoint import open_hub_checkpoint
from core.hub.client import HubClient
from core.hub.names import is_repository_id
from core.settings import Settings, local_path
from core.weights.checkpoint import open_checkpoint
from core.weights.entry import Checkpoint


def is_on_hub(text: str) -> bool:
    """Say whether a text names a model of the Hub: owner/name, and no such path here.

    >>> is_on_hub("google/vit"), is_on_hub("/etc"), is_on_hub("model.safetensors")
    (True, False, False)
    """
    return "/" in text and is_repository_id(text) and not Path(text).exists()


def open_named(text: str, settings: Settings, stack: ExitStack) -> Checkpoint:
    """Open the checkpoint that `text` names; `stack` closes it.

    Of a model on the Hub only headers are read until its weights are asked for. Raises
    UsageError for a path that does not exist, a HubError, or a CheckpointError.
    """
    if is_on_hub(text):
        client = stack.enter_context(HubClient(settings))
        return stack.enter_context(open_hub_checkpoint(text, client))
    return stack.enter_context(open_checkpoint(local_path(text)))
