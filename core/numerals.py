"""Numbers as people read them, alike on pages, in figures and in a terminal. Knows no
columns.
"""


def compact(number: float, unit: str = "") -> str:
    """Write a count with three digits and a prefix.

    >>> compact(61_100_840), compact(241_000_000, "B"), compact(4.089), compact(999_600)
    ('61.1 M', '241 MB', '4.09', '1 M')
    """
    for power, prefix in ((12, "T"), (9, "G"), (6, "M"), (3, "k")):
        if abs(number) >= 0.9995 * 10**power:
            return f"{number / 10**power:.3g} {prefix}{unit}"
    return f"{number:.3g} {unit}".strip()


def percent(fraction: float, decimals: int = 2) -> str:
    """Write a fraction as a percentage.

    >>> percent(0.76130), percent(0.805, 0)
    ('76.13 %', '80 %')
    """
    return f"{100 * fraction:.{decimals}f} %"
