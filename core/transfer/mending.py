"""What is known to be wrong in published records, and how it is put right. Every change
is told in a sentence.
"""

import pandas as pd

# torchvision 0.29.2, the weights' own metadata.
PARAMS = {"resnet101": 44_549_160, "wide_resnet50_2": 68_883_240}


def exchange_swapped(models: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Give two models their own numbers back where each has the other's.

    Found by the parameter counts that torchvision publishes. Whether the accuracies of
    the two are swapped as well cannot be told from the files.

    >>> swapped = {"resnet101": 68_883_240.0, "wide_resnet50_2": 44_549_160.0}
    >>> models, told = exchange_swapped(pd.DataFrame({"params": swapped}))
    >>> models["params"].astype(int).to_dict(), len(told)
    ({'resnet101': 44549160, 'wide_resnet50_2': 68883240}, 1)
    """
    first, second = PARAMS
    if not {first, second} <= set(models.index):
        return models, []
    given = models.loc[[first, second], "params"].tolist()
    if given != [PARAMS[second], PARAMS[first]]:
        return models, []
    numbers = models.select_dtypes("number").columns
    mended = models.copy()
    exchanged = models.loc[[second, first], numbers].to_numpy()
    mended.loc[[first, second], numbers] = exchanged
    return mended, [
        f"The numbers of {first} and {second} were swapped (by torchvision's parameter "
        "counts); whether their accuracies are too cannot be told."
    ]


def renamed_samples(tasks: pd.DataFrame, header: str) -> list[str]:
    """Tell when a column counts images per class, whatever its name says, and when the
    images are fewer than classes times images per class.
    """
    told = []
    if "num_pre_class" in header:
        told.append(
            "The column `num_pre_class` counts images per class, not classes; it is "
            "read as samples_per_class, `categories` as classes."
        )
    short = int(
        (tasks["samples"] < tasks["classes"] * tasks["samples_per_class"]).sum()
    )
    if short:
        told.append(
            f"{short} of {len(tasks)} tasks have fewer images than classes times "
            "images per class; the count of images is believed."
        )
    return told
