"""The singular values of a block of a delta, against the noise that rounding to the
stored dtypes leaves in it.

Knows two blocks of numbers and their dtypes; judges nothing.
"""

from dataclasses import dataclass

import numpy as np

NOISE_MARGIN = 1.25
"""Room above the expected norm of the noise; it reached 0.75 of the floor so made."""

ARITHMETIC = 2e-6
"""Float32 products leave singular values up to this share of the largest."""

CLEAR, GAP = 1.5, 3.0
"""Multiples of the floor: surely no noise; so far above that a gap is left."""

NEGLIGIBLE = 1e-9
"""Share of noise in a delta's energy below which nothing can hide in it."""

# Mantissa bits and the exponent of the smallest step; that of F64 is raised so that
# the square of a step is never zero.
PRECISION = {"F64": (52, -500), "F32": (23, -149), "F16": (10, -24), "BF16": (7, -133)}
_EXPONENT = np.uint64(0x7FF0_0000_0000_0000)


@dataclass(frozen=True, slots=True)
class Spectrum:
    """The singular values of one block of the delta against the noise of rounding.

    `delta` (s, t) and `noise` (s, t), its variance, are scaled as `_evening` says.
    `floor` is the largest singular value that noise may reach. `rows` and `columns`
    count the changed ones and all, `finite` the rows without NaN or infinity; `density`
    is the share of entries that differ where those cross. `peak` is the unit of
    `delta`, `sigma` and `floor`: the largest change.
    """

    delta: np.ndarray
    noise: np.ndarray
    sigma: np.ndarray
    floor: float
    rows: tuple[int, int]
    columns: tuple[int, int]
    finite: int
    density: float
    peak: float

    def above(self, floor: float) -> int:
        """How many singular values exceed a floor."""
        return int(np.count_nonzero(self.sigma > floor))

    @property
    def rank(self) -> int:
        """How many singular values rounding cannot explain."""
        return self.above(self.floor)

    @property
    def certain_rank(self) -> int:
        """How many stay clear of what rounding can explain."""
        return self.above(CLEAR * self.floor)

    @property
    def coarse_floor(self) -> float:
        """The floor, had the delta been rounded to bfloat16 before it was added."""
        noise = self.noise + _squared_steps(self.delta, "BF16") / 12
        return max(self.floor, _noise_norm(noise))

    @property
    def gapped_rank(self) -> int:
        """How many lie far above it; `rank`, where the spectrum has a gap there."""
        return self.above(GAP * self.floor)

    @property
    def side(self) -> int:
        """The smaller side of the block without its unchanged rows and columns."""
        return min(self.rows[0], self.columns[0])

    @property
    def sampled(self) -> int:
        """How many entries were read."""
        return self.rows[1] * self.columns[1]

    def is_deficient(self, floor: float) -> bool:
        """Whether the rank is plainly short of full, with a gap above the floor."""
        rank = self.above(floor)
        return rank == self.above(GAP * floor) and rank <= 0.9 * self.side

    @property
    def is_striped(self) -> bool:
        """Whether most rows (or columns) are unchanged and the others all new."""
        few = any(2 * changed < of for changed, of in (self.rows, self.columns))
        return few and self.density > 0.5 and self.certain_rank > 0.9 * self.side

    @property
    def explained(self) -> float:
        """The share of the delta's energy above the noise."""
        energy = self.sigma**2
        return float(energy[: self.rank].sum() / energy.sum())

    @property
    def excess(self) -> float:
        """What is left beside the low rank, as a multiple of what rounding leaves.

        The larger of two ratios: over all entries, and over the tenth that is stored
        most finely (weights near zero), where the rest of a full delta shows first.
        The second is not needed where the delta is far above all rounding.
        """
        beside = self.noise.mean() * np.prod(np.subtract(self.delta.shape, self.rank))
        total = float((self.sigma[self.rank :] ** 2).sum() / beside)
        if beside < NEGLIGIBLE * (self.sigma**2).sum():
            return total
        return max(total, self._fine_excess())

    def _fine_excess(self) -> float:
        """The same over the tenth of the entries with the least noise."""
        vectors = np.linalg.eigh(self.delta @ self.delta.T)[1]
        left = vectors[:, -self.rank :]  # (s, r)
        fitted = left.T @ self.delta  # (r, t)
        right = fitted / np.linalg.norm(fitted, axis=1, keepdims=True)
        kept = (1 - (left**2).sum(axis=1))[:, None] * (1 - (right**2).sum(axis=0))
        expected = kept * (self.noise * kept + self.noise.mean() * (1 - kept))
        fine = self.noise <= np.quantile(self.noise, 0.1)
        rest = (self.delta - left @ fitted)[fine] ** 2
        luck = 1 + 4 * np.sqrt(2 / rest.size)
        return float(rest.sum() / expected[fine].sum() / luck)


