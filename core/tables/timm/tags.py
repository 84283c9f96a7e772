"""What a timm weight's tag says of the data it was pre-trained on.

A name is `architecture.tag`; the tag lists steps, such as `laion2b_ft_in12k_in1k`.
"""

import re

from core.tables.schema import NO_PRETRAINING

# In the order of training; a tag part names the data that its docs name for it.
EXTRA_DATA = {
    "openai": "WIT-400M (OpenAI)",
    "laion2b": "LAION-2B",
    "laiona": "LAION-A",
    "merged2b": "Merged-2B",
    "webli": "WebLI",
    "dfn5b": "DFN-5B",
    "dfn2b": "DFN-2B",
    "metaclip": "MetaCLIP",
    "lvd142m": "LVD-142M",
    "lvd1689m": "LVD-1689M",
    "yfcc100m": "YFCC-100M",
    "ig1b": "IG-1B",
    "swag": "SWAG (IG-3.6B)",
    "seer": "SEER (IG)",
    "jft": "JFT-300M",
    "m38m": "Merged-38M",
    "m30m": "Merged-30M",
    "in22k": "ImageNet-22K",
    "in21k": "ImageNet-21K",
    "in12k": "ImageNet-12K",
}
# Only the name of the teacher or of the way, where the data is not in the tag.
UNNAMED = {"clip": "CLIP", "indomain": "in-domain"}


def architecture_and_tag(model: str) -> tuple[str, str]:
    """Split a name at its first dot.

    >>> architecture_and_tag("resnet50.a1_in1k")
    ('resnet50', 'a1_in1k')
    """
    architecture, _, tag = model.partition(".")
    return architecture, tag


def pretraining(tag: str) -> str:
    """Return the data beyond ImageNet-1K that a tag names, in the schema's words.

    >>> pretraining("augreg_in21k_ft_in1k"), pretraining("a1_in1k")
    ('ImageNet-21K', 'none named')
    >>> pretraining("clip_laion2b_soup_ft_in12k_in1k_384")
    'LAION-2B, ImageNet-12K'
    """
    parts = re.split(r"[_.]", tag)
    found = [name for part, name in EXTRA_DATA.items() if part in parts]
    if not found:
        found = [name for part, name in UNNAMED.items() if part in parts]
    return ", ".join(found) or NO_PRETRAINING
