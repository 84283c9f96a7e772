"""What the columns of tables about a family mean, as pages and exports head them."""

from core.words import words

MODELS = words(
    ("id", "The model: owner/name on the Hub, or its folder.", "Model"),
    ("task", "The task that the card states.", "Task"),
    ("dataset", "The datasets that the card names.", "Dataset"),
    ("metric", "What the card measures itself by.", "Reported metric"),
    ("status", "ok: compared; failed; skipped: not compared yet.", "Status"),
    ("stage", "Where a comparison failed: listing, open, read, compare.", "Stage"),
    ("reason", "Why a model could not be compared, in one word.", "Reason"),
    ("message", "Why, in one sentence.", "What happened"),
    ("kind", "The freeze pattern, in one word.", "Pattern"),
    (
        "frozen_blocks", "The N of frozen-prefix and frozen-suffix.",
        "Frozen blocks", "blocks",
    ),
    ("runs", "Neighboring blocks of one verdict, joined.", "Blocks in forward order"),
    ("sentence", "The comparison in one sentence.", "In words"),
    ("compared_at", "When the comparison was made.", "Compared", "UTC"),
    ("bytes_read", "What was read of the model's files.", "Read", "bytes"),
    ("relation", "What the Hub says was done: finetune, adapter, merge, quantized.",
     "Relation"),
    ("parents", "The bases that the card or the Hub names.", "Named bases"),
    ("license", "The license that the card states; nobody has checked it.", "License"),
    ("metric_value", "What the card reports of itself, as it writes it.",
     "Reported value"),
    ("created_at", "When the repository was made.", "Created", "UTC"),
    ("last_modified", "When the repository last changed.", "Modified", "UTC"),
    ("size_bytes", "Size of the weight files.", "Weights", "bytes"),
    ("hub", "The model's page on the Hub.", "Hub"),
    ("pattern", "Models whose rows of the map are the same share a number.", "Alike"),
)  # fmt: skip

TENSORS = words(
    ("block", "The block that the tensor belongs to.", "Block"),
    ("name", "The tensor's name in its file.", "Name"),
    ("base_name", "The tensor's name in the base.", "Name in the base"),
    ("component", "The part of the model: encoder, decoder, vision, text.",
     "Component"),
    ("order", "The tensor's place in a forward pass, from 0.", "Order"),
    ("verdict", "What became of the tensor: equal, changed, added ...", "Verdict"),
    ("evidence", "What a verdict rests on.", "Evidence"),
    ("shape", "Length of each dimension; of a scalar nothing.", "Shape"),
    ("dtype", "The number format in the file.", "Dtype"),
    ("base_shape", "The shape in the base.", "Shape in the base"),
    ("base_dtype", "The number format in the base.", "Dtype in the base"),
    ("number", "The block's number inside its component.", "Number"),
    ("elements", "How many numbers the tensor holds.", "Elements"),
    ("is_parameter", "Whether training can change it.", "Parameter"),
    ("is_head", "Whether it belongs to the head.", "Head"),
    ("is_norm", "Whether it belongs to a normalization.", "Norm"),
    ("is_bias", "Whether it is a bias.", "Bias"),
    ("is_embedding", "Whether it is a table of embeddings.", "Embedding"),
    ("is_statistic", "Whether it is a running statistic.", "Statistic"),
    ("is_unreached", "Whether training never reaches it.", "Never reached"),
    ("is_frozen_by_architecture", "Whether the architecture never trains it.",
     "Frozen by architecture"),
    ("is_tied", "Whether it is a second name of another tensor.", "Tied"),
    ("missed", "Of what is equal in all probes, the share that may differ unseen.",
     "May differ unseen", "a fraction"),
    ("nonfinite_base", "Infinities and NaN in the base.", "Not finite in the base"),
    ("nonfinite_child", "Infinities and NaN in the child.", "Not finite in the child"),
    ("tensor", "The tensor's name in the base, or in the model that added it.",
     "Tensor"),
    *(
        (f"{fact}_{side}", f"The {fact.replace('_', ' ')} of the {side} of two models.",
         f"{fact.replace('_', ' ').capitalize()}, {side}")
        for side in ("first", "second")
        for fact in ("verdict", "evidence", "relative_l2")
    ),
)  # fmt: skip

