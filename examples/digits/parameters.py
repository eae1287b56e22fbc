"""Reads params.yaml without a YAML library: nested lines of `key: value`, which is all that parameters need."""

import re
from types import SimpleNamespace

LINE = re.compile(r"""( *)([\w.-]+|"[^"]*"|'[^']*') *:(?: +(.*))?$""")
QUOTED = re.compile(r"""("[^"\\]*"|'[^']*')\s*(?:#.*)?$""")
INTEGER = re.compile(r"[-+]?\d+$")
DECIMAL = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")
WORDS = {"true": True, "false": False, "null": None, "~": None}
KINDS = {int: "a whole number", float: "a number"}


def read_parameters(section, path="params.yaml", **kinds):
    """Returns the named parameters of one section, each checked to be of its kind (int or float).

    Ends the program with a message when the file does not have them.
    """
    with open(path, encoding="utf-8-sig") as file:
        values = parse(file.read(), path).get(section)
    if not isinstance(values, dict):
        raise SystemExit(f"{path} has no section `{section}:`. Add it, with the parameters of this stage below it.")
    parameters = SimpleNamespace()
    for name, kind in kinds.items():
        value = values.get(name)
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            raise SystemExit(f"{path}: {section}.{name} must be {KINDS[kind]}, but is {value!r}.")
        setattr(parameters, name, value)
    return parameters


def parse(text, path):
    """Returns the nested dicts that the text of a YAML file stands for."""
    root = {}
    # The sections that are open at this line, each with the indentation of its lines.
    sections = [(0, root)]
    opened = None
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() in ("", "---") or line.lstrip().startswith("#"):
            continue
        match = LINE.match(line.rstrip())
        if not match:
            raise SystemExit(f"{path}, line {number}: expected `key: value`, but found `{line.strip()}`.")
        indentation, key, value = len(match[1]), match[2].strip("\"'"), match[3] or ""
        if opened is not None and indentation > sections[-1][0]:
            sections.append((indentation, opened))
        while indentation < sections[-1][0]:
            sections.pop()
        if indentation != sections[-1][0]:
            raise SystemExit(f"{path}, line {number}: `{key}` is not indented as the lines around it.")
        opened = {} if value == "" or value.startswith("#") else None
        sections[-1][1][key] = scalar(value, f"{path}, line {number}") if opened is None else opened
    return root


def scalar(text, place):
    quoted = QUOTED.match(text)
    if quoted:
        return quoted[1][1:-1]
    text = re.split(r"\s+#", text)[0]
    if INTEGER.match(text):
        return int(text)
    if DECIMAL.match(text):
        return float(text)
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    if text[0] in "[]{}\"'|>&*!%@`":
        raise SystemExit(f"{place}: this reader knows numbers, words and quoted text only, not `{text}`.")
    return text
