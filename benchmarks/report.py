"""Tables and the plot of a run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

Rows = Sequence[dict[str, Any]]


def network_table(rows: Rows) -> str:
    """Markdown: time, share of the machine's matrix-product rate, ratios and memory of every runtime at every size."""
    lines = ["| size | patches | runtime | network | share of peak | x eager | x port | peak memory |"]
    lines += ["|---|---|---|---|---|---|---|---|"]
    for row in rows:
        ratios = " | ".join(_ratio(row.get(f"times_{other}")) for other in ("eager", "port"))
        time, share = f"{row['network_s'] * 1000:.0f} ms", f"{row['share_of_peak']:.0%}"
        cells = (f"{row['width']}x{row['height']}", row["tokens"], row["runtime"], time, share)
        lines.append(f"| {' | '.join(map(str, cells))} | {ratios} | {row['peak_mb']:.0f} MB |")
    return "\n".join(lines)


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def draw(results: dict[str, Any], path: Path) -> None:
    """Time and memory against megapixels, a line per runtime, as SVG."""
    import matplotlib.pyplot as plt

    rows = results["networks"]
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for name in dict.fromkeys(row["runtime"] for row in rows):
        mine = [row for row in rows if row["runtime"] == name]
        megapixels = [row["width"] * row["height"] / 1e6 for row in mine]
        for axis, values in zip(axes, ([r["whole_s"] for r in mine], [r["peak_mb"] for r in mine]), strict=True):
            axis.plot(megapixels, values, marker="o", markersize=4, label=name)
    bound = [(row["width"] * row["height"] / 1e6, row["gflop"] / row["peak_gflops"]) for row in rows]
    axes[0].plot(*zip(*sorted(set(bound)), strict=True), color="black", linestyle=":", label="operations at peak")
    for axis, title in zip(axes, ("seconds from pixels to score", "peak memory of the process, MB"), strict=True):
        axis.set(xscale="log", yscale="log", xlabel="megapixels", title=title)
        axis.grid(alpha=0.3)
    axes[0].legend()
    figure.savefig(path, metadata={"Date": None})
