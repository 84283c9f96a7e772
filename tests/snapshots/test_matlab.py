"""MATLAB lists read as scipy reads them, and files that lie refused."""

import struct

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from core.errors import UsageError
from core.snapshots.datasets.matlab import read_mat

ROWS = np.array(
    [(1, "a.jpg", 0.5), (2, "bc.jpg", 1.5)],
    [("class", object), ("fname", object), ("box", object)],
)
VALUES = {
    "whole numbers": np.arange(12, dtype=np.int32).reshape(3, 4),
    "small numbers": np.array([1, 2, 3], np.uint8),
    "real numbers": np.array([[0.5, np.nan], [-1e300, 2]]),
    "one number": np.array([[7.0]]),
    "a cube": np.arange(24.0).reshape(2, 3, 4),
    "nothing": np.zeros((0, 3)),
    "one word": "Audi A5",
    "words of other scripts": np.array(["Škoda", "ВАЗ", "日産"], object),
    "words": np.array([["n1/a.jpg"], ["n22/b.jpg"]], object),
    "one cell": np.array(["alone"], object),
    "cells of numbers": np.array([np.arange(3), np.eye(2)], object),
    "rows of fields": ROWS,
}


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("name", VALUES)
def test_values_are_those_of_scipy(name, compressed, tmp_path):
    path = tmp_path / "a.mat"
    content = {"other": np.ones(3), "wanted": VALUES[name]}
    savemat(path, content, do_compression=compressed, oned_as="column")
    ours = read_mat(path, "wanted")["wanted"]
    theirs = np.atleast_1d(loadmat(path, squeeze_me=True)["wanted"])
    assert ours.shape == theirs.shape
    assert ours.dtype.names == theirs.dtype.names
    for mine, other in zip(ours.ravel(), theirs.ravel(), strict=True):
        if theirs.dtype.names:
            assert mine.tolist() == other.tolist()
        else:
            np.testing.assert_array_equal(mine, other)


def header(order: str = "<", version: int = 0x0100) -> bytes:
    mark = b"IM" if order == "<" else b"MI"
    return b"MATLAB 5.0".ljust(124) + struct.pack(f"{order}H", version) + mark


def element(
    kind: int, body: bytes, order: str = "<", length: int | None = None
) -> bytes:
    told = len(body) if length is None else length
    return struct.pack(f"{order}II", kind, told) + body + bytes(-len(body) % 8)


def matrix(order: str, kind: int, shape: tuple[int, ...], *parts: bytes) -> bytes:
    front = element(6, struct.pack(f"{order}II", kind, 0), order)
    dimensions = element(5, struct.pack(f"{order}{len(shape)}i", *shape), order)
    body = front + dimensions + element(1, b"x", order) + b"".join(parts)
    return element(14, body, order)


@pytest.mark.parametrize("order", ["<", ">"])
def test_either_byte_order_is_read(order, tmp_path):
    numbers = element(9, struct.pack(f"{order}3d", 1, 2, 3), order)
    (tmp_path / "a.mat").write_bytes(header(order) + matrix(order, 6, (3, 1), numbers))
    assert read_mat(tmp_path / "a.mat", "x")["x"].tolist() == [1, 2, 3]


CELLS = matrix("<", 6, (1, 1), element(9, struct.pack("<d", 1)))
NESTED = CELLS
for _ in range(9):
    NESTED = matrix("<", 1, (1, 1), NESTED)
LIES = {
    "another version": header(version=0x0200),
    "more numbers than bytes": matrix("<", 6, (1000, 1000), element(9, bytes(8))),
    "fewer numbers than bytes": matrix("<", 6, (1, 1), element(9, bytes(80))),
    "a trillion cells": matrix("<", 1, (2**20, 2**20), CELLS),
    "rows without fields": matrix(
        "<", 2, (1, 1), element(5, bytes(4)), element(1, b"")
    ),
    "dimensions below zero": matrix("<", 6, (-1, 1), element(9, bytes(8))),
    "countless dimensions": matrix("<", 6, (1,) * 40, element(9, bytes(8))),
    "an object": matrix("<", 3, (1, 1), CELLS),
    "a sparse matrix": matrix("<", 5, (1, 1), CELLS),
    "a type that is none": matrix("<", 6, (1, 1), element(77, bytes(8))),
    "letters that are none": matrix("<", 4, (1, 2), element(16, b"\xff\xff")),
    "nesting": NESTED,
    "a length beyond the file": element(14, bytes(8), length=2**31),
}


@pytest.mark.parametrize("content", LIES.values(), ids=LIES)
def test_a_file_that_lies_is_one_sentence(content, tmp_path):
    whole = content if content.startswith(b"MATLAB") else header() + content
    (tmp_path / "a.mat").write_bytes(whole)
    with pytest.raises(UsageError, match=r"is no MATLAB file of version 5|lacks x"):
        read_mat(tmp_path / "a.mat", "x")
