"""Run every benchmark and print one summary: `python -m bench`."""

import subprocess
import sys
from pathlib import Path

NOT_BENCHMARKS = {"__init__", "__main__", "server", "report"}


def names() -> list[str]:
    """Return the names of all benchmarks."""
    files = Path(__file__).parent.glob("*.py")
    return sorted(file.stem for file in files if file.stem not in NOT_BENCHMARKS)


def main() -> int:
    """Run one after the other, each in its own process; 1 if a bound does not hold."""
    failed = 0
    for name in names():
        print(f"\n{name}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", f"bench.{name}"]).returncode
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
