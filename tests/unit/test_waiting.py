"""Threads that spin or sleep while they wait: it shows in the clock alone."""

import itertools
import sys
import threading

import pytest
import torch

from aecore import RunConfig, waiting
from aecore.models.base import build
from aecore.training import fit, generator_for
from aecore.waiting import crowded

IMAGES = torch.randint(256, (256, 784), dtype=torch.uint8, generator=generator_for(0))


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def trained():
    config = RunConfig("ae", epochs=2, batch_size=16)
    model = build(config, 784, generator_for(0))
    list(fit(model, IMAGES, config))
    return torch.cat([parameter.flatten() for parameter in model.parameters()])


def threads_that_stay():
    """How many are left once those that are about to end have ended."""
    for thread in threading.enumerate():
        if thread.daemon:
            thread.join(1)
    return threading.active_count()


@pytest.mark.skipif(sys.platform != "linux", reason="only GNU's OpenMP can be told")
def test_weights_do_not_depend_on_how_threads_wait(two_threads, monkeypatch):
    alone, before, teams, turns = trained(), threading.active_count(), [], itertools.count()
    team = waiting._idle_team
    monkeypatch.setattr(waiting, "_LOOK", 0)
    monkeypatch.setattr(waiting, "_idle_team", lambda *events: (teams.append(1), team(*events)))
    monkeypatch.setattr(waiting, "crowded", lambda *_: next(turns) % 4 < 2)
    assert torch.equal(trained(), alone)
    assert len(teams) > 2
    assert threads_that_stay() <= before


def test_between_epochs_there_is_no_team(two_threads, monkeypatch):
    before = threading.active_count()
    monkeypatch.setattr(waiting, "_LOOK", 0)
    monkeypatch.setattr(waiting, "crowded", lambda *_: True)
    config = RunConfig("ae", epochs=5, batch_size=16)
    epochs = fit(build(config, 784, generator_for(0)), IMAGES, config)
    next(epochs)
    assert threads_that_stay() <= before


@pytest.mark.parametrize(
    ("sleeping", "share", "preempted", "expected"),
    [
        (False, 0.99, 30, False),  # alone
        (False, 0.5, 125, True),  # beside a busy process
        (False, 0.5, 10, False),  # reads images from the disk
        (False, 0.99, 125, False),  # many threads, alone
        (True, 0.6, 8, False),  # alone again
        (True, 0.5, 17_000, True),
    ],
)
def test_crowded(sleeping, share, preempted, expected):
    assert crowded(sleeping, share, preempted) is expected
