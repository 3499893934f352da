// The files of the page, read once: what is not among them cannot be asked for, whatever a path looks like.

import { readdir, readFile } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** A file as it is served. */
export type PageFile = { readonly type: string; readonly content: Uint8Array<ArrayBuffer> };

/** Files by their path in the address, such as `/assets/live.js`. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/** Where the page is built in a clone of the repository. The published package does not contain it. */
export const builtPageFolder: string = fileURLToPath(new URL("../../../../dashboard/dist", import.meta.url));

/** The document that `/` answers with. */
const entry = "/live.html";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Reads a built page; undefined where there is none. */
export async function readPageFiles(folder: string): Promise<PageFiles | undefined> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files = new Map<string, PageFile>();
  for (const name of names) {
    const type = types[extname(name)];
    if (type === undefined) continue;
    files.set(`/${name.split(sep).join("/")}`, { type, content: new Uint8Array(await readFile(join(folder, name))) });
  }
  const document = files.get(entry);
  return document === undefined ? undefined : files.set("/", document);
}
