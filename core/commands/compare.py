"""`compare`: which tensors of one checkpoint differ from another's."""

import argparse
from contextlib import ExitStack

from core.commands.answer import Answer, table
from core.settings import Settings


def add(verbs: argparse._SubParsersAction) -> None:
    """Add the verb to the parser."""
    verb = verbs.add_parser("compare", help="compare two checkpoints, tensor by tensor")
    verb.add_argument("base", help="a file, a model folder, or owner/name on the Hub")
    verb.add_argument("child", help="the checkpoint made from it")
    verb.add_argument("--metrics", action="store_true", help="measure the distances")
    verb.add_argument("--device", default="cpu", help="cpu (default), cuda or mps")
    verb.add_argument("--json", action="store_true", help="print one JSON document")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Compare the two checkpoints that the arguments name."""
    from core.derived.compare import compare_checkpoints, to_document
    from core.derived.named import open_named

    with ExitStack() as stack:
        comparison = compare_checkpoints(
            open_named(arguments.base, settings, stack),
            open_named(arguments.child, settings, stack),
            metrics=arguments.metrics,
            device=arguments.device,
        )
    document = to_document(comparison)
    return Answer(document, _text(document, with_metrics=arguments.metrics))


def _text(document: dict, *, with_metrics: bool) -> str:
    counts = document["counts"]
    lines = [
        f"{document['child']} against {document['base']}",
        f"{document['kind']}: {document['sentence']}",
        ", ".join(f"{count} {verdict}" for verdict, count in counts.items()),
        "",
    ]
    header = ["tensor", "shape", "dtype", "verdict", "evidence"]
    measured = ("relative_l2", "cosine") if with_metrics else ()
    rows = [
        [
            tensor["name"] or tensor["base_name"],
            "x".join(map(str, tensor["shape"])) or "scalar",
            tensor["dtype"],
            tensor["verdict"],
            tensor["evidence"],
            *(_number(tensor.get(name)) for name in measured),
        ]
        for tensor in document["tensors"]
    ]
    return "\n".join(lines) + table([*header, *measured], rows)


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.6g}"
