"""The model card of a demo model: honest about where and from what it was made."""

import yaml

from core.demo.digits import TEST_SHARE, Task
from core.demo.recipes import Recipe

TEXT = """\
# {name}

This small model was made on this machine by Pedigree's demo; nobody published it.
It answers one question about an 8 x 8 image of a handwritten digit: **{question}**

- Data: the 1,797 images of the UCI set "Optical recognition of handwritten digits"
  (E. Alpaydin and C. Kaynak, 1998, CC BY 4.0) that come with scikit-learn.
- Split: {share:.0%} of the images, stratified by digit, held out by a random split
  (seed {seed}). It holds out images, not writers, so the figure is kind to the model.
- Accuracy: {accuracy:.4f} on {images} held-out images.
- Input: one channel, pixels scaled from 0-16 to -1 to 1{enlarged}.
{origin}
"""


def model_card(
    recipe: Recipe, task: Task, *, accuracy: float, images: int, seed: int
) -> str:
    """Write the README.md of one model: YAML front matter as on the Hub, then text."""
    front = yaml.safe_dump(_front(recipe, accuracy), sort_keys=False)
    text = TEXT.format(
        name=recipe.name, question=task.question, share=TEST_SHARE, seed=seed,
        accuracy=accuracy, images=images,
        enlarged=", each repeated 3 x 3 times" * (recipe.architecture == "resnet"),
        origin=f"- Made from: `{recipe.base}`, the folder beside this one."
        if recipe.base else "- Trained from random weights.",
    )  # fmt: skip
    return f"---\n{front}---\n\n{text}"


def _front(recipe: Recipe, accuracy: float) -> dict[str, object]:
    base = {"base_model": recipe.base, "base_model_relation": "finetune"}
    dataset = {"name": "UCI handwritten digits, from scikit-learn", "type": "digits"}
    result = {
        "task": {"type": "image-classification", "name": recipe.task},
        "dataset": {**dataset, "split": "test"},
        "metrics": [{"type": "accuracy", "value": round(accuracy, 4)}],
    }
    return {
        **(base if recipe.base else {}),
        "license": "apache-2.0",
        "library_name": "transformers",
        "pipeline_tag": "image-classification",
        "tags": ["vision", "image-classification", "pedigree-demo"],
        "datasets": ["digits"],
        "metrics": ["accuracy"],
        "model-index": [{"name": recipe.name, "results": [result]}],
    }
