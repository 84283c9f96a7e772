"""The words of transfer: scores, predictors, splits, and what says how well each ranks.

Definitions of the scores stand in `core.transfer.scores`, a module each.
"""

from core.words import Word, words

WORDS = words(
    ("backbone", "A network without its head, from which features are taken.",
     "Backbone"),
    ("features", "What a backbone makes of an image: a row of numbers."),
    ("task", "A labeled dataset that a head is trained for."),
    ("record", "The accuracy that one model reached on one task."),
    ("score", "A number taken from features and labels without training; a larger "
     "one promises better transfer, its size means nothing between datasets.",
     "Score"),
    ("predictor", "What guesses accuracies that nobody measured, from records.",
     "Predictor"),
    ("static list", "One order of models for every task: by ImageNet accuracy, by "
     "size, by the mean of past accuracies. It asks nothing of the task."),
    ("split", "A way to hide records from predictors, one question each."),
    ("fold", "The records that are hidden together in one turn.", "Fold"),
    ("tie", "What the data cannot tell apart: the interval of the difference holds 0."),
    ("label set", "The classes of a task, whatever their order."),
    ("majority", "What naming the most frequent class would reach.",
     "Largest class", "a fraction"),
)  # fmt: skip

SCORES = words(
    ("logme", "Logarithm of the maximum evidence of a linear model of the labels.",
     "LogME", "", "You and others, ICML 2021"),
    ("h_score", "Variance of the features between classes, over all of it.",
     "H-score", "", "Bao and others, ICIP 2019"),
    ("regularized_h_score", "H-score with a shrunken covariance.",
     "Regularized H-score", "", "Ibrahim and others, 2022; Ledoit and Wolf, 2004"),
    ("leep", "Log-likelihood of the labels by the source model's classes.",
     "LEEP", "", "Nguyen and others, ICML 2020"),
    ("nce", "Negative conditional entropy of the labels given the source's classes.",
     "NCE", "", "Tran and others, ICCV 2019"),
    ("n_leep", "LEEP with clusters of the features in place of source classes.",
     "N-LEEP", "", "Li and others, CVPR 2021"),
    ("gbc_diagonal", "How little classes overlap, as Gaussians with a diagonal "
     "covariance (Bhattacharyya).", "GBC, diagonal", "",
     "Pándy and others, CVPR 2022"),
    ("gbc_spherical", "The same with one variance for all directions.",
     "GBC, spherical", "", "Pándy and others, CVPR 2022"),
    ("transrate", "Coding rate of the features, less that within classes.",
     "TransRate", "", "Huang and others, ICML 2022"),
    ("parc", "Rank correlation of the distances of features and of labels.",
     "PARC", "", "Bolya and others, NeurIPS 2021"),
    ("sfda", "Log-likelihood by a self-challenging Fisher discriminant analysis.",
     "SFDA", "", "Shao and others, ECCV 2022"),
    ("knn", "Accuracy of the nearest neighbor, leaving one out.",
     "k-NN, leave-one-out", "a fraction"),
    ("linear_probe", "Cross-validated accuracy of a linear head.",
     "Linear probe", "a fraction"),
)  # fmt: skip

PREDICTORS = words(
    ("model-mean", "The mean of a model's past accuracies; a static list.",
     "Mean of past accuracies"),
    ("two-way-means", "The mean of the model plus that of the task.",
     "Two-way means"),
    ("linear", "Linear regression on model and task metadata, as published.",
     "Linear regression (published)"),
    ("ridge", "Linear regression with interactions, shrunken.",
     "Ridge with interactions"),
    ("boosting", "Gradient boosting of histograms.", "Histogram gradient boosting"),
    ("gaussian-process", "A Gaussian process over alike models and alike tasks.",
     "Gaussian process"),
    ("mean", "The mean of several predictors, or of tasks.", "Mean"),
    ("imagenet-accuracy", "The static list by ImageNet accuracy.",
     "ImageNet accuracy"),
    ("size", "The static list by parameters.", "Size (parameters)"),
    ("mean-accuracy", "The static list by the mean of past accuracies.",
     "Mean of past accuracies"),
    ("combination", "Rank by scores and history together.", "Combination"),
)  # fmt: skip

