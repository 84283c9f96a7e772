"""Listings of GitHub and of jsDelivr say the same."""

import json

import pytest

from core.errors import SourceChanged
from core.tables.github import listing_urls, read_listing


def test_github_jsdelivr_tree_and_flat_listing_agree():
    github = [{"name": "a.csv", "type": "file"}, {"name": "README.md"}]
    tree = {"files": [{"name": "results", "files": [{"name": "a.csv"}]}]}
    flat = {"files": [{"name": "/results/a.csv"}, {"name": "/LICENSE"}]}
    names = {
        tuple(read_listing(json.dumps(said).encode(), "u")["name"])
        for said in (github, tree, flat)
    }
    assert names == {("a",)}


@pytest.mark.parametrize(
    "said", [b"<html>", b"[]", b'{"message": "rate limit"}', b"[" * 10**6]
)
def test_anything_else_is_refused(said):
    with pytest.raises(SourceChanged):
        read_listing(said, "https://api.github.com")


def test_both_addresses_name_the_branch():
    assert all("main" in url for url in listing_urls("owner/name", "main", "results"))
