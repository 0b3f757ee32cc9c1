"""Stored stacks: forward in numpy, whole or refused."""

import numpy as np
import pytest
import torch
from safetensors.numpy import load

from aecore import AecoreError
from aecore.files import tensor_bytes
from aecore.stacks import ACTIVATIONS, Layer, Stack, dump, parse, sigmoid

RANDOM = np.random.default_rng(0)


def layer(before, after, activation):
    weight = RANDOM.standard_normal((after, before), dtype=np.float32)
    return Layer(weight, RANDOM.standard_normal(after, dtype=np.float32), activation)


STACKS = {
    "encoder": Stack((layer(5, 4, "relu"), layer(4, 2, "linear"))),
    "decoder": Stack((layer(2, 4, "silu"), layer(4, 4, "tanh"), layer(4, 5, "sigmoid"))),
}


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a,
        lambda a: a.T,
        lambda a: np.asfortranarray(a),
        lambda a: a[::2, 1:],
        lambda a: a[::-1],
        lambda a: np.broadcast_to(a[:1], (3, 5)),
        lambda a: a[1, 2],
        lambda a: a[:0],
        lambda a: a.astype(">f4"),
        lambda a: a.astype(np.float16).T,
        lambda a: (a.T * 9).astype(np.uint8),
    ],
)
def test_a_tensor_file_holds_what_a_view_shows_not_the_memory_behind_it(view):
    array = np.asarray(view(RANDOM.random((4, 5), np.float32)))
    stored = load(tensor_bytes({"a": array}, {"b": "c"}))["a"]
    assert stored.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(stored, array)


def test_transposed_weights_are_stored_as_they_are():
    weight = RANDOM.random((4, 5), np.float32).T
    stack = Stack((Layer(weight, np.zeros(10, np.float32)[::2], "linear"),))
    np.testing.assert_array_equal(parse(dump({"encoder": stack}))["encoder"].layers[0].weight, weight)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_torch_s(name):
    x = np.array([-200, -3, -0.5, 0, 0.5, 3, 200], np.float32)
    functions = {"linear": lambda t: t, "silu": torch.nn.functional.silu}
    expected = functions.get(name, getattr(torch, name, None))(torch.tensor(x))
    np.testing.assert_allclose(ACTIVATIONS[name](x), expected.numpy(), atol=1e-6)


def test_a_stack_is_its_layers_in_turn():
    x = RANDOM.standard_normal((7, 2), dtype=np.float32)
    by_hand = x
    for one in STACKS["decoder"].layers:
        by_hand = ACTIVATIONS[one.activation](by_hand @ one.weight.T + one.bias)
    np.testing.assert_allclose(STACKS["decoder"](x), by_hand, rtol=1e-6)


def test_logits_are_what_the_sigmoid_gets():
    z = RANDOM.standard_normal((3, 2), dtype=np.float32)
    np.testing.assert_allclose(sigmoid(STACKS["decoder"].logits(z)), STACKS["decoder"](z), rtol=1e-6)
    assert STACKS["encoder"].logits(np.zeros((1, 5), np.float32)) is None


def test_what_was_dumped_is_parsed():
    parsed = parse(dump(STACKS))
    assert parsed.keys() == STACKS.keys()
    x = RANDOM.standard_normal((3, 5), dtype=np.float32)
    np.testing.assert_array_equal(parsed["encoder"](x), STACKS["encoder"](x))
    assert [one.activation for one in parsed["decoder"].layers] == ["silu", "tanh", "sigmoid"]


@pytest.mark.parametrize("data", [b"", b"nonsense", dump(STACKS)[:100], dump(STACKS)[:-4]])
def test_damage_is_one_sentence(data):
    with pytest.raises(AecoreError, match="damaged"):
        parse(data)
