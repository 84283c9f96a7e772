"""Tables of several sources that measure the same thing, put together."""

import pandas as pd

IMAGENET = "all/imagenet-1k"
DATASET = "ImageNet-1K"


def on_imagenet(models: pd.DataFrame) -> pd.DataFrame:
    """Return the models of every source whose accuracy is ImageNet-1K's.

    Zero-shot and supervised ones are both here; `protocol` says which is which.

    >>> rows = pd.DataFrame({"dataset": ["ImageNet-1K", "COCO"], "id": ["a", "b"]})
    >>> on_imagenet(rows)["id"].tolist()
    ['a']
    """
    return models[models["dataset"] == DATASET].reset_index(drop=True)
