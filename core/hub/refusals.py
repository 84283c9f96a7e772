"""What a refusal of the Hub means, in our own errors. The meaning of its headers is
huggingface_hub's (`hf_raise_for_status`).
"""

import httpx2
from huggingface_hub import errors
from huggingface_hub.utils import hf_raise_for_status

from core.errors import (
    DisabledRepository,
    GatedRepository,
    HubError,
    HubUnreachable,
    RepositoryNotFound,
)

BAD_TOKEN = "Invalid credentials in Authorization header"
ACCEPT = "accept its terms on its page, set HF_TOKEN to a token of that account"


def refusal(subject: str, response: httpx2.Response) -> HubError:
    """Return the error that a response of 400 or above stands for.

    `subject` is a repository or a file of one. Only status and headers are used, never
    the body.
    """
    status, headers = response.status_code, response.headers
    if status == 401 and BAD_TOKEN in headers.get("X-Error-Message", ""):
        remedy = "set HF_TOKEN to a valid token or unset it"
        return HubError(
            subject, "cannot be asked for: the Hub refuses the token", remedy
        )
    bare = httpx2.Response(status, headers=headers, request=response.request)
    try:
        hf_raise_for_status(bare)
    except errors.HfHubHTTPError as error:
        return _named(subject, status, error)
    return HubUnreachable(subject, f"answered {status}", "try again later")


def _named(subject: str, status: int, error: errors.HfHubHTTPError) -> HubError:
    if isinstance(error, errors.GatedRepoError):
        return GatedRepository(subject, "is gated", ACCEPT)
    if isinstance(error, errors.DisabledRepoError):
        return DisabledRepository(subject, "was disabled by the Hub")
    if isinstance(error, errors.RevisionNotFoundError):
        remedy = "list the models again"
        return RepositoryNotFound(subject, "no longer has this revision", remedy)
    if isinstance(error, errors.EntryNotFoundError):
        return RepositoryNotFound(subject, "is not in the repository")
    if status in (401, 404, 410) or isinstance(error, errors.RepositoryNotFoundError):
        remedy = "check the name; for a private one set HF_TOKEN"
        return RepositoryNotFound(subject, "does not exist or is private", remedy)
    if status == 403:
        remedy = "give the token in HF_TOKEN the right to read it"
        return RepositoryNotFound(subject, "may not be read with this token", remedy)
    if status == 451:
        return DisabledRepository(subject, "is withheld for legal reasons")
    return HubUnreachable(subject, f"answered {status}", "try again later")
