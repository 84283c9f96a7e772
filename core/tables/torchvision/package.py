"""The weight metadata of the installed torchvision, read as text or by import.

Reading the package's source as a syntax tree runs none of it and takes 0.3 s, where
importing torchvision takes seconds and 260 MB. Knows no tables.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from core.errors import MissingTool, SourceChanged

META_KEYS = frozenset(
    {"num_params", "_ops", "_file_size", "_metrics", "recipe", "license", "backend"}
)


@dataclass(frozen=True)
class WeightRecord:
    """One published weight: who builds it, where it lies, what was measured.

    `meta` holds the package's own keys and units (META_KEYS): percent, MiB, billions
    of operations.
    """

    module: str
    builder: str
    weight: str
    url: str
    image_size: int | None
    meta: Mapping[str, object]


def installed_version() -> str:
    """Return torchvision's version without importing it. Raises MissingTool."""
    try:
        return metadata.version("torchvision")
    except metadata.PackageNotFoundError as error:
        raise _missing() from error


def installed_at() -> str:
    """Return when torchvision came onto this machine (ISO 8601, UTC).

    The package states no release date, so this is the modification time of its model
    registry's file.
    """
    written = (installed_models() / "_api.py").stat().st_mtime
    return datetime.fromtimestamp(written, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def installed_records() -> list[WeightRecord]:
    """Return every weight of the installed package, by import only if its source
    cannot be read.
    """
    try:
        return source_records(installed_models())
    except SourceChanged:
        return imported_records()


def installed_models() -> Path:
    """Return the folder of torchvision's model sources, without importing it."""
    spec = find_spec("torchvision")
    if spec is None or not spec.submodule_search_locations:
        raise _missing()
    return Path(spec.submodule_search_locations[0]) / "models"


def imported_records() -> list[WeightRecord]:
    """Return every weight by importing torchvision; the reference for the reader."""
    try:
        from torchvision import models
    except (ImportError, OSError, RuntimeError) as error:
        raise _missing() from error
    builders = [models.get_model_builder(name) for name in models.list_models()]
    return sorted(
        (_imported(b, w) for b in builders for w in models.get_model_weights(b)),
        key=lambda record: record.weight,
    )


def source_records(models: Path) -> list[WeightRecord]:
    """Read every weight from the Python files under the folder `models`.

    Nothing is executed: calls are recognized by name, values are literals. Raises
    SourceChanged when a file is not written the way torchvision writes its weights.
    """
    found = []
    for path in sorted(models.rglob("*.py")):
        package = ".".join(("torchvision.models", *path.relative_to(models).parts[:-1]))
        content = path.read_bytes()
        if b"@register_model" not in content:
            continue
        try:
            found.extend(_module_records(ast.parse(content), package))
        except (LookupError, ValueError, AttributeError, TypeError, SyntaxError) as no:
            what = f"cannot be read as a list of weights ({no!r})"
            raise SourceChanged(path, what, "report this torchvision version") from no
    return sorted(found, key=lambda record: record.weight)


def _module_records(module: ast.Module, package: str) -> Iterator[WeightRecord]:
    constants = dict(_constants(module))
    builders = dict(_builders(module))
    for enum in module.body:
        if isinstance(enum, ast.ClassDef) and enum.name in builders:
            for member, call in _members(enum):
                fields = {word.arg: word.value for word in call.keywords}
                yield WeightRecord(
                    module=package,
                    builder=builders[enum.name],
                    weight=f"{enum.name}.{member}",
                    url=ast.literal_eval(fields["url"]),
                    image_size=_image_size(_partial_words(fields["transforms"])),
                    meta=_meta(fields["meta"], constants),
                )


def _constants(module: ast.Module) -> Iterator[tuple[str, ast.Dict]]:
    """Yield the dictionaries that a module names at its top, such as _COMMON_META."""
    for node in module.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        target = node.target if isinstance(node, ast.AnnAssign) else target
        if isinstance(target, ast.Name) and isinstance(node.value, ast.Dict):
            yield target.id, node.value


def _builders(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield (enum, builder): the first *Weights name in a builder's annotation."""
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and _is_registered(node):
            for argument in (*node.args.args, *node.args.kwonlyargs):
                if argument.arg == "weights" and argument.annotation is not None:
                    yield _names(argument.annotation, ending="Weights")[0], node.name


def _names(node: ast.expr, *, ending: str) -> list[str]:
    names = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
    return [name for name in names if name.endswith(ending)]


def _is_registered(function: ast.FunctionDef) -> bool:
    calls = [node for node in function.decorator_list if isinstance(node, ast.Call)]
    return any(
        isinstance(call.func, ast.Name) and call.func.id == "register_model"
        for call in calls
    )


def _members(enum: ast.ClassDef) -> Iterator[tuple[str, ast.Call]]:
    for node in enum.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            yield node.targets[0].id, node.value


def _meta(node: ast.expr, constants: Mapping[str, ast.Dict]) -> dict[str, object]:
    pairs = dict(_pairs(node, constants))
    return {key: _literal(value) for key, value in pairs.items() if key in META_KEYS}


def _pairs(
    node: ast.expr, constants: Mapping[str, ast.Dict]
) -> Iterator[tuple[object, ast.expr]]:
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            yield from _pairs(constants[value.id], constants)
        else:
            yield ast.literal_eval(key), value


def _literal(node: ast.expr) -> object:
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {ast.literal_eval(key): _literal(value) for key, value in pairs}
    if isinstance(node, ast.Call) and node.func.id == "float":
        return float(ast.literal_eval(node.args[0]))
    return ast.literal_eval(node)


def _partial_words(node: ast.expr) -> dict[str, object]:
    if not isinstance(node, ast.Call):
        return {}
    sizes = [word for word in node.keywords if str(word.arg).endswith("_size")]
    return {word.arg: ast.literal_eval(word.value) for word in sizes}


def _imported(builder: object, weight: object) -> WeightRecord:
    transforms = weight.transforms
    words = transforms.keywords if isinstance(transforms, partial) else {}
    meta = {key: value for key, value in weight.meta.items() if key in META_KEYS}
    return WeightRecord(
        module=builder.__module__.rpartition(".")[0],
        builder=builder.__name__,
        weight=str(weight),
        url=weight.url,
        image_size=_image_size(words),
        meta=meta,
    )


def _image_size(words: Mapping[str, object]) -> int | None:
    """Return the side of the input; a preset that only resizes crops nothing."""
    size = words.get("crop_size", words.get("resize_size"))
    return size[0] if isinstance(size, tuple | list) else size


def _missing() -> MissingTool:
    install = "run `pip install -r requirements.txt`"
    return MissingTool("torchvision", "is not installed or cannot be imported", install)
