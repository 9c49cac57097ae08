"""Writes the shipped graphs anew: of the paper's architecture, for published files, and of the default.

python tools/export_graphs.py
"""

from pathlib import Path

from musiq.checkpoint import load_folder
from musiq.config import ModelConfig
from musiq.runtime.export import export_graphs

PACKAGE = Path(__file__).parent.parent / "musiq"
PAPER, DEFAULT = PACKAGE / "runtime" / "paper", PACKAGE / "checkpoints" / "default"


def write_graphs(model: ModelConfig, folder: Path) -> None:
    """Writes `stem.onnx` and `encoder.onnx` of an architecture."""
    folder.mkdir(exist_ok=True)
    for name, graph in export_graphs(model)._asdict().items():
        path = folder / f"{name}.onnx"
        path.write_bytes(graph)
        print(f"{path}: {len(graph):,} bytes")


if __name__ == "__main__":
    write_graphs(ModelConfig(), PAPER)
    write_graphs(load_folder(DEFAULT).model, DEFAULT)
