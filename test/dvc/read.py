"""Reads texts with DVC's own loaders, and writes texts with its YAML writer; JSON in and out.

In: {"texts": [{"name": …, "text": …}], "write": […]}. Out: {"read": [typed value | {"error": …}], "written": […]}.
"""

import json
import sys

from dvc.utils.serialize import LOADERS, PARSERS, dumps_yaml, loads_yaml


def typed(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": repr(value)}
    if isinstance(value, dict):
        return {"map": [[typed(key), typed(item)] for key, item in value.items()]}
    if isinstance(value, (set, frozenset)):
        return {"set": sorted(json.dumps(typed(item)) for item in value)}
    if isinstance(value, (list, tuple)):
        return [typed(item) for item in value]
    return {"other": type(value).__name__}


def read(item):
    suffix = item["name"][item["name"].rindex(".") :]
    try:
        return typed(PARSERS[suffix](item["text"], item["name"]))
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def write(text):
    layout = dumps_yaml({"stages": {"name": {"cmd": text}}})
    try:
        is_right = loads_yaml(layout)["stages"]["name"]["cmd"] == text
    except Exception:
        is_right = False
    return {"layout": layout, "isRight": is_right}


task = json.load(sys.stdin)
json.dump(
    {"read": [read(item) for item in task["texts"]], "written": [write(text) for text in task["write"]]}, sys.stdout
)
