// Packages that also run in a browser import none of Node's modules.
import { arrowsOf } from "../arrows.ts";
import { packageOf } from "../repository.ts";
import type { Rule } from "../rule.ts";
import { isSourcePath } from "../source.ts";
import { isNodeModule } from "./import-arrows.ts";

export const platformNeutral: Rule = {
  name: "platform-neutral",
  check: (repository) =>
    repository.paths.filter(isSourcePath).flatMap((path) => {
      const folder = packageOf(repository, path)?.folder;
      if (folder === undefined || !path.startsWith(`${folder}/src/`)) return [];
      const where = arrowsOf(folder, [])?.nodeModulesIn ?? "all";
      const isAllowed = where === "all" || (where !== "none" && where.test(path.slice(folder.length + 1)));
      if (isAllowed) return [];
      return repository
        .source(path)
        .imports.filter(({ specifier }) => isNodeModule(specifier))
        .map(({ specifier, line }) => ({
          path,
          line,
          message: `${folder} also runs outside Node: take what ${specifier} offers through a port`,
        }));
    }),
};
