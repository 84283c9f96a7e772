"""What every benchmark prints: one line a claim, its ratio, its bound, whether it
holds.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
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


def finish(lines: Sequence[Line], *, as_json: bool) -> int:
    """Print the lines and return 1 if one does not hold."""
    if as_json:
        document = {
            line.name: {"ratio": line.ratio, "bound": line.bound, "holds": line.holds}
            for line in lines
        }
        print(json.dumps(document, indent=1))
    else:
        for line in lines:
            verdict = "holds" if line.holds else "FAILS"
            print(
                f"{verdict}  {line.ratio:8.3f} {line.sense} {line.bound:<7g} "
                f"{line.name}" + (f" ({line.detail})" if line.detail else "")
            )
    return 0 if all(line.holds for line in lines) else 1
