"""The training of the kill campaign: checkpoints as fast as they are taken.

What it can see itself goes to a ledger outside the project, one JSON object per line: that it began, each step once it
was released, and that it came to its end. Runs with an even last digit speak Savepoint's protocol through its client;
the others leave an empty file, as code of DVC 2 does.
"""

import json
import os
import sys
import time

from savepoint import make_checkpoint

run = os.environ["SAVEPOINT_RUN"]
is_plain = int(run[-1], 16) % 2 == 1
with open("params.json") as file:
    steps = json.load(file)["steps"]


def note(**words):
    with open(os.environ["SAVEPOINT_KILLS_LEDGER"], "a") as ledger:
        ledger.write(json.dumps({"run": run, **words}) + "\n")


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def checkpoint(step):
    """Returns the checkpoint's label, if the protocol tells."""
    if not is_plain:
        result = make_checkpoint(step=step, total=steps)
        if not result.ok:
            sys.exit("step %d was refused: %s" % (step, result.error))
        return result.checkpoint
    signal = os.path.join(os.environ["DVC_ROOT"], ".dvc", "tmp", "DVC_CHECKPOINT")
    open(signal, "w").close()
    while os.path.exists(signal):
        time.sleep(0.001)
    return None


note(event="began", pid=os.getpid())
os.makedirs("weights/deep", exist_ok=True)
for step in range(1, steps + 1):
    text = "%s after step %d\n" % (run, step)
    write("model.bin", text)
    # Large enough to be copied to a file of its own while training waits.
    write("weights/first.bin", text * 3000)
    if step == 1:
        write("weights/deep/second.bin", "the same in each step\n")
    write("metrics.json", json.dumps({"loss": 1 / step}))
    note(event="released", step=step, checkpoint=checkpoint(step))
note(event="ended")
