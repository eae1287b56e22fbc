import { findProgram, runVisibly, succeeds } from "./command.mjs";
import { SetupError, say } from "./say.mjs";

/** How this user may install Debian packages: a command prefix, or null. */
function installer() {
  if (process.platform !== "linux" || !findProgram("apt-get")) return null;
  if (process.getuid() === 0) return [];
  return findProgram("sudo") && succeeds("sudo", ["--non-interactive", "true"])
    ? ["sudo", "--non-interactive"]
    : null;
}

/** Whether a Debian package is installed. */
export function isInstalled(name) {
  return succeeds("dpkg", ["--status", name]);
}

/** Runs apt-get through the installer's prefix. Resolves to its exit code. */
function aptGet(prefix, args) {
  const [command, ...rest] = [...prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...args];
  return runVisibly(command, rest);
}

/**
 * Installs Debian packages. `purpose` says what they are for. Throws a {@link SetupError} that says what to do by
 * hand where this is not Debian's way or not allowed.
 */
export async function installDebianPackages(names, purpose) {
  const prefix = installer();
  const byHand = `apt-get install --yes --no-install-recommends ${names.join(" ")}`;
  if (!prefix) {
    throw new SetupError(
      `${purpose} is missing, and this user can't install it with apt-get. Install it by hand (on Debian, as root: ${byHand}), then run the command again.`,
    );
  }
  say(`Installing ${purpose} with apt-get: ${names.join(" ")} …`);
  const install = ["install", "--yes", "--no-install-recommends", ...names];
  // The lists may be old or empty; they are renewed only if the packages can't be found or fetched without that.
  if ((await aptGet(prefix, install)) === 0) return;
  await aptGet(prefix, ["update"]);
  const code = await aptGet(prefix, install);
  if (code !== 0) {
    throw new SetupError(`apt-get ended with code ${code}. Run it by hand to see why: ${byHand}`);
  }
}
