"""A Dask scheduler whose workers share the cache folder: reaching it, and waiting for
its tasks. Knows nothing of what the tasks do.

Source: distributed's Client (https://distributed.dask.org/en/stable/client.html).
"""

import gc
import logging
from collections.abc import Collection
from typing import TYPE_CHECKING

from core.errors import HubError
from core.settings import Settings

if TYPE_CHECKING:
    from distributed import Client, Future

POLL_SECONDS = 0.5
CONNECT_SECONDS = 5

log = logging.getLogger("pedigree.scheduler")


def connected(settings: Settings) -> "Client":
    """Connect to the scheduler of the settings; close the client after use.

    Raises HubError when it cannot be reached.
    """
    from distributed import Client
    from distributed.comm.addressing import get_address_host_port

    try:
        if not str(settings.scheduler).startswith("inproc://"):  # has no host and port
            get_address_host_port(settings.scheduler)
        return Client(settings.scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:  # TypeError: tls without keys
        told = str(error)  # a log that keeps the error would keep the client, too
        log.warning("%s: %s", settings.scheduler, told)
    # A client that failed is closed when it is collected, and waits for a lock then.
    # Were that while another one starts under this lock, both would wait for ever.
    gc.collect()
    happened = "cannot be reached as a Dask scheduler"
    remedy = "start it, or unset PEDIGREE_SCHEDULER"
    raise HubError(settings.scheduler, happened, remedy)


def ended(waiting: Collection["Future"]) -> set["Future"]:
    """Return the tasks that have ended, none when half a second brings none."""
    from distributed import TimeoutError, wait

    try:
        return wait(waiting, timeout=POLL_SECONDS, return_when="FIRST_COMPLETED").done
    except TimeoutError:
        return set()
