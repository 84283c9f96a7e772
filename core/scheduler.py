"""A Dask scheduler whose workers share the cache folder: reaching it, and waiting for
its tasks. Knows nothing of what the tasks do.

Source: distributed's Client (https://distributed.dask.org/en/stable/client.html).
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from core.errors import HubError
from core.settings import Settings

if TYPE_CHECKING:
    from distributed import Client, Future

POLL_SECONDS = 0.5
CONNECT_SECONDS = 5


def connected(settings: Settings) -> "Client":
    """Connect to the scheduler of the settings; close the client after use.

    Raises HubError when it cannot be reached.
    """
    from distributed import Client

    try:
        return Client(settings.scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        happened = "cannot be reached as a Dask scheduler"
        remedy = "start it, or unset PEDIGREE_SCHEDULER"
        raise HubError(settings.scheduler, happened, remedy) from error


def ended(waiting: Collection["Future"]) -> set["Future"]:
    """Return the tasks that have ended, none when half a second brings none."""
    from distributed import TimeoutError, wait

    try:
        return wait(waiting, timeout=POLL_SECONDS, return_when="FIRST_COMPLETED").done
    except TimeoutError:
        return set()
