import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const programs = join(dirname(fileURLToPath(import.meta.url)), "programs");

/** A client with the program of the tests that calls it. */
export interface Client {
  readonly name: string;
  readonly command: readonly string[];
  /** The shell client only speaks on stderr. */
  readonly returnsResults: boolean;
  /** Why its tests can't run here; `false` when they can. */
  readonly skip: string | false;
}

/** Why a client can't be tested here; `false` when it can. */
function skipWithout(program: string): string | false {
  const { error } = spawnSync(program, ["--version"]);
  return error !== undefined && `NOT TESTED: there is no ${program} on this machine`;
}

export const skipR = skipWithout("Rscript");
export const skipJulia = skipWithout("julia");

export const clients: readonly Client[] = [
  { name: "Python", command: ["python3", join(programs, "program.py")], returnsResults: true, skip: false },
  {
    name: "JavaScript",
    command: [process.execPath, join(programs, "program.mjs")],
    returnsResults: true,
    skip: false,
  },
  { name: "shell", command: ["sh", join(programs, "program.sh")], returnsResults: false, skip: false },
  {
    name: "R",
    command: ["Rscript", join(programs, "program.R")],
    returnsResults: true,
    skip: skipR,
  },
  {
    name: "Julia",
    command: ["julia", "--startup-file=no", join(programs, "program.jl")],
    returnsResults: true,
    skip: skipJulia,
  },
];
