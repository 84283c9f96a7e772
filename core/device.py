"""What computes here, cuda, mps or cpu, and how much memory it has. Knows no models."""

import os
import platform
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from core.errors import UsageError

Kind = Literal["cuda", "mps", "cpu"]


@dataclass(frozen=True)
class Device:
    """A device of this machine; `free_bytes` is what was free when it was asked.

    `kind` is the device type of torch, `address` the device as torch names it
    ("cuda:1"), `name` is what its maker calls it.
    """

    kind: Kind
    address: str
    name: str
    memory_bytes: int
    free_bytes: int


def detect_device(name: str | None = None) -> Device:
    """Return the device `name`, or the best one of this machine.

    `name` is "cuda", "cuda:N", "mps" or "cpu". Raises UsageError for another name and
    for a device that is not here.
    """
    if name is None:
        return _cuda(0) or _mps() or _cpu()
    kind, _, index = name.partition(":")
    if kind not in get_args(Kind) or (
        index and not (kind == "cuda" and _counts(index))
    ):
        raise UsageError(f"Device {name}", "is unknown", "use cuda, cuda:N, mps or cpu")
    found = {"cuda": lambda: _cuda(int(index or 0)), "mps": _mps, "cpu": _cpu}[kind]()
    if found is None:
        raise UsageError(f"Device {name}", "is not on this machine", "use cpu")
    return found


def read_ram(
    proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")
) -> tuple[int, int]:
    """Return the bytes of RAM that this process may use, all of it and what is free.

    Linux tells both, and a container's limit counts where it is lower; elsewhere free
    is all that the system says it has. Both are 0 where nothing tells.
    """
    with suppress(OSError, ValueError, KeyError):
        text = (proc / "meminfo").read_text()
        fields = dict(re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE))
        total = int(fields["MemTotal"]) << 10
        free = int(fields.get("MemAvailable", fields["MemFree"])) << 10
        for limit, used in _cgroup_limits(proc, cgroups):
            total, free = min(total, limit), min(free, max(limit - used, 0))
        return total, free
    if sys.platform == "win32":
        return _windows_ram()
    with suppress(OSError, ValueError):
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return total, total
    return 0, 0


def _counts(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 4


def _cuda(index: int) -> Device | None:
    import torch

    if not torch.cuda.is_available() or index >= torch.cuda.device_count():
        return None
    free, total = torch.cuda.mem_get_info(index)
    return Device(
        "cuda", f"cuda:{index}", torch.cuda.get_device_name(index), total, free
    )


def _mps() -> Device | None:
    import torch

    if not torch.backends.mps.is_available():
        return None
    total = torch.mps.recommended_max_memory()
    free = max(total - torch.mps.driver_allocated_memory(), 0)
    return Device("mps", "mps", f"Apple GPU ({platform.machine()})", total, free)


def _cpu() -> Device:
    total, free = read_ram()
    return Device("cpu", "cpu", _processor_name(), total, free)


def _processor_name() -> str:
    with suppress(OSError):
        text = Path("/proc/cpuinfo").read_text(errors="replace")
        if found := re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE):
            return found[1].strip()
    return platform.processor() or platform.machine() or "CPU"


def _cgroup_limits(proc: Path, cgroups: Path) -> list[tuple[int, int]]:
    """Return (limit, used) of every control group above this process that has a limit.

    Version 2 keeps all in one tree, version 1 memory in its own; a process in a
    container sees its own group as the root of the tree, whatever its path says.
    """
    with suppress(OSError):
        lines = (proc / "self/cgroup").read_text().splitlines()
        groups = {"": "/"} | {c: p for _, c, p in (x.split(":", 2) for x in lines)}
        one = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
        two = "memory.max", "memory.current", "inactive_file"
        version_one = cgroups / "memory", groups.get("memory", "/"), one
        found = []
        for root, group, names in (version_one, (cgroups, groups[""], two)):
            folder = root / group.strip("/")
            for level in (folder, *folder.parents):
                found += _limit(level, *names)
                if level == root:
                    break
        return found
    return []


def _limit(group: Path, limit: str, used: str, cached: str) -> list[tuple[int, int]]:
    """Read one group; file pages that the kernel can drop at once count as free."""
    with suppress(OSError, ValueError):
        most, now = (int((group / name).read_text()) for name in (limit, used))
        stat = dict(map(str.split, (group / "memory.stat").read_text().splitlines()))
        return [(most, max(now - int(stat.get(cached, 0)), 0))]
    return []


def _windows_ram() -> tuple[int, int]:
    import ctypes

    class MemoryStatus(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong), ("load", ctypes.c_ulong),
            ("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong),
            ("rest", ctypes.c_ulonglong * 5),
        )  # fmt: skip

    status = MemoryStatus(length=ctypes.sizeof(MemoryStatus))
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return status.total, status.free
