"""A checkpoint as one file for other people's servers: ONNX, OpenVINO, torch.export or safetensors, checked.

The graphs that musiq itself scores with are others (`musiq/runtime/export.py`): of one image, with operators of ONNX
Runtime's own.
"""
