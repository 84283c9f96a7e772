"""`zero-shot fit`: what a model costs, and whether it fits this machine."""

import argparse

from core.commands.answer import Answer, table
from core.settings import Settings
from core.zero_shot.workload import DTYPES, Workload


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to the parser."""
    verb = actions.add_parser("fit", help="parameters, MACs, memory; does it fit here")
    verb.add_argument(
        "model", metavar="MODEL_OR_CONFIG",
        help="a name from the catalog, owner/name on the Hub, a config.json or its "
        "folder, torchvision/ARCHITECTURE or timm/ARCHITECTURE",
    )  # fmt: skip
    verb.add_argument("--batch", type=int, default=1, help="images at once")
    verb.add_argument("--size", type=int, metavar="PX", help="default: the model's own")
    verb.add_argument("--dtype", choices=DTYPES, default="float32")
    verb.add_argument("--labels", type=int, default=1, help="texts to tell apart")
    verb.add_argument("--training", action="store_true", help="all of it, by Adam")
    verb.add_argument(
        "--plain-attention", action="store_true", help="without fused attention"
    )
    verb.add_argument("--device", help="cuda, cuda:N, mps or cpu (default: the best)")
    verb.add_argument(
        "--overhead-mib", type=int, metavar="N", help="besides weights and activations"
    )
    verb.add_argument("--json", action="store_true", help="print one JSON document")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Trace the model and hold it against the device."""
    from core.device import detect_device
    from core.zero_shot.configurations import find_configuration
    from core.zero_shot.fit import fit
    from core.zero_shot.fit_document import keep_fit
    from core.zero_shot.footprint import footprint

    workload = Workload(
        batch=arguments.batch, image_size=arguments.size, dtype=arguments.dtype,
        training=arguments.training, labels=arguments.labels,
        attention="plain" if arguments.plain_attention else "fused",
    )  # fmt: skip
    found = footprint(find_configuration(arguments.model, settings), workload)
    overhead = arguments.overhead_mib
    held = fit(
        found, detect_device(arguments.device),
        overhead_bytes=None if overhead is None else max(overhead, 0) * 2**20,
    )  # fmt: skip
    told = keep_fit(arguments.model, workload, held, settings.cache_root)
    return Answer(told, _text(told))


def _text(told: dict) -> str:
    macs = "unknown" if told["macs"] is None else f"{told['macs'] / 1e9:,.2f} G"
    rows = [["parameters", f"{told['params']:,}"], ["MACs, one image and text", macs]]
    for name, size_bytes in told["memory"].items():
        size = "unknown" if size_bytes is None else f"{size_bytes / 2**20:,.0f} MiB"
        rows.append([f"memory: {name}", size])
    high, wide = told["image_size"]
    head = (
        f"{told['model']} at batch {told['batch']}, {wide} x {high} pixels, "
        f"{told['dtype']}, {'training' if told['training'] else 'inference'}, "
        f"{told['attention']} attention (configuration: {told['source']})"
    )
    said = [told["sentence"] + ".", told["remark"]]
    return "\n".join([head, table(["", ""], rows), "", *filter(None, said)])
