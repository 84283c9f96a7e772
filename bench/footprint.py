"""What a model is said to cost from its configuration, against a real run of it.

    python -m bench.footprint [--json]

Each model is built with made-up weights in a process of its own, which tells how far
its resident memory rises over one forward pass with plain attention (VmHWM over VmRSS,
so Linux only). The C library is told to give freed memory back at once: by default it
keeps blocks, and a ViT-B at batch 32 rises nearly twice as far. `estimate` is that of
`core.zero_shot.footprint`. The last lines are the seconds of processor time that an
estimate takes, imports apart.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from bench.report import Line, finish
from bench.server import ROOT
from core.settings import load_settings
from core.zero_shot.configurations import find_configuration, known_configurations
from core.zero_shot.footprint import footprint
from core.zero_shot.workload import Workload

MEASURED = {
    "google/vit-base-patch16-224": 32,
    "google/owlv2-base-patch16-ensemble": 1,
    "facebook/sam-vit-base": 1,
}
WITHIN = 0.15
SECONDS = 2.0


def resident(field: str) -> int:
    """Return a size that the system keeps of this process, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith(field))
    return int(line.split()[1]) * 1024


def rise(name: str, batch: int) -> int:
    """Run the model once for real and return how many bytes that took at its peak."""
    import torch

    from core.zero_shot.networks import build
    from core.zero_shot.sample_inputs import image_size, sample_inputs

    configuration = find_configuration(name, load_settings())
    network = build(configuration, attention="plain").to_empty(device="cpu").eval()
    with torch.no_grad():
        for tensor in (*network.parameters(), *network.buffers()):
            tensor.fill_(0.01) if tensor.is_floating_point() else tensor.zero_()
        inputs = sample_inputs(network, name, batch, image_size(network), 1)
        before = resident("VmRSS")
        before -= sum(x.nbytes for x in inputs.values() if isinstance(x, torch.Tensor))
        Path("/proc/self/clear_refs").write_text("5")
        network(**inputs)
    return resident("VmHWM") - before


def measured(name: str, batch: int) -> int:
    """Return `rise` of a process of its own."""
    command = [sys.executable, "-m", "bench.footprint", "--side", name, str(batch)]
    told = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True,
        env=os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536"},
    )  # fmt: skip
    return json.loads(told.stdout)


def memory_lines() -> list[Line]:
    """Compare estimate and run for each model that is measured."""
    lines = []
    for name, batch in MEASURED.items():
        workload = Workload(batch=batch, attention="plain")
        said = footprint(find_configuration(name, load_settings()), workload)
        real = measured(name, batch)
        detail = f"{said.activation_bytes / 2**20:.0f} MiB, real {real / 2**20:.0f} MiB"
        ratio = said.activation_bytes / real
        for sense, bound in ((">=", 1 - WITHIN), ("<=", 1 + WITHIN)):
            lines.append(
                Line(f"{name} at {batch}: estimate", ratio, sense, bound, detail)
            )
    return lines


def time_lines() -> list[Line]:
    """Time an estimate of every model of the catalog."""
    known = known_configurations()
    footprint(known[0])
    lines = []
    for configuration in known:
        gc.collect()
        start = time.process_time()
        footprint(configuration)
        seconds = time.process_time() - start
        lines.append(Line(f"{configuration.name}: seconds", seconds, "<=", SECONDS))
    return lines


def main() -> int:
    """Print every line; 1 if one does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--side", nargs=2, metavar=("MODEL", "BATCH"))
    arguments = parser.parse_args()
    if arguments.side:
        print(rise(arguments.side[0], int(arguments.side[1])))
        return 0
    return finish(memory_lines() + time_lines(), as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
