// The judgement of the two tools that know how other people's resolvers read a package.
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import type { Packed } from "./pack.ts";
import { problemsOf, runCaptured } from "./run-captured.ts";

const binaries: string = join(import.meta.dirname, "../node_modules/.bin");

/** publint, with suggestions and warnings counted as errors. */
export async function publintProblems({ unpacked }: Pick<Packed, "unpacked">): Promise<readonly string[]> {
  const { messages, pkg } = await publint({ pkgDir: unpacked, strict: true, pack: false });
  return messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code);
}

/** Whether the declarations resolve and fit for everybody who can import an ES module. */
export async function typesProblems({ tarball, unpacked }: Packed): Promise<readonly string[]> {
  const args = [
    "--profile",
    "esm-only",
    "--format",
    "ascii",
    "--no-emoji",
    "--no-color",
    "--no-definitely-typed",
    tarball,
  ];
  return problemsOf(await runCaptured({ program: join(binaries, "attw"), args, cwd: unpacked, deadlineMs: 60_000 }));
}
