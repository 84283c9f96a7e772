"""What a word of the glossary is: its meaning, its unit, its source. Knows no words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """One word, column or label, defined once for pages, exports and the command line.

    `title` is how pages head a column of this name; `source` the paper or rule that
    defines it, where it is not Pedigree's own.
    """

    word: str
    meaning: str
    title: str = ""
    unit: str = ""
    source: str = ""

    @property
    def help(self) -> str:
        """The meaning with its unit and source, as pages explain it.

        >>> Word("leep", "Log-likelihood.", source="Nguyen and others, 2020").help
        'Log-likelihood. Source: Nguyen and others, 2020.'
        """
        unit = f" In {self.unit}." if self.unit else ""
        source = f" Source: {self.source}." if self.source else ""
        return self.meaning + unit + source


def words(*rows: tuple[str, ...]) -> tuple[Word, ...]:
    """Make a word of each row: word, meaning, title, unit, source.

    >>> words(("head", "The last layers."))[0].word
    'head'
    """
    return tuple(Word(*row) for row in rows)
