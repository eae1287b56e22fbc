"""
Saves as the libraries do, with the standard library only: the order of the writes, the temporary names and the rotation
are theirs. `savers.py KIND STEPS` trains that many steps and saves at each. A file `hold-N-PART` holds it when it has
written half of that part of step N; `kill-N-PART` kills it there. What it does goes to `saver.log`.
"""

import io
import json
import os
import re
import shutil
import signal
import struct
import sys
import tempfile
import time
import zipfile


def log(text):
    with open("saver.log", "a") as file:
        file.write(text + "\n")


def pause(step, part):
    if os.path.exists("kill-%d-%s" % (step, part)):
        os.remove("kill-%d-%s" % (step, part))
        log("killed %d %s" % (step, part))
        os.kill(os.getpid(), signal.SIGKILL)
    if os.path.exists("hold-%d-%s" % (step, part)):
        log("held %d %s" % (step, part))
    while os.path.exists("hold-%d-%s" % (step, part)):
        time.sleep(0.01)


def write(path, data, step, part):
    with open(path, "wb") as file:
        file.write(data[: len(data) // 2])
        file.flush()
        pause(step, part)
        file.write(data[len(data) // 2 :])


def safetensors(step):
    values = struct.pack("<f", step) * 5000
    header = json.dumps({"weight": {"dtype": "F32", "shape": [5000], "data_offsets": [0, len(values)]}}).encode()
    return struct.pack("<Q", len(header)) + header + values


def archive(step):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("data.pkl", json.dumps({"step": step}))
        file.writestr("data/0", struct.pack("<f", step) * 5000)
    return buffer.getvalue()


def hugging_face(step, total):
    """Trainer._save_checkpoint: the model, optimizer, scheduler and random state, the trainer's state, then rotation."""
    folder = "output/checkpoint-%d" % step
    os.makedirs(folder, exist_ok=True)
    write(folder + "/config.json", b'{"model_type": "tiny"}', step, "config")
    write(folder + "/model.safetensors", safetensors(step), step, "model")
    for name in ("optimizer.pt", "scheduler.pt", "rng_state.pth"):
        write(os.path.join(folder, name), archive(step), step, name.split(".")[0])
    state = {
        "global_step": step,
        "max_steps": total,
        "log_history": [{"step": s, "loss": 1 / s, "epoch": s / 2} for s in range(1, step)]
        + [{"step": step, "loss": 1 / step}, {"step": step, "eval_accuracy": 1 - 1 / step, "eval_loss": float("nan")}],
    }
    write(folder + "/trainer_state.json", json.dumps(state, indent=2).encode(), step, "state")
    folders = sorted(os.listdir("output"), key=lambda name: int(name.split("-")[-1]))
    for name in folders[: -int(os.environ.get("SAVE_TOTAL_LIMIT", "2"))]:
        shutil.rmtree(os.path.join("output", name), ignore_errors=True)


def hugging_face_staged(step, total):
    """Transformers 4.36 wrote to a temporary name and renamed."""
    staged = "output/tmp-checkpoint-%d" % step
    os.makedirs(staged, exist_ok=True)
    write(staged + "/model.safetensors", safetensors(step), step, "model")
    os.rename(staged, "output/checkpoint-%d" % step)


def lightning(step, total):
    """ModelCheckpoint with save_top_k=1 and save_last: fsspec writes elsewhere and moves, then the former best goes."""
    handle, temporary = tempfile.mkstemp()
    os.close(handle)
    write(temporary, archive(step), step, "temporary")
    before = [name for name in os.listdir("output") if name.startswith("epoch=")]
    shutil.move(temporary, "output/epoch=%d-step=%d-val_loss=%.2f.ckpt" % (step - 1, step * 100, 1 / step))
    write("output/last.ckpt", archive(step), step, "last")
    for name in before:
        os.remove(os.path.join("output", name))


def keras(step, total):
    """model.save and save_weights write into the file of that name."""
    write("output/weights.%02d-%.2f.keras" % (step, 1 / step), archive(step), step, "model")


savers = {
    "hugging-face": hugging_face,
    "hugging-face-staged": hugging_face_staged,
    "lightning": lightning,
    "keras": keras,
}


def last_step():
    """As `get_last_checkpoint` of Transformers: the highest number, whether it is complete or not."""
    os.makedirs("output", exist_ok=True)
    steps = [int(found[1]) for name in os.listdir("output") if (found := re.match(r"^checkpoint-(\d+)$", name))]
    if not steps:
        return 0
    with open("output/checkpoint-%d/trainer_state.json" % max(steps)) as file:
        return json.load(file)["global_step"]


save, total = savers[sys.argv[1]], int(sys.argv[2])
start = last_step()
log("started from %d" % start)
for step in range(start + 1, total + 1):
    save(step, total)
    log("saved %d" % step)
    pause(step, "after")
