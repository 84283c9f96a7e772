import pytest

from core.errors import UsageError
from core.hub.names import is_repository_id, origin, read_ids, repository_id

ODD = [
    "../../etc/passwd",
    "a/b/c",
    "a/..",
    ".hidden/x",
    "a b/c",
    "a/b?x=1",
    "a/\n",
    "é/x",
]


@pytest.mark.parametrize("text", ODD)
def test_what_could_leave_its_folder_is_no_repository(text):
    assert not is_repository_id(text)
    with pytest.raises(UsageError, match="is not a Hub repository"):
        repository_id(text)


def test_ids_are_read_from_a_text_file(tmp_path):
    path = tmp_path / "ids.txt"
    path.write_text(
        "\ufeffa/b\n\n# all of it\nhttps://huggingface.co/c/d  # why\na/b\n"
    )
    assert read_ids(path) == ["a/b", "c/d"]


def test_a_line_that_is_no_id_is_named(tmp_path):
    path = tmp_path / "ids.txt"
    path.write_text("a/b\n../x\n")
    with pytest.raises(UsageError, match=r"line 2, says '\.\./x'"):
        read_ids(path)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_a_named_error(tmp_path, content):
    path = tmp_path / "ids.txt"
    if content:
        path.write_bytes(content)
    with pytest.raises(UsageError, match="cannot be read"):
        read_ids(path)


def test_origins_differ_by_scheme_host_and_port():
    same = {origin("http://h"), origin("http://H:80/x"), origin("http://u:p@h/")}
    other = {origin("https://h"), origin("http://h:81"), origin("http://h.evil")}
    assert len(same) == 1 and not same & other
