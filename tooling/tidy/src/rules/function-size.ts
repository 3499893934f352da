// Functions stay short enough to be seen whole. A body that stands under a title of its own, such as a test's or a
// route's, counts for itself and not for the function around it: a list of them is as easy to read as a list of files.
import type { ArrowFunctionExpression, Function as FunctionNode, Node } from "oxc-parser";
import { sourceRule } from "../rule.ts";
import { type SourceFile, walk } from "../source.ts";

const maximumLines = 70;

export const functionSize = sourceRule({
  name: "function-size",
  check: (source) => {
    const functions = findFunctions(source);
    return functions.flatMap(({ name, firstLine, lastLine }) => {
      const inner = functions.filter((each) => each.isTitled && firstLine < each.firstLine && each.lastLine < lastLine);
      const outermost = inner.filter((each) => !inner.some((other) => contains(other, each)));
      const own = lastLine - firstLine + 1 - outermost.reduce((sum, each) => sum + linesBetween(each), 0);
      if (own <= maximumLines) return [];
      const message = `${name} has ${own} lines, more than ${maximumLines}: name its steps`;
      return [{ path: source.path, line: firstLine, message, subject: name }];
    });
  },
});

interface FunctionLines {
  readonly name: string;
  readonly firstLine: number;
  readonly lastLine: number;
  readonly isTitled: boolean;
}

function findFunctions({ program, lineAt }: SourceFile): readonly FunctionLines[] {
  const found: FunctionLines[] = [];
  const titled = new Set<unknown>();
  walk(program, (node, parent) => {
    for (const body of titledBodies(node)) titled.add(body);
    if (!isFunction(node)) return;
    found.push({
      name: nameOf(node, parent),
      firstLine: lineAt(node.start),
      lastLine: lineAt(node.end),
      isTitled: titled.has(node),
    });
  });
  return found;
}

/** The functions that a call or an object puts under a title: `test("...", body)`, `{ title: "...", body }`. */
function titledBodies(node: Node): readonly unknown[] {
  if (node.type === "CallExpression") {
    const [title, ...others] = node.arguments;
    return title !== undefined && isText(title) ? others : [];
  }
  if (node.type !== "ObjectExpression") return [];
  const properties = node.properties.filter((each) => each.type === "Property");
  const hasTitle = properties.some(({ key }) => key.type === "Identifier" && key.name === "title");
  return hasTitle ? properties.map(({ value }) => value) : [];
}

function isText(node: Node): boolean {
  return node.type === "TemplateLiteral" || (node.type === "Literal" && typeof node.value === "string");
}

function isFunction(node: Node): node is FunctionNode | ArrowFunctionExpression {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
}

function contains(outer: FunctionLines, inner: FunctionLines): boolean {
  return outer !== inner && outer.firstLine <= inner.firstLine && inner.lastLine <= outer.lastLine;
}

/** The first and the last line stay with the function around. */
function linesBetween({ firstLine, lastLine }: FunctionLines): number {
  return Math.max(0, lastLine - firstLine - 1);
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
