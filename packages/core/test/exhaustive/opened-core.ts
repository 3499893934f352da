// The core as it is in src, with its private fields readable, so that a search can copy a server and compare two of them
// completely. A module that is imported as "…?core" is such a copy, and so is everything it imports; "?core=NAME" is one
// with the defect of that name, to see whether the search finds it.

import type { Plugin } from "vitest/config";
import { defects } from "./defects.ts";

const MARK = /\?core(?:=(\w+))?$/;

/** Serves the opened copies. */
export function openedCore(): Plugin {
  return {
    name: "opened-core",
    enforce: "pre",
    transform(code, id) {
      const mark = MARK.exec(id);
      return mark === null ? undefined : opened(withDefect(code, id, mark[1]), mark[0]);
    },
  };
}

/** Private names become ordinary ones that nothing else uses, and imports stay within the copy. */
function opened(code: string, mark: string): string {
  return code.replaceAll(/#(?=[a-z])/g, "hidden_").replaceAll(/(from "\.\/[^"]+\.ts)"/g, `$1${mark}"`);
}

function withDefect(code: string, id: string, name: string | undefined): string {
  const defect = defects.find((known) => known.name === name);
  if (defect === undefined || !id.includes(`/src/${defect.file}?`)) return code;
  if (!code.includes(defect.correct)) {
    throw new Error(`the defect ${defect.name} no longer fits ${defect.file}: "${defect.correct}" is not there`);
  }
  return code.replace(defect.correct, defect.wrong);
}
