"""A run's dense stacks as ONNX models, one file each, built from the stored numbers without torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aecore.errors import AecoreError
from aecore.exports.view import View
from aecore.stacks import Layer, Stack

if TYPE_CHECKING:
    import onnx

OPSET = 17
IR_VERSION = 8  # the file format that came with that operator set: older runtimes read it too
# Stack -> the names of its input and output; a VAE's encoder gives the mean of q(z | x).
ENDS = {"encoder": ("x", "z"), "decoder": ("z", "x_hat"), "logvar": ("x", "logvar")}


def models(view: View) -> dict[str, bytes]:
    """`RUN.encoder.onnx`, `RUN.decoder.onnx`, and a VAE's `RUN.logvar.onnx`: (n, in) -> (n, out) float32, any n."""
    run = view.run
    return {
        f"{run.run_id}.{name}.onnx": model(name, stack, run.title).SerializeToString()
        for name, stack in run.stacks.items()
    }


def model(name: str, stack: Stack, title: str) -> onnx.ModelProto:
    """The stack as one graph of Gemm nodes and activations."""
    try:
        import onnx
        from onnx import helper, numpy_helper
    except ImportError as error:
        raise AecoreError("ONNX files need the package onnx; `pip install onnx` adds it.") from error
    source, target = ENDS[name]
    nodes, numbers, at = [], [], source
    for i, layer in enumerate(stack.layers):
        linear, end = f"linear.{i}", target if i == len(stack.layers) - 1 else f"layer.{i}"
        weight, bias = f"{name}.{i}.weight", f"{name}.{i}.bias"
        numbers += [numpy_helper.from_array(layer.weight, weight), numpy_helper.from_array(layer.bias, bias)]
        nodes.append(helper.make_node("Gemm", [at, weight, bias], [linear], transB=1))
        nodes += _activation(layer, linear, end)
        at = end
    widths = stack.layers[0].weight.shape[1], stack.layers[-1].weight.shape[0]
    ends = [
        helper.make_tensor_value_info(end, onnx.TensorProto.FLOAT, ["n", width])
        for end, width in zip((source, target), widths, strict=True)
    ]
    graph = helper.make_graph(nodes, name, ends[:1], ends[1:], numbers, doc_string=title)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="aecore")
    made.ir_version = IR_VERSION
    onnx.checker.check_model(made, full_check=True)
    return made


def _activation(layer: Layer, linear: str, end: str) -> list[onnx.NodeProto]:
    """y = f(a); silu has no operator in this set: a sigmoid(a)."""
    from onnx import helper

    if layer.activation == "silu":
        gate = f"{linear}.gate"
        return [helper.make_node("Sigmoid", [linear], [gate]), helper.make_node("Mul", [linear, gate], [end])]
    operator = {"linear": "Identity", "relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh"}[layer.activation]
    return [helper.make_node(operator, [linear], [end])]
