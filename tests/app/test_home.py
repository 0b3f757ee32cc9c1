"""A home that cannot be used: every page opens, and what would write there says so in one sentence."""

import errno
import os

import pytest

from aecore.draft import drafts

PAGES = ("explore", "compare", "map", "train", "figures")


@pytest.fixture
def file_as_home(home):
    """A file stands where the home should be."""
    home.write_bytes(b"")
    return home


@pytest.mark.parametrize("name", PAGES)
def test_a_file_where_the_home_should_be_takes_no_page_down(name, file_as_home, open_page):
    app = open_page(name)
    assert not app.exception
    assert app.title


def test_start_says_that_a_file_is_in_the_way(file_as_home, open_page):
    app = open_page("train")
    app.button(key="start").click().run()
    assert not app.exception
    (said,) = [error.value for error in app.error]
    assert str(file_as_home) in said
    assert "a file stands where a folder should be" in said


def test_start_on_a_full_disk_says_so_and_leaves_no_run(home, open_page, monkeypatch):
    app = open_page("train")

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    app.button(key="start").click().run()
    assert not app.exception
    (said,) = [error.value for error in app.error]
    assert "No space left on device; free some space and try again." in said
    assert list(drafts()) == []


@pytest.mark.parametrize("name", PAGES)
def test_what_the_system_refuses_to_read_is_one_sentence_on_every_page(name, home, open_page, monkeypatch):
    def refuse():
        raise OSError(errno.EIO, os.strerror(errno.EIO), "/some/run.json")

    monkeypatch.setattr("aecore.store.runs", refuse)
    app = open_page(name)
    assert not app.exception
    if name != "figures":  # it needs no list of runs
        assert [error.value for error in app.error] == ["/some/run.json: Input/output error; mend that and try again."]
