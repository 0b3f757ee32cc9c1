"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # a lane beside another: a thread each, before numpy and torch look
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test sees or touches the runs of the person who starts it."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AECORE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def torchvision() -> ModuleType:
    """torchvision, also where its wheel was built for another torch."""
    from aecore import vision

    return vision.torchvision()


def pytest_configure(config: pytest.Config) -> None:
    """The markers; unknown ones are errors."""
    config.addinivalue_line("markers", "mnist: needs MNIST under $AECORE_DATA")
    config.addinivalue_line("markers", "olivetti: needs the Olivetti faces under $AECORE_DATA")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs data that are not here, and say so."""
    from aecore.datasets import olivetti
    from aecore.datasets.base import data_folder

    folder = data_folder()
    absent = {"mnist": not (folder / "MNIST").is_dir(), "olivetti": not (folder / olivetti.FILE).is_file()}
    for item in items:
        for name, missing in absent.items():
            if missing and item.get_closest_marker(name):
                item.add_marker(pytest.mark.skip(reason=f"AECORE_DATA holds no {name}"))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Under `AECORE_NO_SKIPS=1`, as in `.ci/run`, a skipped test or file fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("AECORE_NO_SKIPS") and reporter and reporter.stats.get("skipped"):  # a lane has no reporter
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line("\nFAILED: tests were skipped, and AECORE_NO_SKIPS allows none.", red=True)
