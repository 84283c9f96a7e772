"""What every benchmark prints: one line a claim, its ratio, its bound, whether it
holds.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True)
class Line:
    """One measured claim; `detail` says what was divided by what."""

    name: str
    ratio: float
    sense: Literal["<=", ">="]
    bound: float
    detail: str = ""

    @property
    def holds(self) -> bool:
        """Whether the ratio is on the right side of its bound."""
        return (
            self.ratio <= self.bound if self.sense == "<=" else self.ratio >= self.bound
        )

    def text(self) -> str:
        """Return the line for people."""
        verdict = "holds" if self.holds else "FAILS"
        told = f"{verdict}  {self.ratio:8.3f} {self.sense} {self.bound:<7g} {self.name}"
        return f"{told} ({self.detail})" if self.detail else told


def finish(lines: Sequence[Line], *, as_json: bool) -> int:
    """Print the lines and return 1 if one does not hold."""
    if as_json:
        document = {line.name: asdict(line) | {"holds": line.holds} for line in lines}
        print(json.dumps(document, indent=1))
    else:
        print(*(line.text() for line in lines), sep="\n")
    return 0 if all(line.holds for line in lines) else 1
