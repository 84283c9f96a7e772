"""Which image-text data a tag of open_clip names."""

import re

from core.tables.schema import NO_PRETRAINING

DATA = {
    "openai": "WIT-400M (OpenAI)",
    "webli": "WebLI",
    "laion400m": "LAION-400M",
    "laion2b": "LAION-2B",
    "laion5b": "LAION-5B",
    "laion": "LAION-Aesthetic",
    "dfn2b": "DFN-2B",
    "dfn5b": "DFN-5B",
    "datacomp": "DataComp",
    "datacomp1b": "DataComp-1B",
    "commonpool": "CommonPool",
    "metaclip": "MetaCLIP",
    "merged2b": "Merged-2B",
    "cc12m": "CC12M",
    "yfcc15m": "YFCC-15M",
}


def pretraining(tag: str) -> str:
    """Return the image-text data that a tag starts from.

    >>> pretraining("laion2b_s32b_b82k"), pretraining("mscoco_finetuned_laion2b_s13b")
    ('LAION-2B', 'LAION-2B')
    """
    parts = re.split(r"[_.]", tag)
    return next((DATA[part] for part in parts if part in DATA), NO_PRETRAINING)
