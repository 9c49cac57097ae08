from xml.etree import ElementTree

from benchmarks.report import draw, network_table

ROW = {
    "width": 512,
    "height": 384,
    "tokens": 342,
    "gflop": 9.5,
    "peak_gflops": 100.0,
    "runtime": "onnx-fp32",
    "network_s": 0.1234,
    "whole_s": 0.2,
    "peak_mb": 151.4,
    "share_of_peak": 0.771,
    "times_eager": 1.987,
}


def test_a_row_as_markdown():
    lines = network_table([ROW, ROW | {"runtime": "eager", "times_port": 0.5}]).splitlines()
    assert lines[1] == "|---" * 8 + "|"
    assert lines[2] == "| 512x384 | 342 | onnx-fp32 | 123 ms | 77% | 1.99 | - | 151 MB |"
    assert lines[3] == "| 512x384 | 342 | eager | 123 ms | 77% | 1.99 | 0.50 | 151 MB |"
    assert len(lines) == 4


def test_the_plot_has_a_line_per_runtime(tmp_path):
    rows = [ROW, ROW | {"width": 1024, "height": 768}, ROW | {"runtime": "torch-fp32"}]
    draw({"networks": rows}, tmp_path / "speed.svg")
    text = (tmp_path / "speed.svg").read_text()
    assert ElementTree.fromstring(text).tag.endswith("svg")
    for label in ("onnx-fp32", "torch-fp32", "operations at peak", "megapixels"):
        assert f"<!-- {label} -->" in text, label
