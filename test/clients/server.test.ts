import assert from "node:assert/strict";
import { test } from "node:test";
import { signalPaths, type WaitingSignal } from "../../src/engine/signal/signalFile.ts";
import { SignalServer } from "../../src/engine/signal/signalServer.ts";
import { temporaryFolder } from "../support/temporaryProject.ts";
import { ClientProcess } from "./clientProcess.ts";
import { clients } from "./interpreters.ts";
import { plainEnvironment } from "./listener.ts";

/** The clients together with the listener that Savepoint really has. */
for (const { name, command, skip } of clients) {
  test(`${name}: Savepoint understands all that is sent`, { skip, timeout: 600_000 }, async (t) => {
    const folder = await temporaryFolder({ ".dvc/tmp/.keep": "" });
    t.after(folder.dispose);
    const paths = signalPaths(folder.path(".dvc", "tmp"));
    const heartbeatFile = folder.path(".dvc", "tmp", "savepoint", "heartbeat");
    const signals: WaitingSignal[] = [];
    const server = new SignalServer({
      paths,
      heartbeatFile,
      async onSignal(signal) {
        signals.push(signal);
        return { ok: true, checkpoint: "amber-heron@1", error: null };
      },
    });
    t.after(() => server.dispose());

    const environment = {
      ...plainEnvironment(),
      DVC_ROOT: folder.root,
      DVC_CHECKPOINT: "1",
      SAVEPOINT_HEARTBEAT: heartbeatFile,
    };
    const ended = await new ClientProcess([...command, "full"], environment).ended;
    assert.deepEqual([ended.code, ended.stderr], [0, ""]);
    if (ended.stdout !== "") {
      assert.deepEqual(JSON.parse(ended.stdout), { ok: true, checkpoint: "amber-heron@1", error: null });
    }
    const read = signals.map(({ request: { id, ...request }, warning }) => ({ request, warning }));
    assert.deepEqual(read, [
      {
        request: {
          step: 12,
          total: 40,
          name: 'Epoche "fünf" \\ 猫\n\tEnde',
          metrics: { accuracy: 0.914, count: 3, loss: "NaN", up: "Infinity", down: "-Infinity" },
          metadata: { "two words": "naïve", latest: false },
          when: "stage-end",
          again: true,
          ask: null,
        },
        warning: null,
      },
    ]);
  });
}
