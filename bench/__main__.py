"""Run every benchmark and print one summary: `python -m bench [NAME ...]`."""

import json
import subprocess
import sys
import time
from pathlib import Path

from bench.report import Line

NOT_BENCHMARKS = {"__init__", "__main__", "server", "report", "session", "large"}


def names() -> list[str]:
    """Return the names of all benchmarks."""
    files = Path(__file__).parent.glob("*.py")
    return sorted(file.stem for file in files if file.stem not in NOT_BENCHMARKS)


def measured(name: str) -> list[Line] | None:
    """Run one benchmark in its own process; None when it broke."""
    started = time.perf_counter()
    command = [sys.executable, "-m", f"bench.{name}", "--json"]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    seconds = time.perf_counter() - started
    print(f"{name}: {seconds:.0f} s", file=sys.stderr, flush=True)
    try:
        document = json.loads(run.stdout)
    except json.JSONDecodeError:
        return None
    return [
        Line(**{key: value for key, value in line.items() if key != "holds"})
        for line in document.values()
    ]


def main(chosen: list[str]) -> int:
    """Run the chosen ones, or all, in turn; 1 if one broke or a bound does not hold."""
    results = {name: measured(name) for name in chosen or names()}
    for name, lines in results.items():
        print(f"\n{name}")
        for line in lines or []:
            print(line.text())
        if not lines:
            print("measured nothing" if lines == [] else "BROKE: see above")
    every = [line for lines in results.values() for line in lines or []]
    held = sum(line.holds for line in every)
    print(f"\n{held} of {len(every)} bounds hold")
    return int(held < len(every) or None in results.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
