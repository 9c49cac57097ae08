"""How fast musiq is: ratios measured side by side in one run, by `python -m benchmarks`. Needs `musiq[train]`."""