SPLITS = words(
    ("new-domain", "A domain without any record; one domain a fold."),
    ("new-size", "Other numbers of images per class; one size a fold."),
    ("new-class-count", "Other numbers of classes; one count a fold."),
    ("new-label-set", "Labels in a combination not seen; one set a fold."),
    ("new-task", "A task like the known ones; 5 folds, twice."),
    ("new-model", "A model without any record; one model a fold."),
    ("random-cells", "Half of the cells, 5 times."),
    ("paper-protocol", "The published study's figure, with truth left in where it "
     "was known; 10 times."),
)  # fmt: skip

METRICS = words(
    ("rmse", "Root of the mean squared error of predicted accuracy.", "RMSE"),
    ("pearson", "Linear correlation of predicted and true accuracy.", "Pearson's r"),
    ("kendall", "Pairs of models ordered right less those ordered wrong, of all "
     "(tau-b).", "Kendall's τ", "", "Kendall, 1938"),
    ("weighted_kendall", "The same, where pairs among the best weigh more.",
     "Weighted Kendall's τ", "", "Vigna, 2015"),
    ("top1_regret", "Accuracy lost by taking the first of the ranking.",
     "Top-1 regret", "a fraction"),
    ("top3_regret", "Accuracy lost by taking the best of the first three.",
     "Top-3 regret", "a fraction"),
)  # fmt: skip

COLUMNS = (
    *words(
        ("name", "What ranks, or is ranked.", "Name"),
        ("metric", "How well an order fits, by one of the metrics.", "Metric"),
        ("accuracy", "Accuracy of a head that was really trained.", "True accuracy",
         "a fraction"),
        ("repeat", "The turn in which folds were drawn anew.", "Repeat"),
        ("family", "The family of the model.", "Family"),
        ("kind", "What ranks: a score, a predictor or a static list; or what a row of "
         "the answer is.", "Kind"),
        ("head_accuracy", "Accuracy of a ridge head on frozen features, on a quarter "
         "held out.", "Trained head", "a fraction"),
        ("test_images", "Images that were held out.", "Held-out images"),
        ("seconds", "The time it took.", "Seconds", "seconds"),
        ("predicted", "What the ranker says of the model.", "Predicted"),
        ("is_tied", "Whether it cannot be told from the first or the best.",
         "Ties with the best"),
        ("is_best", "Whether it is the best.", "Best"),
        ("p_best", "How probable it is that the model is the best.", "Best with",
         "a fraction"),
        ("records", "How many records speak for the model.", "Records"),
        ("nearest", "The most alike task with a record of the model.",
         "Most alike task"),
        ("nearest_accuracy", "The accuracy that was reached there.",
         "Accuracy there", "a fraction"),
        ("behind", "Expected accuracy less than the first's.", "Behind",
         "a fraction"),
        ("behind_low", "Lower end of its 90 % interval.", "Behind, low",
         "a fraction"),
        ("behind_high", "Upper end of its 90 % interval.", "Behind, high",
         "a fraction"),
        ("residual", "Accuracy beyond the means of model and task.",
         "Beyond both means"),
        ("imagenet_accuracy", "Accuracy on ImageNet-1K; of the demo's backbones on "
         "their own first question.", "ImageNet accuracy", "a fraction"),
        ("domain", "What the images of a task show.", "Domain"),
        ("classes", "How many classes a task has.", "Classes"),
        ("samples", "How many training images a task has.", "Images"),
        ("samples_per_class", "How many training images a class has.",
         "Images a class"),
        ("labels", "The names of the classes.", "Labels"),
    ),
    *(
        Word(f"rank by {name}", f"The model's place in the static list by {title}.",
             f"Rank by {title}")
        for name, title in (("imagenet-accuracy", "ImageNet accuracy"),
                            ("size", "size"),
                            ("mean-accuracy", "mean of past accuracies"))
    ),
)  # fmt: skip
