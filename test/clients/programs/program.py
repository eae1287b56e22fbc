"""Training code of the tests: calls the Python client as the first argument says, and prints what it returns."""

import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "clients" / "python"))
from savepoint import ask, is_resumed, iteration, make_checkpoint, once, resumed_step  # noqa: E402


class Scalar:
    """Has the ways of a NumPy scalar or a PyTorch tensor."""

    def __init__(self, value):
        self.value = value

    def item(self):
        return self.value


class Array:
    def __init__(self, *values):
        self.values = values

    def item(self):
        raise ValueError("more than one value")

    def tolist(self):
        return list(self.values)


def show(result):
    print(json.dumps(result._asdict()), flush=True)


def append(file, text):
    with open(file, "a") as log:
        log.write(text + "\n")


def work():
    """Writes an output in two parts, and can be held between them or made to fail."""
    append("log", "begun")
    Path("output").write_text("half")
    while os.path.exists("hold"):
        time.sleep(0.01)
    if os.path.exists("fail"):
        raise SystemExit(3)
    Path("output").write_text("whole")
    append("log", "ended")
    return {"tuple": (1, 2.5), "text": "naïve \"x\"\n", "nothing": None}


scenario = sys.argv[1]
if scenario == "plain":
    show(make_checkpoint())
elif scenario == "full":
    show(
        make_checkpoint(
            step=12,
            total=40,
            name='Epoche "fünf" \\ 猫\n\tEnde',
            metrics={"accuracy": 0.914, "count": 3, "loss": float("nan"), "up": float("inf"), "down": float("-inf")},
            metadata={"two words": "naïve"},
            when="stage-end",
            latest=False,
            again=True,
        )
    )
elif scenario == "types":
    cycle = {}
    cycle["self"] = cycle
    show(
        make_checkpoint(
            step=Scalar(7),
            metrics={"scalar": Scalar(float("nan")), "array": Array(1.5, Scalar(2)), 3: True},
            metadata={"tuple": (1, None), "path": Path("a/b"), "set": {5}, "odd": "\ud800", "cycle": cycle},
        )
    )
elif scenario == "loop":
    for step in range(int(sys.argv[3])):
        show(make_checkpoint(step=step, name=sys.argv[2]))
elif scenario == "timeout":
    show(make_checkpoint(timeout=1))
elif scenario == "iteration":
    print(iteration())
elif scenario == "resumed":
    print(json.dumps({"resumed": is_resumed(), "step": resumed_step()}))
elif scenario == "once":
    print(json.dumps(once(sys.argv[2], work, inputs=["input"], values={"v": sys.argv[3]}, outputs=["output"])))
elif scenario == "unkept":
    print(once("set", lambda: {1}), once("nan", lambda: float("nan")), once("scalar", lambda: Scalar(2)))
elif scenario == "long":
    once("k" * 200, work)
elif scenario == "ask":
    print(json.dumps([ask("Go on?", id="go-on", step=10, exit_after=float(sys.argv[2]), default="none") for _ in "ab"]))
elif scenario == "story":
    once("prepare", work, outputs=["output"])
    Path("answer").write_text(json.dumps(ask("Go on?", exit_after=1)))
elif scenario == "choose":
    print(json.dumps(ask("Which \"models\"?", ["small", "large one"], multiple=True)))
elif scenario == "text":
    print(json.dumps(ask("Why?", kind="text")))
