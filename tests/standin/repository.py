"""A model repository of the stand-in and the JSON in which the Hub describes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1

from tests.standin.content import Content

LARGE = (".safetensors", ".bin", ".gguf", ".pt", ".pth", ".ckpt", ".h5", ".msgpack")
FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
IN_EVERY_ROW = ("tags", "downloads", "likes", "private", "createdAt", "library_name")


@dataclass
class Repository:
    """One repository: its commits, newest last, and what its page says.

    `missing` files are listed but cannot be had. `granted` says whether the stand-in's
    token may read the files of a gated repository.
    """

    id: str
    number: int
    commits: dict[str, dict[str, Content]] = field(default_factory=dict)
    card: Mapping[str, object] = field(default_factory=dict)
    base_models: tuple[str, ...] = ()
    relation: str = "finetune"
    tags: tuple[str, ...] = ()
    gated: str | bool = False
    granted: bool = False
    private: bool = False
    disabled: bool = False
    downloads: int = 0
    likes: int = 0
    library: str | None = "transformers"
    pipeline_tag: str | None = "image-classification"
    missing: frozenset[str] = frozenset()

    @property
    def sha(self) -> str:
        """The newest commit."""
        return next(reversed(self.commits))

    @property
    def files(self) -> dict[str, Content]:
        """The files of the newest commit."""
        return self.commits[self.sha]

    def commit(self, files: Mapping[str, Content]) -> str:
        """Add a commit with exactly these files; return its sha."""
        listing = "".join(f"{name}{file.oid}" for name, file in sorted(files.items()))
        text = f"{self.id}{len(self.commits)}{listing}"
        sha = sha1(text.encode(), usedforsecurity=False).hexdigest()
        self.commits[sha] = dict(files)
        return sha

    def revision(self, name: str) -> str | None:
        """Return the commit that a branch or sha means, None for an unknown one."""
        return self.sha if name == "main" else name if name in self.commits else None

    def all_tags(self) -> list[str]:
        """Return the tags, with those that the Hub adds."""
        made = [tag for tag in (self.library, self.pipeline_tag) if tag]
        made += [f"license:{self.card['license']}"] if "license" in self.card else []
        for base in self.base_models:
            made += [f"base_model:{base}", f"base_model:{self.relation}:{base}"]
        return [*self.tags, *made]

    def describe(
        self, children: Mapping[str, int], *, blobs: bool = False
    ) -> dict[str, object]:
        """Return every field that the API can be asked for."""
        day = FIRST_DAY + timedelta(hours=self.number)
        created = day.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        changed = day + timedelta(days=len(self.commits) - 1)
        bases = [{"_id": _identifier(base), "id": base} for base in self.base_models]
        return {
            "_id": _identifier(self.id),
            "id": self.id,
            "modelId": self.id,
            "author": self.id.partition("/")[0],
            "sha": self.sha,
            "createdAt": created,
            "lastModified": changed.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "private": self.private,
            "gated": self.gated,
            "disabled": self.disabled,
            "downloads": self.downloads,
            "likes": self.likes,
            "library_name": self.library,
            "pipeline_tag": self.pipeline_tag,
            "tags": self.all_tags(),
            "cardData": dict(self.card),
            "siblings": [_sibling(n, f, blobs) for n, f in self.files.items()],
            "baseModels": {"relation": self.relation, "models": bases},
            "childrenModelCount": dict(children),
            "usedStorage": sum(file.size for file in self.files.values()),
        }


def is_large(name: str, content: Content) -> bool:
    """Whether the Hub keeps the file in its large-file storage."""
    return name.endswith(LARGE) or content.size > 10 * 2**20


def git_oid(content: Content) -> str:
    """Return a name like a git blob's; it stands for the content."""
    return sha1(content.oid.encode(), usedforsecurity=False).hexdigest()


def _identifier(text: str) -> str:
    return sha1(text.encode(), usedforsecurity=False).hexdigest()[:24]


def _sibling(name: str, content: Content, blobs: bool) -> dict[str, object]:
    if not blobs:
        return {"rfilename": name}
    row = {"rfilename": name, "size": content.size, "blobId": git_oid(content)}
    if not is_large(name, content):
        return row
    lfs = {"sha256": content.oid, "size": content.size, "pointerSize": 134}
    return row | {"lfs": lfs}
