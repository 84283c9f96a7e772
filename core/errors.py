"""The one error tree: every error says what it failed on, what happened, and what to do
next.

- PedigreeError
    - UsageError             the person asked for something that does not exist
    - FetchError             a web source did not answer (reason "network")
    - SourceChanged          a web page or table no longer has the shape we read
    - CacheError             a file of ours cannot be written or read
    - JobCancelled           the person stopped a job
    - MissingTool            an optional program or package is not installed
    - CheckpointError        a checkpoint cannot be compared
        - NoWeights            reason "no-weights"
        - UnsupportedFormat    reason "unsupported-format"
        - CorruptCheckpoint    reason "corrupt"
        - UnsafePickle         reason "unsafe"
    - HubError               the Hub refused
        - GatedRepository      reason "gated"
        - DisabledRepository   reason "disabled"
        - RepositoryNotFound   reason "not-found"
        - HubUnreachable       reason "network"
"""


class PedigreeError(Exception):
    """A failure that a person can act on, told in one sentence.

    >>> str(PedigreeError("model.safetensors", "is empty", "download it again"))
    'model.safetensors is empty; download it again.'
    """

    reason = "error"

    def __init__(self, subject: object, happened: str, remedy: str = "") -> None:
        self.subject = str(subject)
        self.happened = happened
        self.remedy = remedy
        tail = f"; {remedy}" if remedy else ""
        super().__init__(f"{self.subject} {happened}{tail}.")

    def __reduce__(self) -> tuple[type, tuple[str, str, str]]:
        return type(self), (self.subject, self.happened, self.remedy)


class UsageError(PedigreeError):
    """Something was asked for that does not exist."""

    reason = "usage"


class FetchError(PedigreeError):
    """A web source did not answer as it should."""

    reason = "network"


class SourceChanged(PedigreeError):
    """A web page or table no longer has the shape that its parser reads."""

    reason = "source-changed"


class CacheError(PedigreeError):
    """A file under the cache root cannot be written or read."""

    reason = "cache"


class JobCancelled(PedigreeError):
    """A person stopped the job; what was finished is kept."""

    reason = "cancelled"


class MissingTool(PedigreeError):
    """An optional program or package is absent; the remedy installs it."""

    reason = "missing-tool"


class CheckpointError(PedigreeError):
    """A checkpoint cannot be read or compared."""

    reason = "unknown"


class NoWeights(CheckpointError):
    """A folder or repository holds no weight file."""

    reason = "no-weights"


class UnsupportedFormat(CheckpointError):
    """A weight file is of a format that is listed but not compared."""

    reason = "unsupported-format"


class CorruptCheckpoint(CheckpointError):
    """Lengths, offsets or shapes in a file contradict the file itself."""

    reason = "corrupt"


class UnsafePickle(CheckpointError):
    """A pickle asks for something outside the allow-list; it was not run."""

    reason = "unsafe"


class HubError(PedigreeError):
    """The Hugging Face Hub refused or failed."""

    reason = "network"


class GatedRepository(HubError):
    """A repository that needs accepted terms and a token."""

    reason = "gated"


class DisabledRepository(HubError):
    """A repository that the Hub has disabled."""

    reason = "disabled"


class RepositoryNotFound(HubError):
    """A repository that does not exist, or is private to others."""

    reason = "not-found"


class HubUnreachable(HubError):
    """The Hub still failed after the retries."""

    reason = "network"
