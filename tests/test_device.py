"""Devices are named as torch names them; RAM is what this process may use."""

import pytest
import torch

from core.device import detect_device, read_ram
from core.errors import UsageError

GIB = 2**30
MEMINFO = "MemTotal: 8388608 kB\nMemFree: 1048576 kB\nMemAvailable: 4194304 kB\n"


@pytest.fixture
def machine(tmp_path):
    """Write a machine of 8 GiB with 4 GiB free; groups are added by path."""

    def write(self_cgroup: str = "0::/\n", **files: str):
        texts = {"proc/meminfo": MEMINFO, "proc/self/cgroup": self_cgroup}
        for name, text in (texts | files).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / "proc", tmp_path / "groups"

    return write


def test_the_best_device_is_one_that_torch_can_use():
    device = detect_device()
    assert torch.zeros(1, device=device.address).device.type == device.kind
    assert 0 < device.free_bytes <= device.memory_bytes and device.name


def test_the_cpu_is_always_there():
    assert detect_device("cpu").kind == "cpu"


@pytest.mark.parametrize("name", ["tpu", "cpu:0", "cuda:x", "cuda:-1", "", "cuda:²"])
def test_an_unknown_name_is_told(name):
    with pytest.raises(UsageError, match="use cuda, cuda:N, mps or cpu"):
        detect_device(name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_a_device_that_is_not_here_is_told():
    with pytest.raises(UsageError, match="Device cuda:7 is not on this machine"):
        detect_device("cuda:7")


def test_ram_is_what_linux_says(machine):
    assert read_ram(*machine()) == (8 * GIB, 4 * GIB)


def test_a_container_limit_of_version_two_counts(machine):
    files = {
        "groups/a/memory.max": f"{2 * GIB}\n",
        "groups/a/memory.current": f"{GIB}\n",
        "groups/a/memory.stat": f"anon 5\ninactive_file {GIB // 2}\n",
        "groups/a/b/memory.max": "max\n",
    }
    assert read_ram(*machine("0::/a/b\n", **files)) == (2 * GIB, 3 * GIB // 2)


def test_a_container_limit_of_version_one_counts(machine):
    files = {
        "groups/memory/memory.limit_in_bytes": f"{3 * GIB}\n",
        "groups/memory/memory.usage_in_bytes": f"{4 * GIB}\n",
        "groups/memory/memory.stat": "total_inactive_file 0\n",
    }
    found = read_ram(*machine("4:memory:/gone\n0::/\n", **files))
    assert found == (3 * GIB, 0)


def test_an_unlimited_group_of_version_one_changes_nothing(machine):
    files = {
        "groups/memory/memory.limit_in_bytes": "9223372036854771712\n",
        "groups/memory/memory.usage_in_bytes": "5\n",
        "groups/memory/memory.stat": "",
    }
    assert read_ram(*machine(**files)) == (8 * GIB, 4 * GIB)


def test_without_proc_the_system_is_asked(tmp_path):
    total, free = read_ram(tmp_path, tmp_path)
    assert total >= free > 0
