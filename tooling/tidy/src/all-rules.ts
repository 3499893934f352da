// The house rules that a program can check, in the order in which they are reported.
import type { Rule } from "./rule.ts";
import { documented } from "./rules/documented.ts";
import { fileSize } from "./rules/file-size.ts";
import { functionSize } from "./rules/function-size.ts";
import { importArrows } from "./rules/import-arrows.ts";
import { manifestArrows } from "./rules/manifest-arrows.ts";
import { manifests } from "./rules/manifests.ts";
import { namedTests } from "./rules/named-tests.ts";
import { noCycles } from "./rules/no-cycles.ts";
import { openingComment } from "./rules/opening-comment.ts";
import { places } from "./rules/places.ts";
import { platformNeutral } from "./rules/platform-neutral.ts";
import { projectReferences } from "./rules/project-references.ts";
import { pureCore } from "./rules/pure-core.ts";
import { syntax } from "./rules/syntax.ts";
import { usedDependencies } from "./rules/used-dependencies.ts";
import { wording } from "./rules/wording.ts";

export const allRules: readonly Rule[] = [
  manifestArrows,
  importArrows,
  projectReferences,
  noCycles,
  platformNeutral,
  pureCore,
  fileSize,
  functionSize,
  openingComment,
  syntax,
  places,
  documented,
  manifests,
  usedDependencies,
  wording,
  namedTests,
];
