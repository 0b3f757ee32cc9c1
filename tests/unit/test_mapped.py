"""Images on disk train as images in memory do, to the last bit, and are never read whole."""

from pathlib import Path

import numpy as np
import pytest
import torch

from aecore import RunConfig
from aecore.datasets import own
from aecore.mapped import Mapped, images_of
from aecore.models.base import build
from aecore.training import fit, generator_for

ARRAY = np.random.default_rng(0).integers(0, 256, (300, 6, 6), np.uint8)


@pytest.fixture
def mapped(tmp_path):
    np.save(tmp_path / "images.npy", ARRAY)
    images = images_of(own.mapped(tmp_path / "images.npy"))
    assert isinstance(images, Mapped)
    return images


def weights(images, config, snapshot=None, stop_after=3):
    model = build(config, 36, generator_for(0))
    for epoch in fit(model, images, config, snapshot):
        if epoch.number == stop_after:
            break
    return model.state_dict(), epoch.snapshot()


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("shift", [0, 1])
def test_training_is_bitwise_that_from_memory_and_resumes_so(shift, mapped):
    config = RunConfig("vae", latent_dim=2, hidden=(8,), epochs=3, batch_size=64, shift=shift)
    whole, _ = weights(torch.from_numpy(ARRAY), config)
    assert same(whole, weights(mapped, config)[0])
    assert same(whole, weights(mapped, config, weights(mapped, config, stop_after=1)[1])[0])


def test_pca_of_parts_is_scikit_learn_s(mapped):
    config = RunConfig("pca", latent_dim=3)
    models = []
    for images in (torch.from_numpy(ARRAY), mapped):
        models.append(build(config, 36, generator_for(0)))
        list(fit(models[-1], images, config))
    x = models[0].pixels(torch.from_numpy(ARRAY))
    one, other = (model.decode(model.encode(x)) for model in models)
    torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


def test_rows_are_those_of_the_array(mapped):
    index = torch.randperm(300, generator=generator_for(0))
    np.testing.assert_array_equal(mapped[index].numpy(), ARRAY[index.numpy()])
    np.testing.assert_array_equal(
        Mapped(mapped.array[:9]).flatten(1)[torch.tensor([8])].numpy(), ARRAY[8].reshape(1, -1)
    )
    assert [len(part) for part in Mapped(mapped.array[:10]).parts(4)] == [4, 4, 2]


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="needs /proc")
def test_pages_that_were_read_go_back(mapped, tmp_path):
    def resident():
        mappings = Path("/proc/self/smaps").read_text().split(str(tmp_path / "images.npy"))[1:]
        return sum(int(text.split("Rss:")[1].split()[0]) for text in mappings)

    mapped.array.sum()
    assert resident() > 0
    _ = Mapped(mapped.array[:200])[torch.arange(100)]
    assert resident() == 0


def test_images_in_memory_are_shared_not_copied():
    array = ARRAY.copy()
    array.flags.writeable = False
    assert images_of(array).data_ptr() == array.ctypes.data
