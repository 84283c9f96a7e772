"""The training loop of one network with frozen parts: what is frozen before the first
trained block runs once, checkpoints are written, and a restart ends in the same bits.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import JobCancelled
from core.numerals import percent
from core.progress import Progress
from core.snapshots.architecture import logits_of
from core.snapshots.checkpoint import (
    Standing,
    load_checkpoint,
    optimizer_tensors,
    random_tensors,
    restore_optimizer,
    restore_random,
    save_checkpoint,
)
from core.snapshots.cut import Cut, cut_network, evaluating
from core.snapshots.datasets import Dataset
from core.snapshots.freeze import Freeze, set_mode
from core.snapshots.kept_features import KeptFeatures, keep_features
from core.snapshots.measure import Accuracy, Sums, measure
from core.snapshots.pixels import Pixels
from core.snapshots.recipe import Precision, Recipe
from core.snapshots.schedule import epoch_batches, epoch_seed, new_optimizer, steady

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Setting:
    """What a training works with: its recipe, what is frozen, where it computes, and
    where it keeps its checkpoint under which key.
    """

    recipe: Recipe
    frozen: Freeze
    device: "torch.device"
    precision: Precision
    checkpoint: Path
    key: str


class Training:
    """A network in training; `run` goes on from the checkpoint and leaves the network
    with the weights of its best epoch.
    """

    def __init__(
        self, network: "torch.nn.Module", dataset: Dataset, preprocess: Any,
        setting: Setting,
    ) -> None:  # fmt: skip
        recipe, where = setting.recipe, setting.device
        self.network, self.dataset, self.setting = network.to(where), dataset, setting
        self.train = Pixels(
            dataset.train, preprocess, where, augment=recipe.augment, seed=recipe.seed
        )
        self.validation = Pixels(dataset.validation, preprocess, where)
        self.learned = [p for p in network.parameters() if p.requires_grad]
        self.optimizer = new_optimizer(recipe, self.learned)
        self.standing = Standing()
        self.best: dict[str, torch.Tensor] = {}
        self.kept: tuple[KeptFeatures, KeptFeatures] | None = None
        self.cut: Cut | None = None

    @property
    def is_over(self) -> bool:
        """Whether all epochs ended, or the last ones brought nothing better."""
        at, recipe = self.standing, self.setting.recipe
        waited = 0 if at.best_epoch is None else at.epoch - 1 - at.best_epoch
        is_stale = recipe.patience is not None and waited >= recipe.patience
        return at.epoch >= recipe.epochs or is_stale

    def run(self, report: Progress, on_epoch: Callable[[list[dict]], None]) -> Standing:
        """Train to the end. `report` may raise JobCancelled: what is done is kept."""
        with steady(self.setting.device):
            random = self._resume()
            if not self.is_over:
                self._keep_frozen(report)
            if random:
                restore_random(random, self.setting.device)
            while not self.is_over:
                try:
                    self._epoch(report)
                except JobCancelled:
                    self._save()
                    raise
                on_epoch(self.standing.history)
        self.network.load_state_dict(self.best, strict=False)
        return self.standing

    def _epoch(self, report: Progress) -> None:
        import torch

        at, recipe = self.standing, self.setting.recipe
        started = monotonic()
        chunks = epoch_batches(recipe, len(self.dataset.train), at.epoch)
        if at.step == 0:
            torch.manual_seed(epoch_seed(recipe.seed, at.epoch))
            at.seen = Sums()
        set_mode(self.network, self.setting.frozen)
        for step in range(at.step, len(chunks)):
            report(self._fraction(step / len(chunks)), self._message(step, len(chunks)))
            self._step(chunks[step])
            at.step = step + 1
            every = recipe.checkpoint_steps
            if every and at.step % every == 0 and at.step < len(chunks):
                self._save()
        self._end_epoch(self._validate(), monotonic() - started)

    def _step(self, rows: np.ndarray) -> None:
        import torch

        labels = torch.from_numpy(self.dataset.train.labels[rows])
        labels = labels.to(self.setting.device)
        with self._autocast():
            logits = self._train_logits(rows)
        loss = torch.nn.functional.cross_entropy(logits.float(), labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.standing.seen.add(logits.detach().float(), labels)

    def _train_logits(self, rows: np.ndarray) -> "torch.Tensor":
        epoch = self.standing.epoch
        if self.kept:
            return self.cut.after(self.kept[0].rows(rows, self.train.flips(epoch)))
        x = self.train.batch(rows, epoch)
        return logits_of(self.network(x))

    def _validate(self) -> Accuracy:
        def answer(rows: range) -> "torch.Tensor":
            with self._autocast():
                if self.kept:
                    return self.cut.after(self.kept[1].rows(np.asarray(rows)))
                return logits_of(self.network(self.validation.batch(rows)))

        with evaluating(self.network):
            size = self.setting.recipe.batch_size
            return measure(answer, self.dataset.validation, size)

    def _end_epoch(self, found: Accuracy, seconds: float) -> None:
        at = self.standing
        trained = at.seen.accuracy()
        row = {
            "epoch": at.epoch, "train_loss": trained.loss, "train_top1": trained.top1,
            "train_top5": trained.top5, "validation_loss": found.loss,
            "validation_top1": found.top1, "validation_top5": found.top5,
            "seconds": round(seconds, 3),
        }  # fmt: skip
        at.history.append(row)
        if at.best_epoch is None or _rank(row) > _rank(at.history[at.best_epoch]):
            at.best_epoch, self.best = at.epoch, self._moving()
        at.epoch, at.step, at.seen = at.epoch + 1, 0, Sums()
        self._save()

    def _keep_frozen(self, report: Progress) -> None:
        """Run the frozen start once, where its answers stay the same and fit."""
        recipe, frozen = self.setting.recipe, self.setting.frozen
        is_steady = recipe.augment != "crop-flip" and recipe.statistics == "kept"
        if not (recipe.cache_features and is_steady):
            return
        shape = tuple(self.validation.batch([0]).shape[1:])
        self.cut = cut_network(
            self.network, frozen.frozen_roots, frozen.trained_roots, shape
        )
        if self.cut is None:
            return

        def told(part: float) -> None:
            report(
                self._fraction(0), f"{recipe.name}: what is frozen, {percent(part, 0)}"
            )

        both, size = (self.train, self.validation), recipe.batch_size
        with evaluating(self.network), self._autocast():
            self.kept = keep_features(self.cut, both, size, told)

    def _resume(self) -> "dict[str, torch.Tensor]":
        """Take up the checkpoint; returns its random state, or nothing without one."""
        found = load_checkpoint(self.setting.checkpoint, self.setting.key)
        if found is None:
            return {}
        self.standing, tensors = found
        self.network.load_state_dict(_named("model.", tensors), strict=False)
        self.best = _named("best.", tensors)
        restore_optimizer(self.optimizer, tensors)
        return {n: t for n, t in tensors.items() if n.startswith("random.")}

    def _save(self) -> None:
        tensors = {f"model.{n}": t for n, t in self._moving().items()}
        tensors |= {f"best.{n}": t for n, t in self.best.items()}
        tensors |= optimizer_tensors(self.optimizer)
        tensors |= random_tensors(self.setting.device)
        setting = self.setting
        save_checkpoint(setting.checkpoint, setting.key, self.standing, tensors)

    def _moving(self) -> dict[str, "torch.Tensor"]:
        """Return copies of the tensors that training may change."""
        state = self.network.state_dict()
        return {
            n: state[n].detach().clone() for n in sorted(self.setting.frozen.tensors)
        }

    def _fraction(self, within: float) -> float:
        return (self.standing.epoch + within) / self.setting.recipe.epochs

    def _message(self, step: int, steps: int) -> str:
        at, recipe = self.standing, self.setting.recipe
        text = (
            f"{recipe.name}: epoch {at.epoch + 1}/{recipe.epochs}, step {step}/{steps}"
        )
        if at.history:
            last = at.history[-1]
            text += f", validation {percent(last['validation_top1'], 1)}"
        return text

    def _autocast(self) -> AbstractContextManager:
        import torch

        is_low = self.setting.precision == "bfloat16"
        kind = self.setting.device.type
        return torch.autocast(kind, torch.bfloat16, enabled=is_low)


def _rank(row: dict[str, Any]) -> tuple[float, float]:
    """Order epochs by validation accuracy, ties by loss."""
    return row["validation_top1"], -row["validation_loss"]


def _named(prefix: str, tensors: dict) -> dict:
    return {
        n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)
    }