SHARES = words(
    ("downloads_share", "The share where a model counts as often as it is downloaded.",
     "Of downloads", "a fraction"),
    ("downloads_low", "Lower end of that share's 95 % interval.",
     "Of downloads, low", "a fraction", "Kish, 1965, effective sample size"),
    ("downloads_high", "Upper end of that share's 95 % interval.",
     "Of downloads, high", "a fraction", "Kish, 1965, effective sample size"),
    ("median", "Median downloads of a pattern's models; its interval by order "
     "statistics.", "Median downloads"),
    ("measured", "Models in which the layer's distance is known.", "Measured"),
    ("mean_relative_l2", "Mean of ‖child − base‖ / ‖base‖ over those.",
     "Mean distance"),
    ("depth", "Steps from the root, or blocks from the input.", "Depth"),
    ("up_to", "The last frozen block, counted from the input.", "Frozen up to"),
    ("period", "The month or quarter in which models were created.", "From"),
    ("frozen", "The set of parameters that was left as in the base.", "Frozen"),
    ("parameters", "How many parameter tensors that are.", "Parameter tensors"),
    ("patterns", "The freeze patterns in question.", "Patterns"),
    ("statistics_drifted", "Models whose running statistics moved though frozen.",
     "Statistics moved"),
    ("by_probes", "Models in which some equality rests on probes.", "By probes"),
    ("published", "Bytes of all files as they are published.", "As published",
     "bytes"),
    ("files_once", "Bytes with equal files stored once, as the Hub does.",
     "Equal files once", "bytes"),
    ("least", "Bytes with equal tensors stored once, at least.",
     "Equal tensors once, at least", "bytes"),
    ("most", "Bytes with equal tensors stored once, at most.",
     "Equal tensors once, at most", "bytes"),
)  # fmt: skip

DESCENT = words(
    ("original", "The model, or the base, that a copy is the same as.", "Same as"),
    ("proof", "By what they are known to be the same.", "Known by"),
    ("group", "Near copies share a number.", "Group"),
    ("nearest", "The nearest other model.", "Nearest"),
    ("distance", "Between two backbones, over the larger of their distances from the "
     "base: 0 is the same, about 1 and more unrelated.", "Distance"),
    ("same_rest", "Whether head and buffers are equal too.", "Same head and buffers"),
    ("parent", "The model it was made from.", "Made from"),
    ("ratio", "The distance to the sibling over that to the base.",
     "Distance / to the base"),
    ("order_by", "What says who came first: the card, the dates of both, or being "
     "nearer to the base.", "Came before, by"),
    ("weight", "With which a parent's delta goes into a merge, by least squares.",
     "Weight"),
    ("explained", "Of the merge's squared delta, explained by all parents.",
     "Explained by all", "a fraction"),
)  # fmt: skip

PROBLEMS = words(
    ("problem", "What is doubtful about a declaration.", "Problem"),
    ("declared", "The parent that the card names.", "Declared parent"),
    ("found", "The parent by the weights.", "Parent by the weights"),
    ("because", "What the weights show.", "Because"),
)

CENSUS = words(
    ("base", "A base of the study.", "Base"),
    ("task", "What the base does.", "Task"),
    ("published", "The study's count.", "Published"),
    ("found", "How many were found here.", "Found here"),
    ("of", "How many models are on its list.", "On its list"),
    ("standing", "How a finding of the study stands to ours.", "Standing"),
    ("finding", "What the study says, in our words.", "The study says"),
    ("expected", "The published count without its known error.", "Mended"),
    ("share_expected", "That count, of the models on its list.", "Mended share",
     "a fraction"),
    ("compared", "How many models were compared.", "Compared"),
    ("correction", "The known error.", "Known error"),
    ("why", "What there is instead, where ours differs.", "Instead"),
    ("crawled", "How many models the study fetched.", "Crawled then"),
    ("lost", "How many it could not read; it kept no reason.", "Lost then"),
    ("listed", "How many models the Hub lists now.", "Listed now"),
    ("failed", "How many could not be compared.", "Failed"),
    ("waiting", "How many are not compared yet.", "Waiting"),
    ("failures", "Why models failed, counted.", "Failures"),
)  # fmt: skip

BEST_CHILD = words(
    ("ties", "How many others tie with it.", "Ties"),
    ("reasons", "What speaks for the model, in sentences.", "Why it stands here"),
)