def block_spectrum(
    base: np.ndarray, child: np.ndarray, dtypes: tuple[str, str]
) -> Spectrum:
    """Measure one block; rows with a number that is not finite are left out."""
    with np.errstate(invalid="ignore", over="ignore"):
        delta = child - base
    finite = np.isfinite(delta).all(axis=1)
    if not finite.all():
        base, child, delta = base[finite], child[finite], delta[finite]
    differs = delta != 0
    rows, columns = differs.any(axis=1).sum(), differs.any(axis=0).sum()
    sides = (int(rows), finite.size), (int(columns), base.shape[1])
    counts = *sides, int(finite.sum())
    if not rows:
        nothing = np.zeros((1, 0))
        return Spectrum(nothing, nothing, nothing[0], 0.0, *counts, 0.0, 1.0)
    peak = float(np.abs(delta).max())
    noise = _squared_steps(base, dtypes[0]) + _squared_steps(child, dtypes[1])
    noise = (noise + _squared_steps(delta, dtypes[1])) / (12 * peak**2)
    even = _evening(noise)
    delta, noise = delta / peak * even, noise * even**2
    if delta.shape[0] > delta.shape[1]:
        delta, noise = delta.T, noise.T
    sigma = np.sqrt(np.maximum(np.linalg.eigvalsh(delta @ delta.T)[::-1], 0))
    floor = max(ARITHMETIC * float(sigma[0]), _noise_norm(noise))
    density = float(differs.sum() / (rows * columns))
    return Spectrum(delta, noise, sigma, floor, *counts, density, peak)


def _evening(variance: np.ndarray) -> np.ndarray:
    """Return factors per row and column that make the noise even over a block.

    Scaling rows and columns leaves the rank alone, and one column of large, coarsely
    rounded weights then no longer hides the others.
    """
    mean = variance.mean()
    rows = np.maximum(variance.mean(axis=1) / mean, 1 / 64)
    columns = np.maximum(variance.mean(axis=0) / mean, 1 / 64)
    return 1 / np.sqrt(rows[:, None] * columns)


def _noise_norm(variance: np.ndarray) -> float:
    """Bound the largest singular value of independent noise: its largest row norm plus
    its largest column norm (Bandeira and van Handel, 2016), with a margin."""
    rows, columns = variance.sum(axis=1), variance.sum(axis=0)
    return NOISE_MARGIN * float(np.sqrt(rows.max()) + np.sqrt(columns.max()))


def _squared_steps(values: np.ndarray, dtype: str) -> np.ndarray:
    """Return the squared distance to the next representable number, per value.

    Values that all fit a narrower dtype were rounded to that one before they were
    stored, so its steps count.
    """
    patterns = np.ascontiguousarray(values).view(np.uint64)
    used = int(np.bitwise_or.reduce(patterns, axis=None))
    for narrower in ("BF16", "F16"):
        if not used & ((1 << 52 - PRECISION[narrower][0]) - 1):
            dtype = min(dtype, narrower, key=lambda name: PRECISION[name][0])
    bits, smallest = PRECISION[dtype]
    steps = (patterns & _EXPONENT).view(np.float64) * 2.0**-bits
    return np.maximum(steps, 2.0**smallest) ** 2
