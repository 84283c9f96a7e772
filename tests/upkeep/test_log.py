"""The log keeps what went wrong, and no secret."""

import logging

import pytest

from core.upkeep.log import MAX_BYTES, LogFile, keep_log, last_lines, log_path, redact

LOG = logging.getLogger("pedigree.test")


@pytest.fixture
def log_root(tmp_path):
    keep_log(tmp_path)
    yield tmp_path
    pedigree = logging.getLogger("pedigree")
    for handler in [one for one in pedigree.handlers if isinstance(one, LogFile)]:
        pedigree.removeHandler(handler)
        handler.close()


def test_there_is_no_file_before_something_went_wrong(log_root):
    assert last_lines(log_root) == [] and not log_path(log_root).parent.exists()
    LOG.warning("the disk is full")
    (line,) = last_lines(log_root)
    assert line.endswith("WARNING pedigree.test: the disk is full")
    assert line[10] == "T" and line[19] == "Z"


def test_a_token_never_reaches_the_file(log_root, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "tr0ub4dor&3")
    try:
        raise RuntimeError("401 for tr0ub4dor&3 at https://a:b@hub.test/x?Signature=q")
    except RuntimeError:
        LOG.exception("asking failed")
    written = log_path(log_root).read_text()
    assert "RuntimeError: 401 for ***" in written
    assert "tr0ub4dor" not in written and "a:b" not in written
    assert "Signature=***" in written


def test_the_log_stays_small_and_keeps_its_end(log_root):
    for number in range(3000):
        LOG.warning("line %d %s", number, "x" * 200)
    files = list(log_path(log_root).parent.iterdir())
    assert sum(file.stat().st_size for file in files) <= 2 * MAX_BYTES
    assert len(last_lines(log_root)) == 200
    assert "line 2999" in last_lines(log_root)[-1]


def test_a_second_cache_takes_the_log_over(log_root, tmp_path):
    other = tmp_path / "other"
    keep_log(other)
    keep_log(other)
    LOG.warning("only there")
    assert last_lines(log_root) == [] and len(last_lines(other)) == 1


def test_a_folder_that_cannot_be_made_stops_nobody(log_root, tmp_path, capfd):
    (tmp_path / "file").write_text("")
    keep_log(tmp_path / "file")
    LOG.warning("goes on")
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "hf_abcdefghij", "Authorization: Bearer abcdefgh123", "https://u:p4ss@h/",
        "https://cdn.test/a?X-Amz-Signature=p4ss&x=1", "http://p4ss@h.test",
        "ghp_p4ss00",
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_hidden(text):
    told = redact(text, {})
    assert "***" in told
    assert not any(part in told for part in ("p4ss", "abcdefgh"))


def test_plain_words_stay():
    text = "google/vit-base at https://huggingface.co/x?page=2 in 3 s"
    assert redact(text, {"HF_TOKEN": "", "PATH": "google"}) == text
