"""The model card of a checkpoint folder, and the header that the Hugging Face hub reads off it."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from musiq.checkpoint import Checkpoint

LICENCES = {  # identifiers that the hub knows: https://huggingface.co/docs/hub/repositories-licenses
    *("apache-2.0", "mit", "isc", "zlib", "unlicense", "wtfpl", "afl-3.0", "artistic-2.0", "bsl-1.0", "ecl-2.0"),
    *("bsd", "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear", "ncsa", "postgresql", "mpl-2.0", "ms-pl", "osl-3.0"),
    *("gpl", "gpl-2.0", "gpl-3.0", "lgpl", "lgpl-2.1", "lgpl-3.0", "agpl-3.0", "gfdl", "epl-1.0", "epl-2.0"),
    *("eupl-1.1", "etalab-2.0", "ofl-1.1", "odc-by", "odbl", "pddl", "c-uda", "cdla-sharing-1.0"),
    *("cdla-permissive-1.0", "cdla-permissive-2.0", "cc", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0"),
    *("cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nd-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0"),
    *("cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0"),
    *("openrail", "openrail++", "bigscience-openrail-m", "creativeml-openrail-m", "bigcode-openrail-m"),
}
# our figure -> the hub's id of the metric, which takes correlations from SciPy's names
METRICS = {"srcc": "spearmanr", "plcc": "pearsonr"}
TASK = "image-classification"  # of the hub's tasks the only one with one image in and numbers for it out


def model_card(checkpoint: "Checkpoint") -> str:
    """A short card with the header; a shipped checkpoint's text is written by hand."""
    figures = [
        f"| {name} | " + ", ".join(f"{key} {_number(value)}" for key, value in values.items()) + " |"
        for name, values in checkpoint.accuracy.items()
    ]
    low, high = checkpoint.score_range.low, checkpoint.score_range.high
    return header(checkpoint) + "\n".join(
        [
            f"# {checkpoint.name}",
            "",
            f"- weights (SHA-256): {checkpoint.id}",
            f"- preprocessing: {checkpoint.preprocess}",
            f"- score range: {'not stated' if low is None else f'{low:g} to {high:g}'}",
            *_own_scale_lines(checkpoint),
            f"- training data: {', '.join(checkpoint.training_data) or 'not stated'}",
            f"- licence: {checkpoint.licence or 'not stated'}",
            "",
            "| measured on | agreement |",
            "| --- | --- |",
            *figures,
            "",
            "```py",
            "from musiq import Scorer",
            "",
            f'scorer = Scorer.load("hf://owner/name#{checkpoint.id[:12]}")  # where this card is, or its folder',
            'print(scorer.score("photo.jpg").mos)',
            "```",
            "",
        ]
    )


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def header(checkpoint: "Checkpoint") -> str:
    """What the hub lists, searches and draws a checkpoint by: YAML between two lines of dashes."""
    return "\n".join(["---", *_yaml(metadata(checkpoint)), "---", ""])


def metadata(checkpoint: "Checkpoint") -> dict[str, Any]:
    """The header as plain data, with the keys of the hub's model cards."""
    measured = {
        data: {METRICS[name]: value for name, value in figures.items() if name in METRICS}
        for data, figures in checkpoint.accuracy.items()
    }
    results = [_result(data, figures) for data, figures in measured.items() if figures]
    facts = {
        **_licence(checkpoint.licence),
        "library_name": "musiq",
        "pipeline_tag": TASK,
        "tags": ["image-quality-assessment", "musiq", "onnx"][: 2 if checkpoint.graphs is None else 3],
        "datasets": list(dict.fromkeys(filter(None, map(_slug, checkpoint.training_data)))),
        "metrics": sorted({name for figures in measured.values() for name in figures}),
        "model-index": [{"name": checkpoint.name, "results": results}] if results else [],
    }
    return {key: value for key, value in facts.items() if value}


def _licence(licence: str) -> dict[str, str]:
    identifier = licence.lower()
    if not licence:
        return {"license": "unknown"}
    return {"license": identifier} if identifier in LICENCES else {"license": "other", "license_name": _slug(licence)}


def _result(data: str, figures: Mapping[str, float]) -> dict[str, Any]:
    names = {hub: ours.upper() for ours, hub in METRICS.items()}
    return {
        "task": {"type": TASK, "name": "Image quality assessment"},
        "dataset": {"type": _slug(data) or "unnamed", "name": data},
        "metrics": [{"type": name, "value": value, "name": names[name]} for name, value in figures.items()],
    }


def _slug(name: str) -> str:
    """A name as the hub writes identifiers, without what stands in brackets."""
    return re.sub(r"[^a-z0-9.]+", "-", re.sub(r"\(.*?\)", "", name).lower()).strip("-.")[:96]


def _yaml(value: Any) -> Iterator[str]:
    """Lines of block YAML; what is no mapping and no list of mappings is a line of JSON, which YAML includes."""
    if isinstance(value, dict):
        for key, part in value.items():
            lines = list(_yaml(part))
            yield from [f"{key}: {lines[0]}"] if _is_flat(part) else [f"{key}:", *(f"  {line}" for line in lines)]
    elif _is_flat(value):
        yield json.dumps(value, ensure_ascii=False)
    else:
        for part in value:
            first, *rest = _yaml(part)
            yield from [f"- {first}", *(f"  {line}" for line in rest)]


def _is_flat(value: Any) -> bool:
    return not isinstance(value, dict) and not (isinstance(value, list) and any(isinstance(one, dict) for one in value))


def _own_scale_lines(checkpoint: "Checkpoint") -> list[str]:
    own, score = checkpoint.own_scale, checkpoint.score
    if own is None:
        return []
    knots = ", ".join(f"{at:.4g} -> {value:.4g}" for at, value in zip(own.scores, own.values, strict=True))
    return [f"- scale of its own, learned from {own.name}: the network's scores ({score.words()}) are mapped, {knots}"]
