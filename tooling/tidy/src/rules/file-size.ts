// Files and package READMEs stay short enough to be read in one go.
import type { Rule } from "../rule.ts";
import { isSourcePath } from "../source.ts";

const maximumLines = 400;
const maximumReadmeLines = 150;

export const fileSize: Rule = {
  name: "file-size",
  check: (repository) =>
    repository.paths.flatMap((path) => {
      const limit = lineLimit(path);
      if (limit === undefined) return [];
      const lines = repository.text(path).trimEnd().split("\n").length;
      if (lines <= limit) return [];
      return [
        {
          path,
          line: limit + 1,
          message: `${lines} lines, more than ${limit}: find the second idea in it and move it`,
        },
      ];
    }),
};

function lineLimit(path: string): number | undefined {
  if (isSourcePath(path)) return maximumLines;
  return /^(packages|apps)\/[^/]+\/README\.md$/.test(path) ? maximumReadmeLines : undefined;
}
