"""Freeze advice as PyTorch code that a person pastes. Writes text: runs nothing, and
imports no torch.

Sources: `revert_weight_conversion` of transformers 5 (`core_model_loading.py`, the same
from 5.17 to 5.23), with which a model finds the names of its own file again; its DETR
with a ResNet of transformers freezes the whole backbone when it is built, so that the
code must also say what is trained.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from core.derived.advice import FreezeChoice

LEGACY_NORM = {
    "LayerNorm.gamma": "LayerNorm.weight",
    "LayerNorm.beta": "LayerNorm.bias",
}
LEAST_SEGMENTS = 2
"""A module of one segment ("vit.") may be the prefix that only some classes carry."""

FREEZE = '''

def freeze(model):
    """Freeze exactly these parameters, by name, and make all others trainable."""
    named = dict(model.named_parameters())
    try:  # transformers 5 may load a model under other names than its file has
        from transformers.core_model_loading import revert_weight_conversion

        if hasattr(model, "config"):
            named = revert_weight_conversion(model, named)
    except ImportError:
        pass  # transformers 4 keeps the names of the file
    prefix = getattr(model, "base_model_prefix", "") + "."
    wanted = {name.removeprefix(prefix) for name in FROZEN}
    modules = tuple(name for name in wanted if name.endswith("."))
    frozen = {
        id(parameter)
        for name, parameter in named.items()
        if name.removeprefix(prefix) in wanted
        or name.removeprefix(prefix).startswith(modules)
    }
    for parameter in model.parameters():
        parameter.requires_grad_(id(parameter) not in frozen)
    found = sum(not parameter.requires_grad for parameter in model.parameters())
    if found != COUNT:
        raise ValueError(f"{found} parameters go by these names, not {COUNT}")
'''
STATISTICS = '''

def keep_statistics(model):
    """Let frozen BatchNorm layers use and keep the base's running statistics.

    The hook outlives every model.train(), which alone would let them drift.
    """

    def rest(norm, inputs):
        norm.eval()

    for module in model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            if not any(parameter.requires_grad for parameter in module.parameters()):
                module.register_forward_pre_hook(rest)
'''
REMARKS = {
    "none": "The base has no running statistics.",
    "frozen batch": "Its BatchNorm is frozen by the architecture already.",
}


def freeze_code(
    choice: FreezeChoice, base: str, *, keep_statistics: bool | None = None
) -> str:
    """Return code that freezes exactly `choice.names` of a model loaded from `base`.

    It raises ValueError where the model has not exactly these parameters.
    `keep_statistics` freezes the running statistics of frozen BatchNorm layers too; by
    default as most of the models behind the choice did. Foreign names are literals.
    """
    keep = choice.keeps_statistics if keep_statistics is None else keep_statistics
    names = [_loaded_name(name) for name in choice.names]
    universe = [_loaded_name(name) for name in choice.universe]
    keeps = choice.norms == "batch" and keep
    return "\n".join(
        [
            f"# Freezes {_line(choice.label)} of {_line(base)},",
            f"# as {_models(len(choice.models))} derived from it did.",
            f"# {_remark(choice, keep)}",
            *(["import torch", ""] if keeps else []),
            *_listed(shortened(names, universe)),
            f"COUNT = {len(names)}",
            FREEZE + (STATISTICS if keeps else ""),
            "",
            "freeze(model)",
            *(["keep_statistics(model)"] if keeps else []),
        ]
    )


def _listed(names: Sequence[str]) -> list[str]:
    if not names:
        return ["FROZEN = []"]
    comment = "names in the base's file; a final dot means all of a module"
    rows = (f"    {_quoted(name)}," for name in names)
    return [f"FROZEN = [  # {comment}", *rows, "]"]


def shortened(names: Sequence[str], universe: Iterable[str]) -> list[str]:
    """Name whole modules, with a final dot, where every parameter inside is meant.

    >>> names = ["vit.a.0.w", "vit.a.0.b", "vit.a.1.w"]
    >>> shortened(names, [*names, "vit.a.1.b"])
    ['vit.a.0.', 'vit.a.1.w']
    """
    inside = Counter(module for name in universe for module in _modules(name))
    meant = Counter(module for name in names for module in _modules(name))
    written = {}
    for name in names:
        whole = (m for m in _modules(name) if meant[m] == inside[m] > 1)
        written[next(whole, name)] = None
    return list(written)


def _modules(name: str) -> list[str]:
    """List the modules that a parameter is in, the outermost first."""
    parts = name.split(".")
    return [
        ".".join(parts[:count]) + "." for count in range(LEAST_SEGMENTS, len(parts))
    ]


def _loaded_name(name: str) -> str:
    for old, new in LEGACY_NORM.items():
        if name.endswith(old):
            return name.removesuffix(old) + new
    return name


def _remark(choice: FreezeChoice, keep: bool) -> str:
    if choice.norms != "batch":
        return REMARKS[choice.norms]
    kept = len(choice.models) - choice.drifted
    verb = "are kept" if keep else "go on drifting"
    of = len(choice.models)
    return f"Running statistics {verb}; {kept} of those {of} kept them."


def _models(count: int) -> str:
    return f"{count:,} model" + ("" if count == 1 else "s")


def _line(text: str) -> str:
    return re.sub(r"[^ -~–]+", " ", text)


def _quoted(name: str) -> str:
    literal = ascii(name)
    is_plain = literal == f"'{name}'" and '"' not in name
    return f'"{name}"' if is_plain else literal
