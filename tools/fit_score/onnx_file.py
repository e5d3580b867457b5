"""score.onnx: relu(w1 input + b1), w2 of that + b2 = mean, deviation, age."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import ages
import figures

AGES = 100  # outputs of the age head


def layers(model):
    return [p.detach().numpy().astype(np.float64) for p in model.parameters()]


def join(figure_models, weights, age_models, dimension):
    """One network of two layers: units of every figures network, of the ages', and the head."""
    models = [layers(m) for m in figure_models + age_models]
    size = sum(len(m[1]) for m in models) + 1
    share = 1 / len(age_models)
    w1, b1 = np.zeros((size, dimension + AGES)), np.zeros(size)
    w2, b2 = np.zeros((3, size)), np.array([0.0, 1.0, 0.0])
    at, head = 0, np.arange(AGES)
    for (p1, q1, p2, q2), weight in zip(models, weights + [None] * len(age_models)):
        unit = slice(at, at + len(q1))
        at, b1[unit] = unit.stop, q1
        if weight is None:
            w1[unit, :dimension] = ages.STRETCH * p1[:, :dimension]
            w1[unit, dimension:] = p1[:, dimension:] * head / ages.YEARS
            w2[2, unit], b2[2] = share * ages.YEARS * p2[0], b2[2] + share * ages.YEARS * q2[0]
        else:
            w1[unit, :dimension] = figures.STRETCH * p1
            w2[:2, unit], b2[:2] = weight * p2, b2[:2] + weight * q2
    w1[-1, dimension:], w2[2, -1] = head, 1
    return [a.astype(np.float32) for a in (w1, b1, w2, b2)]


def run(parameters, x, distribution):
    w1, b1, w2, b2 = parameters
    return np.maximum(np.concatenate([x, distribution], 1) @ w1.T + b1, 0) @ w2.T + b2


def write(path, parameters):
    names = ("w1", "b1", "w2", "b2")
    constants = [numpy_helper.from_array(p, n) for p, n in zip(parameters, names)]
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["template", "w1", "b1"], ["sum"], transB=1),
         helper.make_node("Relu", ["sum"], ["unit"]),
         helper.make_node("Gemm", ["unit", "w2", "b2"], ["figures"], transB=1)],
        "score",
        [helper.make_tensor_value_info("template", TensorProto.FLOAT,
                                       [1, parameters[0].shape[1]])],
        [helper.make_tensor_value_info("figures", TensorProto.FLOAT, [1, 3])], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 10)],
                              producer_name="candid tools/fit_score")
    model.ir_version = 5
    onnx.checker.check_model(model)
    with open(path, "wb") as file:
        file.write(model.SerializeToString())
