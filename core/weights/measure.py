"""Compare pairs of tensors of two checkpoints: equal or not, and every distance, in one
streamed pass on the CPU or a GPU. Knows no models, only pairs of byte ranges.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import numpy as np

from core.errors import UnsupportedFormat
from core.weights.entry import Checkpoint, TensorEntry
from core.weights.gathered import check_views, stored_bytes
from core.weights.lane import Lane
from core.weights.metrics import Measure, comparable, same_dtype
from core.weights.partial_sums import empty_rows, measures
from core.weights.spans import CHUNK_BYTES, Pair, Plan, Span

MOST_BYTES = 2 << 40
"""No published model is larger, and to plan a pass takes some memory for each MiB."""


class KeptBase:
    """What is kept of a base from child to child; safe to share between threads.

    That is the norms of its tensors, and the plan of the last child: one that was
    trained from the same base is often stored in the same way.
    """

    def __init__(self) -> None:
        self._norms: dict[tuple[str, str, str] | None, np.ndarray] = {}
        self._last = Plan(()), np.zeros((0, 2))

    def plan(self, pairs: Sequence[Pair]) -> Plan:
        """Return how pairs are cut."""
        last, _ = self._last
        return last if last.pairs == tuple(pairs) else Plan(pairs)

    def norms(self, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
        """Return the norms (rows, 2) of a plan's pairs, and which rows are known."""
        last, whole = self._last
        if plan is last:
            return whole, np.ones(len(whole), bool)
        norms = [np.zeros((0, 2))]
        known = np.zeros(len(plan.pairs), bool)
        for i, pair in enumerate(plan.pairs):
            kept = self._norms.get(_key(pair))
            known[i] = kept is not None
            norms.append(kept if known[i] else np.zeros((plan.rows[i], 2)))
        return np.concatenate(norms), np.repeat(known, plan.rows)

    def keep(self, plan: Plan, norms: np.ndarray) -> None:
        """Keep the norms of a plan's pairs."""
        if plan is self._last[0]:
            return
        keys = [_key(pair) for pair in plan.pairs]
        if None not in keys:
            self._last = plan, norms
        for i, key in enumerate(keys):
            if key is not None:
                kept = norms[plan.firsts[i] : plan.firsts[i + 1]]
                self._norms.setdefault(key, kept)


def measure_pairs(
    base: Checkpoint,
    child: Checkpoint,
    pairs: Sequence[Pair],
    *,
    metrics: bool = True,
    threads: int = 2,
    kept: KeptBase | None = None,
    sketch: bool = False,
    device: str = "cpu",
) -> list[Measure]:
    """Compare each (base entry, child entry), in the order of `pairs`.

    Both files are streamed, a few MiB at a time. Children of one base share a `kept`:
    then the base stays in memory too. Neither that nor `threads` changes a bit of the
    result. Without `metrics` only equality is decided, and a tensor is read
    no further than its first difference. `device` is where distances are computed:
    "cpu", or what torch names (see `core.weights.measure_cuda`) for the same numbers to
    1e-6; sketches are drawn on the CPU alone. Raises CorruptCheckpoint when a file ends
    early, and UnsupportedFormat for more than MOST_BYTES.
    """
    check_views(base, (x for x, _ in pairs))
    check_views(child, (y for _, y in pairs))
    claimed_bytes = sum(stored_bytes(child) for _, child in pairs)
    if claimed_bytes > MOST_BYTES:
        happened = f"claims {claimed_bytes:,} bytes of weights"
        raise UnsupportedFormat(child.name, happened, "compare parts of it")
    run = _Pass(base, child, threads, kept)
    measured = [i for i, pair in enumerate(pairs) if metrics and comparable(*pair)]
    chosen = set(measured)
    others = [i for i in range(len(pairs)) if i not in chosen]
    wanted = [pairs[i] for i in measured]
    if device == "cpu" or sketch:
        found = run.distances(wanted, sketch=sketch)
    else:
        from core.weights.measure_cuda import measure_on_device

        found = measure_on_device(base, child, wanted, device=device)
    told = run.equalities([pairs[i] for i in others])
    results = dict(zip([*measured, *others], [*found, *told], strict=True))
    return [results[i] for i in range(len(pairs))]


