"""Compare pairs of tensors of two checkpoints: equal or not, and every distance, in one
streamed pass on the CPU or a GPU. Knows no models, only pairs of byte ranges.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from core.weights.entry import Checkpoint, TensorEntry
from core.weights.lane import Lane, mapped_sources
from core.weights.metrics import Measure, comparable, same_dtype
from core.weights.partial_sums import empty_rows, measures
from core.weights.spans import (
    Pair,
    Span,
    plan_spans,
    rows_of,
    stored_bytes,
)


def measure_pairs(
    base: Checkpoint,
    child: Checkpoint,
    pairs: Sequence[Pair],
    *,
    metrics: bool = True,
    threads: int = 2,
    mapped: bool = False,
    sketch: bool = False,
    device: str = "cpu",
) -> list[Measure]:
    """Compare each (base entry, child entry), in the order of `pairs`.

    Both files are streamed in a few MiB at any size; `mapped` maps the base instead.
    Neither that nor `threads` changes a bit of the result. Without `metrics` only
    equality is decided, and a tensor is read no further than its first difference.
    `device` is where distances are computed: "cpu", or what torch names (see
    `core.weights.measure_cuda`) for the same numbers to 1e-6; sketches are drawn on the
    CPU alone. Raises CorruptCheckpoint when a file ends early.
    """
    with PreparedBase(base, mapped=mapped, device=device) as prepared:
        return prepared.measure(
            child, pairs, metrics=metrics, threads=threads, sketch=sketch
        )


class PreparedBase:
    """A base that serves many children: mapped once, its norms computed once.

    `measure` may be called from several threads. It is a context manager that lets go
    of the mapping; the checkpoint stays open.
    """

    def __init__(
        self, base: Checkpoint, *, mapped: bool = True, device: str = "cpu"
    ) -> None:
        self.base = base
        self.device = device
        self._views = mapped_sources(base) if mapped else {}
        self._norms: dict[tuple[TensorEntry, str], np.ndarray] = {}

    def measure(
        self,
        child: Checkpoint,
        pairs: Sequence[Pair],
        *,
        metrics: bool = True,
        threads: int = 2,
        sketch: bool = False,
    ) -> list[Measure]:
        """Compare the base with one child; see `measure_pairs`."""
        measured = [i for i, pair in enumerate(pairs) if metrics and comparable(*pair)]
        chosen = set(measured)
        others = [i for i in range(len(pairs)) if i not in chosen]
        results: dict[int, Measure] = {}
        found = self._distances(child, [pairs[i] for i in measured], threads, sketch)
        results.update(zip(measured, found, strict=True))
        told = self._equalities(child, [pairs[i] for i in others], threads)
        results.update(zip(others, told, strict=True))
        return [results[i] for i in range(len(pairs))]

    def close(self) -> None:
        """Let go of the mapping."""
        self._views = {}

    def __enter__(self) -> "PreparedBase":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _distances(
        self, child: Checkpoint, pairs: Sequence[Pair], threads: int, sketch: bool
    ) -> list[Measure]:
        if self.device != "cpu" and not sketch:
            from core.weights.measure_cuda import measure_on_device

            return measure_on_device(self.base, child, pairs, device=self.device)
        from core.weights.rows import add_norms, compare
        from core.weights.sketch import Sketches

        rows = [rows_of(pair) for pair in pairs]
        firsts = np.concatenate([[0], np.cumsum(rows)]).astype(int).tolist()
        sums, counts = empty_rows(firsts[-1])
        norms, known = self._known_norms(pairs, firsts)
        all_known = bool(known.all())
        sketches = Sketches(pairs, firsts) if sketch else None

        def work(lane: Lane, span: Span) -> None:
            runs = lane.read(span)
            if not all_known:
                fresh = runs.segments[~known[runs.segments[:, 3]]]
                add_norms(runs.base, span.child_dtype, fresh, norms)
            out = norms, sums, counts, sketches
            compare(runs.base, runs.child, span.child_dtype, runs.segments, *out)

        spans = plan_spans(self.base, child, pairs, firsts)
        self._run(spans, work, threads)
        self._keep_norms(pairs, firsts, norms)
        drawn = sketches.finished() if sketches else None
        return measures(pairs, rows, sums, counts, drawn)

    def _equalities(
        self, child: Checkpoint, pairs: Sequence[Pair], threads: int
    ) -> list[Measure]:
        from core.weights.wide_kernels import unequal_rows

        unequal = np.array([not _may_equal(*pair) for pair in pairs], bool)
        open_pairs = [i for i in range(len(pairs)) if not unequal[i]]

        def work(lane: Lane, span: Span) -> None:
            if unequal[span.segments[:, 3]].all():
                return
            runs = lane.read(span)
            unequal_rows(runs.base, runs.child, runs.segments, unequal)

        spans = plan_spans(
            self.base, child, [pairs[i] for i in open_pairs], open_pairs, one_row=True
        )
        self._run(spans, work, threads)
        return [
            Measure(
                not different, not different and same_dtype(*pair), comparable(*pair)
            )
            for pair, different in zip(pairs, unequal.tolist(), strict=True)
        ]

    def _run(
        self, spans: Sequence[Span], work: Callable[["Lane", Span], None], threads: int
    ) -> None:
        """Let `threads` workers take spans until none is left or one fails."""
        queue = iter(spans)

        def drain() -> None:
            lane = Lane(self._views)
            try:
                for span in queue:
                    work(lane, span)
            except BaseException:
                for _ in queue:
                    pass
                raise

        if threads < 2 or len(spans) < 2:
            return drain()
        with ThreadPoolExecutor(threads) as pool:
            for future in [pool.submit(drain) for _ in range(threads)]:
                future.result()

    def _known_norms(
        self, pairs: Sequence[Pair], firsts: Sequence[int]
    ) -> tuple[np.ndarray, np.ndarray]:
        norms = np.zeros((firsts[-1], 2))
        known = np.zeros(firsts[-1], bool)
        for i, (base, child) in enumerate(pairs):
            kept = self._norms.get((base, child.dtype))
            if kept is not None:
                norms[firsts[i] : firsts[i + 1]] = kept
                known[firsts[i] : firsts[i + 1]] = True
        return norms, known

    def _keep_norms(
        self, pairs: Sequence[Pair], firsts: Sequence[int], norms: np.ndarray
    ) -> None:
        for i, (base, child) in enumerate(pairs):
            kept = norms[firsts[i] : firsts[i + 1]].copy()
            self._norms.setdefault((base, child.dtype), kept)


def _may_equal(base: TensorEntry, child: TensorEntry) -> bool:
    if comparable(base, child):
        return True
    same_size = stored_bytes(base) == stored_bytes(child)
    return same_dtype(base, child) and base.shape == child.shape and same_size
