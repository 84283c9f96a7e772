"""The words of derived models, defined once for pages, exports and the command line."""

WORDS = [
    ("base", "The model that others were made from."),
    ("derived model", "A model made from a base: fine-tuned, cast, merged, quantized."),
    ("tensor", "One named array of numbers in a checkpoint file."),
    ("parameter", "A tensor that training can change."),
    ("buffer", "A tensor that is no parameter: running statistics, position ids."),
    ("block", "Tensors that belong together in forward order: stem, stage 1, block 7."),
    ("head", "The last layers, made new for each task; they never decide a pattern."),
    ("frozen", "Equal to the base, after rounding the base to the child's dtype."),
    ("freeze pattern", "One word for which parameters of a derived model changed."),
    ("frozen depth", "How many blocks, counted from the input, are equal to the base."),
    ("evidence", "What a verdict rests on: sha256, bytes, crc32, probe or header."),
    ("MACs", "Multiply-accumulate operations of one forward pass; 1 GMAC is 10⁹."),
    ("Pareto front", "The models that no other beats in both accuracy and cost."),
]

KINDS = [
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
]

FLAGS = [
    (
        "statistics_drift",
        "Running statistics of trainable BatchNorm differ from the base.",
    ),
    ("cast_dtype", "The 16-bit dtype the child was stored in, when the base has more."),
    ("low_rank", "yes, no, or undecided where rounding hides the delta."),
    ("frozen_by_architecture", "Layers that the architecture itself never trains."),
    ("renamed_prefix", "What was added to or taken from every tensor name."),
    ("missing_pooler", "The child left out the base's pooler; that decides nothing."),
]

REASONS = [
    ("gated", "The owner must grant access: accept the terms, then set HF_TOKEN."),
    ("disabled", "The Hub has disabled the repository."),
    ("not-found", "The repository does not exist, or is private."),
    ("no-weights", "No weight file is in the folder or repository."),
    ("unsupported-format", "The weight file is of a format that is not compared."),
    ("corrupt", "Lengths, offsets or shapes contradict the file itself."),
    ("unsafe", "A pickle asks for more than tensors; it was not run."),
    ("network", "The server still failed after the retries."),
]

METRICS = [
    ("fraction_changed", "Share of elements whose bytes differ, 0-1."),
    ("relative_l2", "‖child − base‖ / ‖base‖."),
    ("cosine", "Cosine of the angle between child and base."),
    ("mse", "Mean of (child − base)²."),
    ("mean_abs_diff", "Mean of |child − base|."),
    ("max_abs_diff", "Largest |child − base|."),
    ("min_abs_diff", "Smallest |child − base|."),
    ("sign_flips", "How many elements changed their sign."),
    ("bit_distance", "Mean differing bits per element of the XOR."),
]
