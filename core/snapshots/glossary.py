"""The words of snapshots, of the model store and of the search over them."""

from core.words import words

WORDS = words(
    ("snapshot", "A model made here from a known base, whose lineage is recorded.",
     "Snapshot"),
    ("lineage", "Who was made from whom, how, and on what."),
    ("split point", "A place between two blocks at which a network can be cut."),
    ("retrain index", "How many blocks before the head a snapshot was trained in."),
    ("distribution", "How the retrain indices of many snapshots are drawn.",
     "Distribution", "", "Strassenburg and others, github.com/hpides/alsatian"),
    ("drawn", "Made without training: the last blocks get new random weights."),
    ("model store", "A folder that keeps each tensor once, whatever it is in; files "
     "come out bit by bit."),
    ("coded", "A tensor kept as its difference from the base's, where that is a tenth "
     "smaller."),
    ("search", "Ranking snapshots on a dataset by a score of the features before "
     "their heads; what they share is run once."),
    ("successive halving", "Few images first; each time they are doubled, the better "
     "half of the snapshots stays.", "", "", "Jamieson and Talwalkar, 2016"),
    ("TOP_LAYERS", "Retrain indices of the last few layers.", "", "",
     "Strassenburg and others, github.com/hpides/alsatian"),
    ("TWENTY_FIVE_PERCENT", "Retrain indices around the last quarter.", "", "",
     "Strassenburg and others, github.com/hpides/alsatian"),
    ("FIFTY_PERCENT", "Retrain indices around the last half.", "", "",
     "Strassenburg and others, github.com/hpides/alsatian"),
)  # fmt: skip

COLUMNS = words(
    ("id", "The snapshot, or the stored model, by the name of its folder.",
     "Snapshot"),
    ("parent", "The model that it was made from.", "Made from"),
    ("dataset", "What it was trained on.", "Dataset"),
    ("accuracy", "On images set apart, of the weights as they are stored.",
     "Test accuracy", "a fraction"),
    ("depth", "Steps from the root of the lineage.", "Depth"),
    ("size_bytes", "Its files as they came.", "Size", "bytes"),
    ("base", "The root of its family.", "Base"),
    ("score", "A score of the features before the head; larger is better.", "Score"),
    ("origin", "base, drawn or trained.", "Origin"),
    ("retrain_index", "How many blocks before the head were trained.",
     "Retrain index", "blocks"),
    ("seed", "What its randomness is drawn from.", "Seed"),
    ("made_at", "When it was made.", "Made", "UTC"),
    ("part", "Of a network: stem, block or head; of a dataset: train, validation or "
     "test; of memory: what it is for.", "Part"),
    ("class", "A class of a dataset.", "Class"),
    ("output", "The shape of what the block hands on, without the batch.", "Output"),
    ("output_bytes", "Its size for one image.", "Output size", "bytes"),
    ("epoch", "One pass over all training images, from 0.", "Epoch"),
    ("train_loss", "Mean cross-entropy while training.", "Training loss", "nats"),
    ("train_top1", "Accuracy while training.", "Training accuracy", "a fraction"),
    ("validation_loss", "Mean cross-entropy on the validation images.",
     "Validation loss", "nats"),
    ("validation_top1", "Accuracy on the validation images.", "Validation accuracy",
     "a fraction"),
    ("train_top5", "Share with the right class in the first five, while training.",
     "Training top-5 accuracy", "a fraction"),
    ("validation_top5", "The same on the validation images.",
     "Validation top-5 accuracy", "a fraction"),
    ("draws", "The first retrain indices that were drawn.", "First draws"),
    ("index", "A retrain index.", "Retrain index", "blocks"),
    ("own_bytes", "Tensors that its parent does not have.", "Its own", "bytes"),
    ("children", "How many models were made from it directly.", "Children"),
    ("architecture", "The network, by name.", "Architecture"),
)  # fmt: skip
