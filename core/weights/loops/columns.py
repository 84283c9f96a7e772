"""What stands where in a row of partial sums: one row a chunk, filled by the loops."""

XX, XY, YY, DD, ABSOLUTE, MAXIMUM, MINIMUM, X_POWER, Y_POWER, D_POWER = range(10)
"""Columns of a row of sums, over the elements finite in both and d = y − x.

Sums of x·x, x·y, y·y, d·d and |d|, then the largest and smallest |d|. F64 is scaled so
that no square leaves its range: the true sums are XX · 4^X_POWER, YY · 4^Y_POWER,
XY · 2^(X_POWER + Y_POWER), DD · 4^D_POWER and ABSOLUTE · 2^D_POWER.
"""

CHANGED, FLIPS, BITS, NONFINITE_X, NONFINITE_Y, BOTH_FINITE = range(6)
"""Columns of a row of counts."""
