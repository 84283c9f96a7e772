"""Where in a network a tensor sits, read from names alone: its component, its block,
and the forward order of both. Knows no shapes and no bytes.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

HEAD = re.compile(
    r"(?:^|\.)(?:(?:\w+_)?classifier|heads?|head_dist|score|cls|lm_head|pooler"
    r"|output_projection|bbox_predictor|class_embed|bbox_embed)\."
    r"|^(?:[a-z_]+\.){0,3}(?:fc|output)\.(?:\d+\.)?(?:weight|bias)$"
)
VISION = re.compile(
    r"(?:^|\.)(?:vision_model|vision_tower|vision_encoder|image_encoder|visual)\."
)
TEXT = re.compile(r"(?:^|\.)(?:text_\w*|language_model|language_encoder)\.")
PROJECTION = re.compile(
    r"(?:^|\.)(?:logit_scale|logit_bias|(?:visual|text|vision)_proj(?:ection)?"
    r"|multi_modal_projector|enc_to_dec_proj)(?:\.|$)"
)
BACKBONE = re.compile(r"(?:^|\.)(?:backbone|conv_encoder)\.")
DECODER = re.compile(
    r"(?:^|\.)(?:(?:\w+_)?decoder|decode_head|auxiliary_head|query_\w+|reference_points)\."
)
NUMBERED = re.compile(
    r"(?:^|\.)(?P<word>layers?|blocks?|h|resblocks|stages?|features|denseblock"
    r"|transition|(?:en|de)coder_layers?)[._]?(?P<index>\d{1,6})(?=\.)"
)
ANY_NUMBER = re.compile(r"(?:^|\.)(?P<word>[A-Za-z_]\w*)\.(?P<index>\d{1,6})(?=\.)")
NEXT_NUMBER = re.compile(r"\.(?P<index>\d{1,6})(?=\.)")
STAGE_MATE = re.compile(
    r"encoder\.(?:patch_embeddings|layer_norm)\.(\d{1,6})\.|downsample_layers\.(\d{1,6})\."
)
OUTSIDE_BLOCKS = re.compile(
    r"(?:^|\.)(?:input_proj\w*|query_scale|ref_point_head|decode_head|auxiliary_head"
    r"|stem|patch_embed)\."
)
STEM = re.compile(
    r"embed|patch|stem|token|position|(?:^|[._])(?:pos_|wte|wpe|ln_pre|pre_lay|query_"
    r"|ref_point|reference_points|input_proj|conv_proj|conv[01]\.|bn1\.|norm0\.)"
)
NORM = re.compile(r"norm|(?:^|[._])ln(?:[._]|$)", re.IGNORECASE)


class Place(IntEnum):
    """The parts of a component, in forward order."""

    STEM = 0
    NUMBERED = 1
    TOP = 2
    NORM = 3


COMPONENT_ORDER = (
    "backbone", "vision", "encoder", "text", "decoder", "projection", "head",
)  # fmt: skip
"""Components in the order that a forward pass meets them."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a tensor sits: `block` is its name for people, `number` counts numbered
    blocks as the checkpoint does, `layer` is the place inside a stage (None: the
    stage's own tensor).
    """

    component: str
    place: Place
    block: str
    number: int | None = None
    layer: int | None = None

    @property
    def forward(self) -> tuple[int, int, int]:
        """A key that sorts blocks in forward order."""
        rank = COMPONENT_ORDER.index(self.component)
        return rank, self.place, -1 if self.number is None else self.number


def positions(names: Iterable[str]) -> dict[str, Position]:
    """Place every tensor of one checkpoint; the whole set decides what a word means.

    >>> where = positions(["conv1.weight", "layer1.0.conv1.weight", "fc.weight"])
    >>> [position.block for position in where.values()]
    ['stem', 'stage 1', 'head']
    >>> where = positions(["encoder.layer.7.norm1.bias", "layernorm.bias"])
    >>> [position.block for position in where.values()]
    ['block 7', 'norm']
    """
    component_of = components(names)
    members = defaultdict(list)
    for name, component in component_of.items():
        members[component].append(name)
    several = len(members.keys() - {"head", "projection"}) > 1
    placed = {}
    for component, group in members.items():
        prefix = f"{component} " if several and component != "backbone" else ""
        placed |= _positions_inside(group, component, prefix)
    return {name: placed[name] for name in component_of}


def components(names: Iterable[str]) -> dict[str, str]:
    """Name the component of every tensor; a model of one piece is one "backbone".

    >>> components(["encoder.layernorm.bias", "decoder.layernorm.bias"]).values()
    dict_values(['encoder', 'decoder'])
    """
    component_of = dict.fromkeys(names, "backbone")
    body = [name for name in component_of if not is_head(name)]
    two_towers = any(VISION.search(name) for name in body)
    decodes = any(DECODER.search(name) for name in body)
    for name in component_of:
        if is_head(name):
            component_of[name] = "head"
        elif two_towers:
            component_of[name] = _tower(name)
        elif decodes:
            component_of[name] = _half(name)
    return component_of


@lru_cache(maxsize=1 << 16)
def is_head(name: str) -> bool:
    """Tell whether a tensor belongs to the head: a head's word, before any block.

    >>> is_head("classifier.weight"), is_head("encoder.layer.0.output.dense.weight")
    (True, False)
    """
    head, block = HEAD.search(name), NUMBERED.search(name)
    return bool(head) and not (block and block.start() < head.start())


def _tower(name: str) -> str:
    if PROJECTION.search(name):
        return "projection"
    if VISION.search(name):
        return "vision"
    is_decoder = DECODER.search(name) and not TEXT.search(name)
    return "decoder" if is_decoder else "text"


def _half(name: str) -> str:
    if PROJECTION.search(name):
        return "projection"
    if BACKBONE.search(name):
        return "backbone"
    return "decoder" if DECODER.search(name) else "encoder"


def _positions_inside(
    names: list[str], component: str, prefix: str
) -> dict[str, Position]:
    if component in ("head", "projection"):
        position = Position(component, Place.TOP, component)
        return dict.fromkeys(names, position)
    found = {name: _numbered(name, NUMBERED) for name in names}
    if not any(found.values()):
        found = {name: _numbered(name, ANY_NUMBER) for name in names}
    numbered = [match for match in found.values() if match]
    staged = any(_is_stage(match) for match in numbered)
    first = min((int(match["index"]) for match in numbered), default=0)
    shift = int(staged and first == 0)
    word = f"{prefix}{'stage' if staged else 'block'}"
    placed = {
        name: _position(name, match, component, prefix, word, shift)
        for name, match in found.items()
    }
    return _with_one_top(placed)


def _with_one_top(placed: dict[str, Position]) -> dict[str, Position]:
    """Let a norm that follows a last convolution join it: they are one block."""
    tops = [at for at in placed.values() if at.place is Place.TOP]
    if not tops:
        return placed
    return {
        name: tops[0] if at.place is Place.NORM else at for name, at in placed.items()
    }


def _position(
    name: str,
    match: re.Match[str] | None,
    component: str,
    prefix: str,
    word: str,
    shift: int,
) -> Position:
    if mate := word.endswith("stage") and STAGE_MATE.search(name):
        number = int(mate[1] or mate[2]) + shift
        return Position(component, Place.NUMBERED, f"{word} {number}", number)
    if match:
        number = int(match["index"]) + shift
        block = f"{word} {number}"
        return Position(component, Place.NUMBERED, block, number, _layer(match))
    if "decode_head." in name:
        return Position(component, Place.TOP, "decode head")
    if "features.0." in name or STEM.search(name):
        return Position(component, Place.STEM, f"{prefix}stem")
    if NORM.search(name):
        return Position(component, Place.NORM, f"{prefix}norm")
    return Position(component, Place.TOP, f"{prefix}top")


def _numbered(name: str, pattern: re.Pattern[str]) -> re.Match[str] | None:
    match = pattern.search(name)
    outside = OUTSIDE_BLOCKS.search(name)
    if not match or (outside and outside.start() < match.start()):
        return None
    # torchvision's `features.0` is the first convolution, not a block.
    return None if match["word"] == "features" and match["index"] == "0" else match


def _is_stage(match: re.Match[str]) -> bool:
    if match["word"] == "features":
        return False
    named = match["word"].startswith(("stage", "denseblock", "transition"))
    return named or _layer(match) is not None


def _layer(match: re.Match[str]) -> int | None:
    """The index that follows the block's own: `layer1.0`, `stages.0.layers.2`."""
    rest = match.string[match.end() :]
    inner = NEXT_NUMBER.match(rest) or NUMBERED.search(rest)
    return int(inner["index"]) if inner else None
