import type { Files } from "./temporaryProject.ts";

/**
 * Trains an epoch, asks, trains another. Knows the protocol only: takes an answer from its environment, else waits for
 * one. A file `impatient` makes it give up at once; what it holds is the exit status to leave with, or `go on`.
 */
const askingCode = `
import json, os, sys, time
signal = os.path.join(os.environ["DVC_ROOT"], ".dvc", "tmp", "DVC_CHECKPOINT")
def ask(question):
    given = json.loads(os.environ.get("SAVEPOINT_ANSWER", "null"))
    if given is not None and given["id"] == question.get("id", question["question"]):
        return given["answer"]
    with open(signal + ".tmp", "w") as file:
        json.dump({"step": 1, "ask": question}, file)
    os.rename(signal + ".tmp", signal)
    while os.path.exists(signal):
        if os.path.exists("impatient") and os.path.exists("asked"):
            os.remove(signal)
            how = open("impatient").read()
            if how != "go on":
                sys.exit(int(how))
            return None
        time.sleep(0.005)
    return json.load(open(signal + ".result")).get("answer")
state = json.load(open("model.json")) if os.path.exists("model.json") else {"epochs": 0}
if state["epochs"] == 0:
    json.dump({"epochs": 1}, open("model.json", "w"))
answer = ask(json.load(open("question.json")))
json.dump({"epochs": 2, "answer": answer}, open("model.json", "w"))
`;

/** A stage that asks what stands in `question.json`. */
export const askingFiles: Files = {
  "dvc.yaml":
    "stages:\n  train:\n    cmd: python3 train.py\n    deps: [train.py]\n    outs:\n      - model.json: {cache: false, checkpoint: true}\n",
  "train.py": askingCode,
  "question.json": '{"id": "go-on", "question": "Go on?"}\n',
  ".gitignore": "/impatient\n/asked\n/*.tmp\n",
  ".dvcignore": "",
  ".dvc/config": "",
  ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
};
