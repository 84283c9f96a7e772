"""Take the README's pictures on the way of its errands: `python -m docs.pictures`."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.journeys.errands import PICTURES

FOLDER = Path(__file__).parent
ERRANDS = FOLDER.parent / "tests/journeys"


def main(chosen: list[str]) -> int:
    """Walk all errands, or those whose letters are chosen, with a camera."""
    files = [
        file
        for file in sorted(ERRANDS.glob("test_errand_*.py"))
        if not chosen or file.stem.removeprefix("test_errand_")[0] in chosen
    ]
    environment = {**os.environ, PICTURES: str(FOLDER)}
    with tempfile.TemporaryDirectory(prefix="pedigree-") as shown:
        folder = f"--basetemp={Path(shown) / 'tour'}"
        command = [sys.executable, "-m", "pytest", "-q", folder, *map(str, files)]
        done = subprocess.run(command, cwd=FOLDER.parent, env=environment)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