class _Pass:
    """One comparison of two checkpoints on this machine's processors."""

    def __init__(
        self,
        base: Checkpoint,
        child: Checkpoint,
        threads: int,
        kept: KeptBase | None,
    ) -> None:
        self._base, self._child = base, child
        self._threads = threads
        self._kept = kept

    def distances(self, pairs: Sequence[Pair], *, sketch: bool) -> list[Measure]:
        """Measure every distance of comparable pairs."""
        from core.weights.rows import add_norms, compare
        from core.weights.sketch import Sketches

        kept = self._kept or KeptBase()
        plan = kept.plan(pairs)
        sums, counts = empty_rows(plan.firsts[-1])
        norms, known = kept.norms(plan)
        all_known = bool(known.all())
        sketches = Sketches(plan) if sketch else None

        def work(lane: Lane, span: Span) -> None:
            runs = lane.read(span)
            if not all_known:
                fresh = runs.segments[~known[runs.segments[:, 3]]]
                add_norms(runs.base, span.child_dtype, fresh, norms)
            out = norms, sums, counts, sketches
            compare(runs.base, runs.child, span.child_dtype, runs.segments, *out)

        self._run(plan.spans(self._base, self._child), work, pairs)
        if self._kept:
            self._kept.keep(plan, norms)
        drawn = sketches.finished() if sketches else None
        return measures(pairs, plan.rows, sums, counts, drawn)

    def equalities(self, pairs: Sequence[Pair]) -> list[Measure]:
        """Decide whether pairs are equal, and nothing else."""
        if not pairs:
            return []
        from core.weights.loops.wide_kernels import unequal_rows

        unequal = np.array([not _may_equal(*pair) for pair in pairs], bool)
        open_pairs = np.flatnonzero(~unequal)
        asked = [pairs[i] for i in open_pairs]
        differ = np.zeros(len(asked), bool)

        def work(lane: Lane, span: Span) -> None:
            if differ[span.segments[:, 3]].all():
                return
            runs = lane.read(span)
            unequal_rows(runs.base, runs.child, runs.segments, differ)

        spans = Plan(asked).spans(self._base, self._child, one_row=True)
        self._run(spans, work, asked)
        unequal[open_pairs] = differ
        return [
            Measure(
                not different, not different and same_dtype(*pair), comparable(*pair)
            )
            for pair, different in zip(pairs, unequal.tolist(), strict=True)
        ]

    def _run(
        self,
        spans: Iterator[Span],
        work: Callable[[Lane, Span], None],
        pairs: Sequence[Pair],
    ) -> None:
        """Let the threads take spans until none is left or one fails."""
        taking = Lock()

        def take() -> Span | None:
            with taking:
                return next(spans, None)

        def drain() -> None:
            with Lane(keeps_base=self._kept is not None) as lane:
                try:
                    while span := take():
                        work(lane, span)
                except BaseException:
                    with taking:
                        deque(spans, maxlen=0)
                    raise

        one_span = sum(stored_bytes(child) for _, child in pairs) <= CHUNK_BYTES
        if self._threads < 2 or one_span:
            return drain()
        with ThreadPoolExecutor(self._threads - 1) as pool:
            others = [pool.submit(drain) for _ in range(self._threads - 1)]
            drain()
            for other in others:
                other.result()


def _key(pair: Pair) -> tuple[str, str, str] | None:
    """Name a tensor of the base, and the dtype that it is rounded to; None where the
    child's elements decide how (see `core.weights.rounding`).
    """
    base, child = pair
    if base.dtype == "F64" and child.dtype in ("F16", "BF16"):
        return None
    return base.file, base.name, child.dtype


def _may_equal(base: TensorEntry, child: TensorEntry) -> bool:
    if comparable(base, child):
        return True
    same_size = stored_bytes(base) == stored_bytes(child)
    return same_dtype(base, child) and base.shape == child.shape and same_size
