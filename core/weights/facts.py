"""What a checkpoint's header says of the whole file. Reads no weights."""

from collections import Counter

import pandas as pd

from core.weights.entry import Checkpoint


def header_facts(checkpoint: Checkpoint) -> dict[str, object]:
    """Return format, sizes (bytes), counts and dtypes, then the file's own metadata."""
    dtypes = Counter(entry.dtype for entry in checkpoint.entries)
    facts = {
        "format": checkpoint.format,
        "files": len(checkpoint.sources),
        "size_bytes": checkpoint.size_bytes,
        "tensors": len(checkpoint.entries),
        "elements": sum(entry.elements for entry in checkpoint.entries),
        "dtypes": ", ".join(f"{dtype} x {n}" for dtype, n in dtypes.most_common()),
    }
    own = {f"metadata: {name}": text for name, text in checkpoint.metadata.items()}
    return facts | own


def facts_side_by_side(base: Checkpoint, child: Checkpoint) -> pd.DataFrame:
    """Lay the headers of two checkpoints beside each other, as text."""
    both = {"base": header_facts(base), "child": header_facts(child)}
    return pd.DataFrame(both, dtype=object).fillna("").map(str)
