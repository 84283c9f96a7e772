"""Freeze advice: which sets a family froze, and code that freezes exactly them."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from core.derived.advice import choices_frame, freeze_choices, frozen_label
from core.derived.family import family
from core.derived.freeze_code import freeze_code, shortened
from core.settings import load_settings

STATISTICS = ("running_mean", "running_var")
HEADS = ("classifier", "class_labels", "bbox_predictor")
KINDS = ("vit", "resnet", "detr")


def tiny(kind):
    """A randomly initialized model of transformers, small enough for a test."""
    import torch
    import transformers as t

    torch.manual_seed(0)
    if kind == "vit":
        config = t.ViTConfig(
            hidden_size=16, num_hidden_layers=3, num_attention_heads=2,
            intermediate_size=32, image_size=16, patch_size=8,
        )  # fmt: skip
        return t.ViTForImageClassification(config)
    resnet = {
        "embedding_size": 8, "hidden_sizes": [8, 8, 8, 8], "depths": [1, 1, 1, 1],
        "layer_type": "basic",
    }  # fmt: skip
    if kind == "resnet":
        return t.ResNetForImageClassification(t.ResNetConfig(**resnet))
    config = t.DetrConfig(
        use_timm_backbone=False, use_pretrained_backbone=False, backbone=None,
        backbone_config=t.ResNetConfig(**resnet, out_features=["stage4"]), d_model=16,
        encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, num_queries=4,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16,
    )  # fmt: skip
    return t.DetrForObjectDetection(config)


def train(weights, is_frozen, *, keeps_statistics=True):
    """Change what is not frozen; running statistics of frozen layers as asked."""

    def moves(name):
        if name.endswith(STATISTICS):
            return not (keeps_statistics and is_frozen(name))
        return not is_frozen(name) and weights[name].dtype.kind == "f"

    return {
        name: (value * 1.01 + 0.01).astype(value.dtype) if moves(name) else value
        for name, value in weights.items()
    }


def write_child(root, name, weights):
    (root / name).mkdir()
    save_file(weights, root / name / "model.safetensors")
    (root / name / "README.md").write_text("---\nbase_model: base\n---\n")


FROZEN = {
    "vit": lambda name: "embeddings" in name or ".layer.0." in name,
    "resnet": lambda name: "embedder" in name or ".stages.0." in name,
    "detr": lambda name: (
        "backbone" in name
        and any(word in name for word in ("embedder", ".stages.0.", "normalization"))
    ),
}


@pytest.fixture(scope="module")
def advice(tmp_path_factory):
    """Return a function: a kind of base -> its folder, and the choices of its family.

    Two children freeze stem and first block or stage, one of them with its statistics
    kept; two others train everything and nothing but the head; one is a copy.
    """

    @cache
    def advised(kind):
        root, frozen = tmp_path_factory.mktemp(kind), FROZEN[kind]
        tiny(kind).save_pretrained(root / "base")
        weights = load_file(root / "base" / "model.safetensors")
        write_child(root, "kept", train(weights, frozen))
        write_child(root, "drifted", train(weights, frozen, keeps_statistics=False))
        write_child(root, "full", train(weights, lambda name: False))
        write_child(
            root, "head", train(weights, lambda name: not name.startswith(HEADS))
        )
        write_child(root, "copy", weights)
        settings = load_settings({"PEDIGREE_CACHE": str(root / "cache")})
        return root / "base", freeze_choices(family(root / "base", settings))

    return advised


def run(code, model):
    """Execute generated code as a person would, with `model` at hand."""
    exec(compile(code, "advice", "exec"), {"model": model})
    return model


def frozen_names(model):
    return {name for name, p in model.named_parameters() if not p.requires_grad}


LOADED_AS = {
    "vit": (
        (".encoder.layer.", ".layers."),
        ("attention.attention.query", "attention.q_proj"),
        ("attention.attention.key", "attention.k_proj"),
        ("attention.attention.value", "attention.v_proj"),
        ("attention.output.dense", "attention.o_proj"),
        ("intermediate.dense", "mlp.fc1"),
        ("output.dense", "mlp.fc2"),
    ),
    "resnet": (),
    "detr": (
        ("conv_encoder.", ""),
        ("out_proj", "o_proj"),
        (".fc1", ".mlp.fc1"),
        (".fc2", ".mlp.fc2"),
    ),
}


def loaded(kind, names):
    """Spell names of a file as transformers 5 loads them, by hand."""
    spelled = set(names)
    for old, new in LOADED_AS[kind]:
        spelled = {name.replace(old, new) for name in spelled}
    return spelled


def the_choice(choices, model):
    return next(choice for choice in choices if model in choice.models)


@pytest.mark.parametrize("kind", KINDS)
def test_models_that_froze_the_same_stand_behind_one_choice(advice, kind):
    _, choices = advice(kind)
    behind = {frozenset(choice.models) for choice in choices}
    assert behind == {
        frozenset({"kept", "drifted"}),
        frozenset({"full"}),
        frozenset({"head"}),
    }
    first = choices[0]
    assert set(first.models) == {"kept", "drifted"}
    assert first.label in ("stem – block 0", "stem – stage 1")
    assert first.drifted == (1 if kind == "resnet" else 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("child", ["kept", "full", "head"])
def test_the_code_freezes_exactly_the_named_parameters(advice, kind, child):
    _, choices = advice(kind)
    choice = the_choice(choices, child)
    model = run(freeze_code(choice, "base"), tiny(kind))
    assert frozen_names(model) == loaded(kind, choice.names)
    assert len(choice.names) == len(frozen_names(model))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("child", ["kept", "head"])
def test_the_code_holds_for_a_model_loaded_from_its_file(advice, kind, child):
    base, choices = advice(kind)
    choice = the_choice(choices, child)
    model = type(tiny(kind)).from_pretrained(base)
    run(freeze_code(choice, "base"), model)
    assert frozen_names(model) == loaded(kind, choice.names)


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_architecture_froze_is_made_trainable_again(advice, kind):
    _, choices = advice(kind)
    model = tiny(kind)
    built_frozen = frozen_names(model)
    run(freeze_code(the_choice(choices, "full"), "base"), model)
    assert not frozen_names(model)
    assert bool(built_frozen) == (kind == "detr")


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_the_model_lacks_is_an_error(advice, kind):
    _, choices = advice(kind)
    other = tiny("resnet" if kind == "vit" else "vit")
    with pytest.raises(ValueError, match="go by these names, not"):
        run(freeze_code(the_choice(choices, "kept"), "base"), other)


@pytest.mark.parametrize("keep", [True, False])
def test_statistics_of_frozen_layers_are_kept_when_asked(advice, keep):
    import torch

    _, choices = advice("resnet")
    choice = the_choice(choices, "kept")
    model = run(freeze_code(choice, "base", keep_statistics=keep), tiny("resnet"))
    before = {name: value.clone() for name, value in model.named_buffers()}
    model.train()
    model(torch.randn(2, 3, 32, 32))
    moved = {
        name.rpartition(".")[0]
        for name, value in model.named_buffers()
        if "running" in name and not torch.equal(value, before[name])
    }
    first = {name for name in moved if "embedder" in name or ".stages.0." in name}
    assert bool(first) != keep
    assert moved - first


def test_the_code_holds_for_timms_names(advice):
    import torchvision

    _, choices = advice("detr")
    model = tiny("detr")
    norm = torchvision.ops.FrozenBatchNorm2d
    timm_names = torchvision.models.resnet18(norm_layer=norm)
    model.model.backbone.model = timm_names
    at = "model.backbone.conv_encoder.model"
    wanted = {f"{at}.conv1.weight"} | {
        f"{at}.{name}"
        for name, _ in timm_names.named_parameters()
        if name.startswith("layer1.")
    }
    names = tuple(f"{at}.{name}" for name, _ in timm_names.named_parameters())
    choice = the_choice(choices, "kept")
    made = replace(choice, names=tuple(wanted), universe=names)
    run(freeze_code(made, "base"), model)
    assert frozen_names(model) == {n.replace("conv_encoder.", "") for n in wanted}


def test_base_class_and_head_class_share_the_code(advice):
    _, choices = advice("vit")
    choice = the_choice(choices, "kept")
    body = run(freeze_code(choice, "base"), tiny("vit").vit)
    expected = {name.removeprefix("vit.") for name in loaded("vit", choice.names)}
    assert frozen_names(body) == expected


def test_foreign_names_stay_text(advice):
    _, choices = advice("vit")
    evil = 'a.b"]\nraise SystemExit\n#'
    choice = replace(choices[0], names=(evil,), universe=(evil,), label=evil)
    with pytest.raises(ValueError, match="0 parameters go by these names, not 1"):
        run(freeze_code(choice, 'x\nraise SystemExit("hi")'), tiny("vit"))


def test_shares_of_choices_reconcile(advice):
    _, choices = advice("vit")
    frame = choices_frame(choices)
    assert frame["models"].sum() == 4 == frame["total"].iloc[0]
    assert frame["share"].sum() == pytest.approx(1)
    assert (frame["low"] < frame["share"]).all()
    assert (frame["share"] < frame["high"]).all()


def test_no_choice_where_nothing_was_compared():
    from core.derived.family import Family

    assert freeze_choices(Family("base", (), ())) == ()
    assert choices_frame(()).empty


def test_shortened_names_mean_the_same():
    random = np.random.default_rng(0)
    universe = [f"m.{a}.{b}.{c}" for a in "ab" for b in range(3) for c in "wb"]
    for _ in range(50):
        names = [name for name in universe if random.random() < 0.7]
        short = shortened(names, universe)
        meant = [
            name
            for name in universe
            if name in short
            or any(s.endswith(".") and name.startswith(s) for s in short)
        ]
        assert meant == names


def test_a_label_tells_whole_blocks_from_parts():
    assert frozen_label([("stem", 1, 1), ("block 0", 0, 2), ("block 1", 2, 2)]) == (
        "stem, block 1"
    )
    assert (
        frozen_label([("stem", 1, 2), ("block 0", 1, 2)]) == "parts of stem – block 0"
    )
    assert frozen_label([]) == "nothing"
