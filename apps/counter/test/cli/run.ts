// Runs the command line without a process: arguments in, exit code and both outputs out.

import { runCli } from "../../src/cli/program.ts";
import type { CliIo } from "../../src/cli/io.ts";
import { FakeService } from "../http/fake-node.ts";

/** How a command ended. */
export type Run = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/** Nodes by host and port; an endpoint that is not listed refuses connections. */
export type Nodes = Readonly<Record<string, FakeService>>;

/** Runs one command against these nodes; QUORATE_ENDPOINTS names all of them. */
export async function run(argv: readonly string[], nodes: Nodes, overrides: Partial<CliIo> = {}): Promise<Run> {
  let stdout = "";
  let stderr = "";
  const exitCode = await runCli(
    argv,
    {
      stdout: (text) => {
        stdout += text;
      },
      stderr: (text) => {
        stderr += text;
      },
      env: { QUORATE_ENDPOINTS: Object.keys(nodes).join(",") },
      isTerminal: false,
      fetch: async (url, init) => {
        const service = nodes[new URL(url).host];
        if (service === undefined) throw Object.assign(new TypeError("fetch failed"), { code: "ECONNREFUSED" });
        return service.handle(new Request(url, init));
      },
      startNode: () => Promise.resolve(0),
      ...overrides,
    },
    "9.9.9",
  );
  return { exitCode, stdout, stderr };
}

/** One node that leads, at the address that it advertises. */
export function oneNode(): { readonly service: FakeService; readonly nodes: Nodes } {
  const service = new FakeService();
  return { service, nodes: { "127.0.0.1:8101": service } };
}
