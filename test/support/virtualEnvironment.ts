import { execFile } from "node:child_process";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** A real virtual environment of Python, made without a network, whose packages can be changed. */
export class VirtualEnvironment {
  readonly folder: string;
  readonly python: string;
  readonly bin: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.bin = join(folder, "bin");
    this.python = join(this.bin, "python");
  }

  static async make(
    folder: string,
    packages: { readonly [name: string]: string },
  ): Promise<VirtualEnvironment> {
    await promisify(execFile)("python3", ["-m", "venv", "--without-pip", folder]);
    const environment = new VirtualEnvironment(folder);
    for (const [name, version] of Object.entries(packages)) await environment.install(name, version);
    return environment;
  }

  /** Puts a package there as an installer does, in the place of its other versions. */
  async install(name: string, version: string): Promise<void> {
    const site = await this.#site();
    await this.remove(name);
    const folder = join(site, `${name}-${version}.dist-info`);
    await mkdir(folder);
    await writeFile(join(folder, "METADATA"), `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`);
    await writeFile(join(site, `${name}.py`), `__version__ = "${version}"\n`);
  }

  async remove(name: string): Promise<void> {
    const site = await this.#site();
    const old = (await readdir(site)).filter(
      (entry) => entry.startsWith(`${name}-`) || entry === `${name}.py`,
    );
    for (const entry of old) await rm(join(site, entry), { recursive: true });
  }

  async #site(): Promise<string> {
    const library = join(this.folder, "lib");
    const [version] = (await readdir(library)).filter((entry) => entry.startsWith("python"));
    if (version === undefined) throw new Error(`${library} holds no Python.`);
    return join(library, version, "site-packages");
  }
}
