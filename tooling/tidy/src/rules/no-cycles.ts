// No package depends on itself by way of others; development dependencies count.
import type { Package } from "../repository.ts";
import type { Rule } from "../rule.ts";

export const noCycles: Rule = {
  name: "no-cycles",
  check: (repository) => {
    const byName = new Map(repository.packages.map((each) => [each.manifest.name, each]));
    return repository.packages.flatMap((start) => {
      const way = findWay(start, start, byName, new Set());
      if (way === undefined) return [];
      const message = `the dependencies go round in a circle: ${way.join(" → ")}. Remove one of them`;
      return [{ path: `${start.folder}/package.json`, line: start.lineOf(`"${way[1]}":`), message }];
    });
  },
};

/** A way along dependencies from one package to another, both ends included. */
function findWay(
  from: Package,
  target: Package,
  byName: ReadonlyMap<string, Package>,
  visited: Set<string>,
): readonly string[] | undefined {
  const { name, dependencies, devDependencies, peerDependencies } = from.manifest;
  for (const next of Object.keys({ ...dependencies, ...peerDependencies, ...devDependencies })) {
    if (next === target.manifest.name) return [name, next];
    const found = byName.get(next);
    if (found === undefined || visited.has(next)) continue;
    visited.add(next);
    const rest = findWay(found, target, byName, visited);
    if (rest !== undefined) return [name, ...rest];
  }
  return undefined;
}
