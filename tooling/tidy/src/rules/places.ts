// A file's name and place say what it is: no drawers called utils, tests under test, no barrels inside packages.
import { packageOf } from "../repository.ts";
import type { Rule } from "../rule.ts";
import { isSourcePath } from "../source.ts";

export const places: Rule = {
  name: "places",
  check: (repository) =>
    repository.paths.flatMap((path) => {
      const owner = packageOf(repository, path);
      const inside = owner === undefined ? path : path.slice(owner.folder.length + 1);
      const message = misplaced(inside, JSON.stringify(owner?.manifest["exports"] ?? {}));
      return message === undefined ? [] : [{ path, line: 1, message }];
    }),
};

function misplaced(inside: string, exports: string): string | undefined {
  if (/(^|\/)(utils?|helpers?|misc)(\/|\.[^/]*$)/.test(inside)) return "name the file after the idea in it";
  if (/\.(test|spec)\.[cm]?[jt]sx?$/.test(inside) && !/^test\/.*\.test\.tsx?$/.test(inside)) {
    return "tests live in the package's folder test and end in .test.ts, or they never run";
  }
  const isBarrel = isSourcePath(inside) && /^src\/(.*\/)?index\.[cm]?tsx?$/.test(inside);
  if (isBarrel && inside !== "src/index.ts" && !exports.includes(`./${inside}`)) {
    return "only a package's entry is called index: name the file after the idea in it";
  }
  return undefined;
}
