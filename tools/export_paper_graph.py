"""Writes musiq/runtime/paper.onnx: the graph of the paper's architecture, which scores published files without torch.

python tools/export_paper_graph.py
"""

from pathlib import Path

from musiq.config import ModelConfig
from musiq.runtime.export import export_graph

OUT = Path(__file__).parent.parent / "musiq" / "runtime" / "paper.onnx"

if __name__ == "__main__":
    OUT.write_bytes(export_graph(ModelConfig()))
    print(f"{OUT}: {OUT.stat().st_size:,} bytes")
