// One parsed source file: its syntax tree, comments and imports, and the way from an offset to a line.
import {
  type Comment,
  type ExportAllDeclaration,
  type ExportNamedDeclaration,
  type ImportDeclaration,
  type ImportExpression,
  type Node,
  type ParseResult,
  parseSync,
  type TSImportType,
  visitorKeys,
} from "oxc-parser";

export interface Import {
  readonly specifier: string;
  readonly isTypeOnly: boolean;
  readonly line: number;
}

export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly program: ParseResult["program"];
  readonly module: ParseResult["module"];
  readonly comments: readonly Comment[];
  /** Imports, re-exports, dynamic imports and import types, in no particular order. */
  readonly imports: readonly Import[];
  readonly lineAt: (offset: number) => number;
}

/** Whether the rules about source code apply to a file. */
export function isSourcePath(path: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(path);
}

/** Parses one file; a file that is not valid TypeScript is an error, because no rule could be checked in it. */
export function parseSource(path: string, text: string): SourceFile {
  const { program, module, comments, errors } = parseSync(path, text);
  const lineAt = lineFinder(text);
  const error = errors[0];
  if (error !== undefined) {
    throw new Error(`${path}:${lineAt(error.labels[0]?.start ?? 0)} cannot be parsed: ${error.message}`);
  }
  return { path, text, program, module, comments, imports: findImports(program, lineAt), lineAt };
}

/** Calls `visit` for a node and everything below it, parents first. */
export function walk(node: Node, visit: (node: Node, parent: Node | undefined) => void, parent?: Node): void {
  visit(node, parent);
  for (const key of visitorKeys[node.type] ?? []) {
    // The parser's own list of keys says which fields hold nodes.
    const child = node[key as keyof Node] as Node | readonly (Node | null)[] | null | undefined;
    if (Array.isArray(child)) {
      for (const each of child) if (each !== null) walk(each, visit, node);
    } else if (child !== null && child !== undefined) {
      walk(child as Node, visit, node);
    }
  }
}

function findImports(program: ParseResult["program"], lineAt: (offset: number) => number): readonly Import[] {
  const found: Import[] = [];
  walk(program, (node) => {
    if (!isImporting(node) || node.source?.type !== "Literal" || typeof node.source.value !== "string") return;
    found.push({ specifier: node.source.value, isTypeOnly: isTypeOnly(node), line: lineAt(node.start) });
  });
  return found;
}

type Importing = ImportDeclaration | ExportNamedDeclaration | ExportAllDeclaration | ImportExpression | TSImportType;

function isImporting(node: Node): node is Importing {
  return /^(ImportDeclaration|Export(Named|All)Declaration|ImportExpression|TSImportType)$/.test(node.type);
}

function isTypeOnly(node: Importing): boolean {
  switch (node.type) {
    case "TSImportType":
      return true;
    case "ImportDeclaration":
      return (
        node.importKind === "type" ||
        (node.specifiers.length > 0 &&
          node.specifiers.every((each) => each.type === "ImportSpecifier" && each.importKind === "type"))
      );
    case "ExportNamedDeclaration":
      return (
        node.exportKind === "type" ||
        (node.specifiers.length > 0 && node.specifiers.every(({ exportKind }) => exportKind === "type"))
      );
    case "ExportAllDeclaration":
      return node.exportKind === "type";
    default:
      return false;
  }
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    const next = starts.findIndex((start) => start > offset);
    return next === -1 ? starts.length : next;
  };
}
