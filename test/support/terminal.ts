/**
 * A Python program that runs its arguments below a pseudo-terminal and plays the terminal: what comes in on standard input is typed, and end of input closes the
 * terminal. Ends with the exit code of what it ran.
 */
export const terminalProgram = `
import os, pty, select, sys
pid, master = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    ready, _, _ = select.select([master, 0], [], [])
    if master in ready:
        try:
            data = os.read(master, 65536)
        except OSError:
            break
        if not data:
            break
        os.write(1, data)
    if 0 in ready:
        typed = os.read(0, 1024)
        if not typed:
            os.close(master)
            break
        os.write(master, typed)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
`;
