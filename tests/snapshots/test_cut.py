"""A network in two halves gives what it gives whole, in each library's own classes."""

import pytest
import torch
from torch import nn

from core.snapshots.architecture import build_network, find_architecture, logits_of
from core.snapshots.blocks import model_blocks, retrained_blocks, split_points
from core.snapshots.cut import cut_network, evaluating
from core.snapshots.freeze import freeze


def halves(network, index, side):
    blocks = model_blocks(network)
    frozen = freeze(network, blocks, retrained_blocks(blocks, index))
    roots = frozen.frozen_roots, frozen.trained_roots
    return cut_network(network, *roots, (3, side, side))


def test_two_halves_give_what_the_whole_gives(kind, tiny):
    network = build_network(tiny[kind], 10)
    side = tiny[kind].preprocess.crop[0]
    x = torch.randn(5, 3, side, side, generator=torch.Generator().manual_seed(1))
    for index in range(split_points(model_blocks(network))):
        cut = halves(network, index, side)
        with evaluating(network), torch.no_grad():
            torch.testing.assert_close(
                cut.after(cut.before(x)), logits_of(network(x)), rtol=1e-4, atol=1e-5
            )


def test_gradients_are_those_of_the_whole(kind, tiny):
    network = build_network(tiny[kind], 10)
    side = tiny[kind].preprocess.crop[0]
    x = torch.randn(5, 3, side, side)
    cut = halves(network, 2, side)
    with evaluating(network):
        found = []
        for answer in (lambda: logits_of(network(x)), lambda: cut.after(cut.before(x))):
            network.zero_grad()
            answer().square().sum().backward()
            learned = [p for p in network.parameters() if p.requires_grad]
            found.append([p.grad.clone() for p in learned])
        for one, other in zip(*found, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["timm/test_convnext", "timm/test_vit3"])
def test_other_networks_of_timm_are_cut(name):
    network = build_network(find_architecture(name, side=160), 10)
    cut = halves(network, 1, 160)
    assert cut is not None and cut.first in dict(network.named_modules())


def test_the_network_is_as_before(tiny):
    network = build_network(tiny["resnet"], 10)
    cut = halves(network, 2, 16)
    cut.after(cut.before(torch.randn(2, 3, 16, 16)))
    for module in network.modules():
        assert "forward" not in vars(module)
        assert not module._forward_hooks and not module._forward_pre_hooks
    assert network.training


def test_nothing_frozen_before_the_first_trained_block_is_no_cut(tiny):
    network = build_network(tiny["vit"], 10)
    blocks = model_blocks(network)
    frozen = freeze(network, blocks, [block.name for block in blocks])
    roots = frozen.frozen_roots, frozen.trained_roots
    assert cut_network(network, *roots, (3, 16, 16)) is None


class Skipping(nn.Module):
    """Hands a frozen map past the first trained module."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.body = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 1)
        self.fc = nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        early = self.conv1(x)
        late = self.body(early)
        return self.fc(torch.cat([early.mean((2, 3)), late.mean((2, 3))], 1))


def test_a_network_whose_frozen_part_is_used_twice_is_not_cut():
    assert cut_network(Skipping(), ["conv1"], ["body", "fc"], (3, 8, 8)) is None
    assert cut_network(Skipping(), ["conv1", "body"], ["fc"], (3, 8, 8)) is not None
