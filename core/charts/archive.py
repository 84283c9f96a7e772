"""A whole family as one zip: data, figures, where it is from, how to cite it, and the
code that redraws each figure from the data.
"""

import ast
import importlib.metadata
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from core.charts import redraw
from core.charts.export import figure_bytes, table_bytes
from core.charts.redraw import Drawing
from core.charts.renderer import Renderer
from core.derived.dossier import TENSORS, Origin, bibtex, family_tables, readme
from core.derived.family import Family
from core.progress import Progress, silent
from core.settings import PROJECT_ROOT

FREEZE_MAP = "core.charts.freeze_map:freeze_map"
DRAWINGS = (
    Drawing("freeze-map-blocks", FREEZE_MAP, "data/map-block-verdict", "model",
            {"vector": True}),
    Drawing("freeze-map-tensors", FREEZE_MAP, "data/map-tensor-verdict", "model",
            {"vector": True}),
    Drawing("freeze-map-patterns", FREEZE_MAP, "data/map-patterns", "pattern",
            {"vector": True}),
    Drawing("evidence-map", FREEZE_MAP, "data/map-block-evidence", "model",
            {"vector": True, "shown": "evidence"}),
    Drawing("distance-map", FREEZE_MAP, "data/map-block-distance", "model",
            {"vector": True, "shown": "distance"}),
    Drawing("patterns", "core.charts.family_shares:share_bars", "data/patterns", None,
            {"by": "kind"}),
    Drawing("frozen-depth", "core.charts.family_shares:depth_bars",
            "data/frozen-depth"),
    Drawing("layers", "core.charts.family_layers:layer_bars", "data/layers"),
    Drawing("over-time", "core.charts.family_popularity:models_over_time",
            "data/over-time"),
    Drawing("failures", "core.charts.family_shares:share_bars", "data/failures", None,
            {"by": "reason"}),
)  # fmt: skip
PACKAGES = ("plotly", "kaleido", "pandas", "pyarrow", "numpy")
DAY = (1980, 1, 1, 0, 0, 0)
"""Every file of the zip is dated so: the same family gives the same bytes."""


def family_zip(
    family: Family,
    source: Origin,
    renderer: Renderer | None,
    *,
    progress: Progress = silent,
) -> bytes:
    """Return the archive of a family; without a renderer it has no PDF figures."""
    progress(0.0, "Writing the tables")
    tables = family_tables(family)
    drawn = [each for each in DRAWINGS if _table(each) in tables]
    files = {
        "README.md": readme(family, source, tables).encode(),
        "CITATION.bib": bibtex(family, source).encode(),
        "figures.json": json.dumps([asdict(d) for d in drawn], indent=1).encode(),
        "requirements.txt": _requirements().encode(),
        "LICENSE": (PROJECT_ROOT / "LICENSE").read_bytes(),
        "redraw.py": Path(redraw.__file__).read_bytes(),
        **_code(drawn),
        **_data(tables),
    }
    if renderer is not None:
        for place, each in enumerate(drawn):
            progress(0.2 + 0.8 * place / len(drawn), f"Drawing {each.name}")
            figure = each.figure(tables[_table(each)])
            files[f"figures/{each.name}.pdf"] = figure_bytes(
                figure, "pdf", column="double", renderer=renderer
            )
    return _zipped(files)


def code_files(modules: Iterable[str]) -> dict[str, bytes]:
    """Return the source of these modules of core and of all that they import from it.

    >>> sorted(code_files(["core.charts.labels"]))[-2:]
    ['core/charts/labels.py', 'core/charts/theme.py']
    """
    found: dict[str, bytes] = {}
    waiting = list(modules)
    while waiting:
        path = _path(waiting.pop())
        if path is None or path.as_posix() in found:
            continue
        found[path.as_posix()] = (PROJECT_ROOT / path).read_bytes()
        waiting += _imported(found[path.as_posix()])
        waiting += [".".join(parent.parts) for parent in path.parents[:-1]]
    return dict(sorted(found.items()))


def _table(drawing: Drawing) -> str:
    return drawing.table.removeprefix("data/")


def _code(drawn: Iterable[Drawing]) -> dict[str, bytes]:
    modules = {each.draws.partition(":")[0] for each in drawn}
    return code_files(
        [*sorted(modules), *_imported(Path(redraw.__file__).read_bytes())]
    )


def _path(module: str) -> Path | None:
    """Return the file of a module of core, below the project; None for others."""
    path = Path(*module.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if module.partition(".")[0] == "core" and (PROJECT_ROOT / file).is_file():
            return file
    return None


def _imported(source: bytes) -> list[str]:
    """Return every module that a source may import, wherever it does."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            names += [node.module, *inside]
    return names


def _data(tables: Mapping[str, pd.DataFrame]) -> dict[str, bytes]:
    return {
        f"data/{name}.{kind}": table_bytes(table, kind)
        for name, table in tables.items()
        for kind in ("csv", "parquet")
        if kind == "parquet" or name != TENSORS
    }


def _requirements() -> str:
    return "".join(f"{name}=={importlib.metadata.version(name)}\n" for name in PACKAGES)


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()
