// Files, functions and package READMEs stay short enough to be read in one go.
import type { ArrowFunctionExpression, Function as FunctionNode, Node } from "oxc-parser";
import type { Finding, Rule } from "../rule.ts";
import { sourceRule } from "../rule.ts";
import { isSourcePath, walk } from "../source.ts";

const maximumFileLines = 400;
const maximumFunctionLines = 70;
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

export const functionSize = sourceRule({
  name: "function-size",
  check: ({ path, program, lineAt }) => {
    const found: Finding[] = [];
    walk(program, (node, parent) => {
      if (!isFunction(node) || isGroupOfTests(parent)) return;
      const lines = lineAt(node.end) - lineAt(node.start) + 1;
      if (lines <= maximumFunctionLines) return;
      const subject = nameOf(node, parent);
      const message = `${subject} has ${lines} lines, more than ${maximumFunctionLines}: name its steps`;
      found.push({ path, line: lineAt(node.start), message, subject });
    });
    return found;
  },
});

function lineLimit(path: string): number | undefined {
  if (isSourcePath(path)) return maximumFileLines;
  return /^(packages|apps)\/[^/]+\/README\.md$/.test(path) ? maximumReadmeLines : undefined;
}

function isFunction(node: Node): node is FunctionNode | ArrowFunctionExpression {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
}

/** `describe("...", () => { ... })` is a heading, not a function. */
function isGroupOfTests(parent: Node | undefined): boolean {
  return parent?.type === "CallExpression" && parent.callee.type === "Identifier" && parent.callee.name === "describe";
}

function nameOf(node: FunctionNode | ArrowFunctionExpression, parent: Node | undefined): string {
  if (node.id !== null) return node.id.name;
  const holder =
    parent !== undefined && "key" in parent
      ? parent.key
      : parent?.type === "VariableDeclarator"
        ? parent.id
        : undefined;
  return holder !== undefined && "name" in holder && typeof holder.name === "string" ? holder.name : "a function";
}
