// Syntax that the house does without: default exports, `any`, `!`, enums, namespaces, parameter properties,
// decorators, and `private` where `#field` is truly private.
import type { AccessorProperty, MethodDefinition, Node, PropertyDefinition } from "oxc-parser";
import type { Finding } from "../rule.ts";
import { sourceRule } from "../rule.ts";
import { walk } from "../source.ts";

export const syntax = sourceRule({
  name: "syntax",
  check: ({ path, program, lineAt }) => {
    const found: Finding[] = [];
    walk(program, (node) => {
      const complaint = complaintAbout(node, path);
      if (complaint !== undefined) found.push({ path, line: lineAt(node.start), ...complaint });
    });
    return found;
  },
});

type Complaint = Pick<Finding, "message" | "subject">;

function complaintAbout(node: Node, path: string): Complaint | undefined {
  switch (node.type) {
    case "ExportDefaultDeclaration":
      return isConfiguration(path) ? undefined : { subject: "default", message: "export by name, not as the default" };
    case "TSAnyKeyword":
      return { subject: "any", message: "write `unknown` and narrow it, not `any`" };
    case "TSNonNullExpression":
      return { subject: "!", message: "handle the missing value, do not assert it away with `!`" };
    case "TSEnumDeclaration":
      return { subject: "enum", message: "write a union of literals, not an enum" };
    case "TSModuleDeclaration":
      return node.kind === "namespace"
        ? { subject: "namespace", message: "a module is the namespace: write a file, not `namespace`" }
        : undefined;
    case "TSParameterProperty":
      return {
        subject: "parameter property",
        message: "declare the field as `#field` and assign it in the constructor",
      };
    case "Decorator":
      return { subject: "decorator", message: "call the function instead of decorating: the syntax must be erasable" };
    case "PropertyDefinition":
    case "MethodDefinition":
    case "AccessorProperty":
      return complaintAboutMember(node);
    default:
      return undefined;
  }
}

function complaintAboutMember(node: PropertyDefinition | MethodDefinition | AccessorProperty): Complaint | undefined {
  // A constructor cannot be called #constructor; keeping it private is how a class insists on its factory.
  const isConstructor = node.type === "MethodDefinition" && node.kind === "constructor";
  if (node.accessibility === "private" && !isConstructor)
    return { subject: "private", message: "write `#name`: it is private at run time too" };
  if ("definite" in node && node.definite) {
    return { subject: "!", message: "give the field a value, do not promise one with `!`" };
  }
  return undefined;
}

function isConfiguration(path: string): boolean {
  return /(^|\/)[\w-]+\.config\.[cm]?[jt]s$/.test(path);
}
