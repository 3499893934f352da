// The files of a store's directory, for the suites that damage them.

import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StoreFiles } from "@quorate/contracts/conformance";
import { temporaryDirectory } from "./temporary-directory.ts";

export const directoryFiles: StoreFiles<string> = {
  list: (directory) => readdirSync(directory),
  read: (directory, name) => new Uint8Array(readFileSync(join(directory, name))),
  write: (directory, name, bytes) => writeFileSync(join(directory, name), bytes),
  copy: (directory) => {
    const copy = temporaryDirectory();
    cpSync(directory, copy, { recursive: true });
    return copy;
  },
};
