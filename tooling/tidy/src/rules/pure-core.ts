// The core is a function of its inputs: it names no clock, chance, promise, timer or anything else of its surroundings.
import type { Node } from "oxc-parser";
import { sourceRule } from "../rule.ts";
import { type SourceFile, walk } from "../source.ts";

const surroundings = new Set(
  (
    "Date performance setTimeout setInterval setImmediate queueMicrotask Promise " +
    "process console Buffer globalThis fetch crypto window self navigator"
  ).split(" "),
);

export const pureCore = sourceRule({
  name: "pure-core",
  appliesTo: (path) => path.startsWith("packages/core/src/"),
  check: (source) => [...foreignImports(source), ...impureSyntax(source)],
});

function foreignImports({ path, imports }: SourceFile) {
  return imports
    .filter(({ specifier }) => !specifier.startsWith("."))
    .map(({ specifier, line }) => ({
      path,
      line,
      message: `the core depends on nothing: remove the import of ${specifier}`,
    }));
}

function impureSyntax({ path, program, lineAt }: SourceFile) {
  const found: { path: string; line: number; message: string }[] = [];
  walk(program, (node, parent) => {
    const what = impurity(node, parent);
    if (what === undefined) return;
    const message = `the core is a function of its inputs: ${what} must come in as an input or go out as an output`;
    found.push({ path, line: lineAt(node.start), message });
  });
  return found;
}

function impurity(node: Node, parent: Node | undefined): string | undefined {
  switch (node.type) {
    case "Identifier":
      return surroundings.has(node.name) && !isOnlyAName(node, parent) ? node.name : undefined;
    case "MemberExpression":
      return isMathRandom(node) ? "Math.random" : undefined;
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return node.async ? "an async function's result" : undefined;
    case "AwaitExpression":
      return "what is awaited";
    case "MetaProperty":
      return node.meta.name === "import" ? "import.meta" : undefined;
    default:
      return undefined;
  }
}

/** A property or key of that name is the core's own word, not the global. */
function isOnlyAName(node: Node, parent: Node | undefined): boolean {
  switch (parent?.type) {
    case "MemberExpression":
      return parent.property === node && !parent.computed;
    case "Property":
      return parent.key === node && parent.value !== node && !parent.computed;
    case "PropertyDefinition":
    case "MethodDefinition":
    case "TSPropertySignature":
    case "TSMethodSignature":
      return parent.key === node && !parent.computed;
    default:
      return false;
  }
}

function isMathRandom(node: Extract<Node, { type: "MemberExpression" }>): boolean {
  return (
    node.object.type === "Identifier" &&
    node.object.name === "Math" &&
    node.property.type === "Identifier" &&
    node.property.name === "random"
  );
}
