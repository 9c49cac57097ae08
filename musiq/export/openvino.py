"""OpenVINO's own format in float32, converted from the ONNX file."""

from pathlib import Path
from typing import Any, Final

import numpy as np

from musiq.export.facts import facts
from musiq.export.network import INPUTS, Exported, Run
from musiq.export.onnx import to_onnx
from musiq.patches import PatchBatch
from musiq.runtime.openvino import core  # one for the whole process

FILE: Final = "model.xml"
CODE: Final = """
import openvino

network = openvino.Core().compile_model("model.xml", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
results = network(inputs)
logits, score = results["logits"], results["score"]
"""


def write(exported: Exported, folder: Path) -> None:
    """Writes `model.xml` and `model.bin`."""
    import openvino

    model = core().read_model(to_onnx(exported))
    _add_unread_inputs(model)
    for name, value in facts(exported.checkpoint).items():
        model.set_rt_info(value, ["musiq", name])
    openvino.save_model(model, folder / FILE, compress_to_fp16=False)


def _add_unread_inputs(model: Any) -> None:
    """Puts back what OpenVINO leaves out: cells or scales where the network has no embedding of them. Every file of
    ours takes the same four inputs."""
    from openvino import opset13

    found = {name for value in model.inputs for name in value.names}
    for name in ("cell", "scale"):
        if name not in found:
            unread = opset13.parameter([-1, -1], np.int64, name=name)
            unread.output(0).get_tensor().set_names({name})
            model.add_parameters([unread])
    model.validate_nodes_and_infer_types()


def load(folder: Path) -> Run:
    """The files in OpenVINO, which multiplies as exactly as they are."""
    network = core().compile_model(folder / FILE, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def run(batch: PatchBatch) -> Any:
        return network({name: getattr(batch, name) for name in INPUTS})["score"]

    return run
