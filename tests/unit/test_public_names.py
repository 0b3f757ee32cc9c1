"""The library's public face."""

import subprocess
import sys

import pytest

import aecore


@pytest.mark.parametrize("name", aecore.__all__)
def test_every_public_name_is_there_and_listed(name):
    assert getattr(aecore, name) is not None
    assert name in dir(aecore)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = aecore.nonsense


def test_importing_aecore_loads_no_torch():
    code = "import sys, aecore; aecore.make_config('ae'); sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
