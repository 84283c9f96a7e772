"""The words of derived models, defined once for pages, exports and the command line."""

from core.words import words

WORDS = words(
    ("base", "The model that others were made from.", "Base"),
    ("derived model", "A model made from a base: fine-tuned, cast, merged, quantized."),
    ("family", "A base and every derived model that names it, of the Hub or a folder."),
    ("checkpoint", "The weights of one model as files: one file, or shards."),
    ("tensor", "One named array of numbers in a checkpoint.", "Tensor"),
    ("parameter", "A tensor that training can change."),
    ("buffer", "A tensor that is no parameter: running statistics, position ids."),
    (
        "block",
        "Tensors that belong together in forward order: stem, stage 1, block 7.",
        "Block",
    ),
    ("head", "The last layers, made new for each task; they never decide a pattern."),
    ("frozen", "Equal to the base, after rounding the base to the child's dtype."),
    ("freeze pattern", "One word for which parameters of a derived model changed."),
    ("frozen depth", "How many blocks, counted from the input, are equal to the base."),
    (
        "freeze map",
        "A row a derived model, a column a block: what became of each. Exported as "
        "codes that the caption names.",
    ),
    ("probe", "A few hundred bytes of a tensor, enough to see that it has changed."),
    ("certificate", "How much is read: probes, all that is probably equal, or all."),
    ("hops", "How many steps from the base: 2 lists the children of children too."),
    ("copy", "A model whose every tensor is that of another, or of the base."),
    ("near copy", "Two models much nearer to each other than to their base."),
    (
        "likelier parent",
        "A sibling at less of the distance than the base is: it explains over half of "
        "the change.",
    ),
    ("MACs", "Multiply-accumulate operations of one forward pass; 1 GMAC is 10⁹."),
    ("Pareto front", "The models that no other beats in both accuracy and cost."),
    (
        "95 % interval",
        "Where the share lies with 95 % confidence, of models like these.",
        "", "", "Wilson, 1927",
    ),
)  # fmt: skip

KINDS = words(
    ("quantized", "A matrix is stored as integers where the base has floats."),
    ("adapter", "Adapter weights only; the base is frozen by construction."),
    (
        "other-architecture",
        "Other width or depth, or fewer than half of the parameters align.",
    ),
    ("identical", "Every aligned tensor equal, nothing added or removed."),
    ("cast", "Identical after rounding the base to the child's dtype."),
    ("head-only", "Every shared backbone parameter equal; only the head differs."),
    ("statistics-only", "Only running statistics differ."),
    ("norm-only", "Only norm weights and biases changed, head aside."),
    ("bias-and-norm", "Only biases and norms changed, head aside."),
    ("rows-only", "Only rows of embedding tables changed or were added, head aside."),
    ("low-rank", "Changed matrices differ by a low-rank delta: a merged LoRA."),
    (
        "component-frozen",
        "Whole components (encoder, decoder, vision, text) equal, others changed.",
    ),
    ("frozen-prefix", "Stem and the first N blocks equal, the rest changed."),
    ("frozen-suffix", "The last N blocks equal, earlier ones changed."),
    ("reinitialized", "Changed everywhere and uncorrelated with the base."),
    ("full", "Every trainable shared parameter changed, still close to the base."),
    ("partial", "Any other mixture; the run-length string says which."),
)

FLAGS = words(
    (
        "statistics_drift",
        "Running statistics of trainable BatchNorm differ from the base.",
        "Statistics drift",
    ),
    (
        "cast_dtype",
        "The 16-bit dtype the child was stored in, when the base has more.",
        "Cast",
    ),
    ("low_rank", "yes, no, or undecided where rounding hides the delta.", "Low rank"),
    (
        "frozen_by_architecture",
        "Layers that the architecture itself never trains.",
        "Frozen by architecture",
    ),
    (
        "renamed_prefix",
        "What was added to or taken from every tensor name.",
        "Renamed prefix",
    ),
    (
        "missing_pooler",
        "The child left out the base's pooler; that decides nothing.",
        "Missing pooler",
    ),
)

REASONS = words(
    ("gated", "The owner must grant access: accept the terms, then set HF_TOKEN."),
    ("disabled", "The Hub has disabled the repository."),
    ("not-found", "The repository does not exist, or is private."),
    ("no-weights", "No weight file is in the folder or repository."),
    ("unsupported-format", "The weight file is of a format that is not compared."),
    ("corrupt", "Lengths, offsets or shapes contradict the file itself."),
    ("unsafe", "A pickle asks for more than tensors; it was not run."),
    ("network", "The server still failed after the retries."),
)

VERDICTS = words(
    (
        "equal",
        "The same as in the base, after rounding the base to its dtype.",
        "Equal",
    ),
    ("changed", "Of the same shape, with other numbers.", "Changed"),
    ("added", "Not in the base.", "Added"),
    ("removed", "In the base alone.", "Removed"),
    ("reshaped", "In both, with another shape.", "Reshaped"),
    ("unknown", "Nothing could be found out."),
)

EVIDENCE = words(
    ("sha256", "Both files have one SHA-256."),
    ("bytes", "Every byte was compared."),
    ("header", "The header of the file alone tells it: names, shapes, dtypes."),
    ("crc32", "Both archives state one CRC-32 of the tensor."),
    (
        "probe",
        "Probes agree: of what is equal in all of them a share up to `missed` may "
        "differ, with a chance of error below one in a million.",
    ),
)

METRICS = words(
    (
        "fraction_changed", "Elements whose bytes differ, of all.",
        "Share changed", "a fraction",
    ),
    ("relative_l2", "‖child − base‖ / ‖base‖.", "Relative distance"),
    ("cosine", "Cosine of the angle between child and base.", "Cosine"),
    ("mse", "Mean of (child − base)².", "Mean squared difference"),
    ("mean_abs_diff", "Mean of |child − base|.", "Mean difference"),
    ("max_abs_diff", "Largest |child − base|.", "Largest difference"),
    ("min_abs_diff", "Smallest |child − base|.", "Smallest difference"),
    ("sign_flips", "How many elements changed their sign.", "Sign flips"),
    (
        "bit_distance", "Mean differing bits per element of the XOR.",
        "Bit distance", "bits",
    ),
)  # fmt: skip
