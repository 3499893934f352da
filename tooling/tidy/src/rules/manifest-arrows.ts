// Manifests declare only the dependencies that the design allows; development dependencies count.
import { type Arrows, arrowsOf } from "../arrows.ts";
import type { Package } from "../repository.ts";
import type { Finding, Rule } from "../rule.ts";

const scope = "@quorate/";
/** What every package may use to build and test itself. */
const testTools = /^(vitest|@vitest\/.+|fast-check|node-forge|typescript|@types\/.+)$/;

export const manifestArrows: Rule = {
  name: "manifest-arrows",
  check: (repository) => {
    const names = repository.packages.map(({ manifest }) => shortName(manifest.name));
    return repository.packages.flatMap((each) => {
      const arrows = arrowsOf(each.folder, names);
      if (arrows !== undefined) return checkPackage(each, arrows);
      const message = "this package has no place in the design: give it its arrows in tooling/tidy/src/arrows.ts";
      return [{ path: `${each.folder}/package.json`, line: 1, message }];
    });
  },
};

function checkPackage(each: Package, arrows: Arrows): readonly Finding[] {
  const { manifest, folder } = each;
  const used = Object.keys({
    ...manifest.dependencies,
    ...manifest.peerDependencies,
    ...manifest.optionalDependencies,
  });
  const usedByTests = Object.keys(manifest.devDependencies ?? {});
  const inTests = [...arrows.mayImport, ...(arrows.testsMayImport ?? [])];
  const finding = (name: string, message: string): Finding => ({
    path: `${folder}/package.json`,
    line: each.lineOf(`"${name}":`),
    message,
    subject: name,
  });

  const outside = used.filter((name) => !name.startsWith(scope));
  const surplus = outside.slice(arrows.outsideLibraries);
  const isPureAdapter = arrows.outsideLibraries <= 1;
  return [
    ...forbidden(used, arrows.mayImport).map((name) =>
      finding(name, `${folder} may depend on ${list(arrows.mayImport)} only: remove ${name} or move the code`),
    ),
    ...forbidden(usedByTests, inTests).map((name) =>
      finding(name, `the tests of ${folder} may use ${list(inTests)} only: move the test to a higher package`),
    ),
    ...surplus.map((name) =>
      finding(name, `${folder} may depend on ${arrows.outsideLibraries} outside libraries, not also on ${name}`),
    ),
    ...(isPureAdapter ? usedByTests : [])
      .filter((name) => !name.startsWith(scope) && !testTools.test(name) && !outside.includes(name))
      .map((name) => finding(name, `the tests of ${folder} need only the test tools: remove ${name}`)),
  ];
}

function forbidden(names: readonly string[], allowed: readonly string[]): readonly string[] {
  return names.filter((name) => name.startsWith(scope) && !allowed.includes(shortName(name)));
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "nothing" : names.join(", ");
}

function shortName(name: string): string {
  return name.slice(scope.length);
}
