"""What Pedigree keeps under the cache root, kind by kind: what it is, and what it takes
to get it back. Reads no files.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of files; `folders` are patterns below the cache root.

    `back` says what it takes to get them back. A kind of which a person made the parts
    (`by_name`) loses only those that are named; one with `instead` is not cleared here.
    """

    name: str
    folders: tuple[str, ...]
    holds: str
    back: str = ""
    by_name: bool = False
    instead: str = ""


KINDS = (
    Kind(
        "tables", ("tables",),
        "Tables of published models, and what each refresh changed",
        "torchvision's come back at once from the installed package, the others by "
        "`tables refresh`: a few minutes with a network. What earlier refreshes "
        "changed is told nowhere else.",
    ),
    Kind(
        "listings", ("hub/*.*",),
        "Which models the Hub listed for a base, and when",
        "The Hub is asked again: seconds to minutes for a base. Until then its family "
        "shows nothing.",
    ),
    Kind(
        "base-weights", ("hub/weights",),
        "Weights of bases, so that a family reads its base once",
        "Downloaded again with the next comparison: the size shown.",
    ),
    Kind(
        "comparisons", ("derived",),
        "What was found in each derived model, tensor by tensor",
        "Compared again: about a second for a model on this disk, many requests for "
        "one on the Hub. Models that are gone from there cannot be compared again.",
    ),
    Kind(
        "published-weights", ("weights",),
        "Weights of the backbones that features were taken from",
        "Downloaded again when a backbone is next used: the size shown.",
    ),
    Kind(
        "features", ("features",),
        "Features of image folders under backbones",
        "Every image goes through every backbone again: minutes to hours.",
    ),
    Kind(
        "transfer", ("transfer",),
        "Scores of datasets, evaluated predictors, vectors of texts",
        "Worked out again: seconds to minutes each, from features where they are kept.",
    ),
    Kind(
        "search", ("search",),
        "Features and rankings of searches over snapshots",
        "The next search runs every network again: minutes.",
    ),
    Kind(
        "zero-shot-models", ("zero_shot/models",),
        "Weights of the zero-shot models that were tried",
        "Downloaded again with the next try-out: the size shown.",
    ),
    Kind(
        "zero-shot-answers",
        tuple(
            f"zero_shot/{name}"
            for name in ("configurations", "fits", "tryouts", "images", "labels")
        ),
        "Configurations, memory estimates, try-outs, and copies of the images tried",
        "Asked again: seconds for an estimate, up to minutes for a try-out. An image "
        "that was uploaded must be uploaded again.",
    ),
    Kind(
        "block-costs", ("snapshots-blocks",),
        "What each block of a network costs",
        "Measured again: seconds for a network.",
    ),
    Kind(
        "demo", ("demo",),
        "The demo family, its records and backbones",
        "Trained again by `demo` and `demo --records`: a minute or two.",
    ),
    Kind(
        "snapshots", ("snapshots",),
        "Snapshots made here, and trainings that are not finished",
        "Generated again from their seeds, or trained again: minutes to days. What "
        "the recipe's images were must still be there.",
        by_name=True,
    ),
    Kind(
        "store", ("store",),
        "The model store: models added by a person",
        instead="take models out with `store remove ID`, then free their bytes with "
        "`store gc`",
    ),
    Kind(
        "log", ("log",), "Warnings and errors, without secrets",
        instead="it never grows beyond half a megabyte",
    ),
)  # fmt: skip

OTHER = Kind(
    "other", (), "Files that Pedigree does not know",
    instead="Pedigree did not make them; look at them yourself",
)  # fmt: skip
