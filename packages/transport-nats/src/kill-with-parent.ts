// Children that do not outlive this process, whatever ends it. On SIGKILL no code of this process runs any more, but the system
// closes its pipes: a small shell that reads from one of them kills the child then, also one that is stopped.

import { type ChildProcess, spawn } from "node:child_process";

/** A line calls the guard off; the end of its input without one means that the parent is gone. */
const guardScript = 'read -r line || kill -KILL "$1"';

const living = new Set<ChildProcess>();
// An orderly end takes the children along at once, and also where there is no shell.
process.on("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

/** Lets a child that was just started be killed when this process ends, however that happens. */
export function killWithParent(child: ChildProcess): void {
  if (child.pid === undefined) return;
  living.add(child);
  // In a session of its own: a Ctrl-C at the terminal is not for the guard.
  const guard = spawn("sh", ["-c", guardScript, "guard", String(child.pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.once("error", () => {});
  guard.stdin.on("error", () => {});
  child.once("exit", () => {
    living.delete(child);
    // From now on another process may get the number.
    guard.stdin.end("\n");
  });
}
