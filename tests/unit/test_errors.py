"""Errors of the operating system as sentences, and what a terminal takes of them."""

import errno
import os

import pytest
import torch

from aecore import AecoreError
from aecore.errors import one_line, system_error, system_errors


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EROFS, "can be written to"),
        (errno.ENOTDIR, "a file stands where a folder should be"),
        (errno.EISDIR, "a folder stands where a file should be"),
        (errno.ENAMETOOLONG, "choose a shorter name"),
        (errno.EFBIG, "ulimit -f"),
        (errno.ENOENT, "moved or deleted meanwhile"),
        (errno.ECONNRESET, "mend that and try again"),
    ],
)
def test_an_error_of_the_system_names_the_file_the_reason_and_the_remedy(number, said):
    with pytest.raises(AecoreError) as caught, system_errors():
        raise OSError(number, os.strerror(number), "/some/file")
    assert str(caught.value).startswith(f"/some/file: {os.strerror(number)}; ")
    assert said in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("ask", [lambda: bytearray(2**62), lambda: torch.empty(2**60, dtype=torch.uint8)])
def test_memory_that_there_is_not_is_a_sentence_whoever_asks_for_it(ask):
    with pytest.raises(AecoreError, match="not enough memory"), system_errors():
        ask()


def test_a_pipe_that_is_left_and_a_defect_stay_what_they_are():
    with pytest.raises(BrokenPipeError), system_errors():
        raise BrokenPipeError(errno.EPIPE, "left")
    with pytest.raises(RuntimeError, match="defect"), system_errors():
        raise RuntimeError("defect")


def test_a_long_name_is_shortened():
    assert len(str(system_error(OSError(errno.ENAMETOOLONG, "File name too long", "a" * 5000)))) < 300


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zürich −1 …", "Zürich −1 …"),
        ("one\ntwo\r\x1b[31m", "one\\ntwo\\r\\x1b[31m"),
        ("\udcff", "\\udcff"),
        ("\u2028", "\\u2028"),
    ],
)
def test_a_sentence_is_one_line_of_what_can_be_printed(text, shown):
    assert one_line(text) == shown


def test_a_sentence_of_many_pages_keeps_its_begin_and_its_end():
    shown = one_line("begin" + "x" * 10_000 + "end")
    assert len(shown) < 1100
    assert shown.startswith("begin")
    assert shown.endswith("end")
