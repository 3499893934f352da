// The first thing in a source file is a comment of one to five lines that says why the file exists.
import { sourceRule } from "../rule.ts";
import type { SourceFile } from "../source.ts";

const maximumLines = 5;

export const openingComment = sourceRule({
  name: "opening-comment",
  check: (source) => {
    const lines = openingLines(source);
    if (lines.length > 0 && lines.length <= maximumLines) return [];
    const message =
      lines.length === 0
        ? "the first thing in a file is a comment that says why the file exists: write it"
        : `the opening comment has ${lines.length} lines: say it in at most ${maximumLines}`;
    return [{ path: source.path, line: 1, message }];
  },
});

function openingLines({ text, comments }: SourceFile): readonly string[] {
  const lines: string[] = [];
  let end = /^#!.*\n/.exec(text)?.[0].length ?? 0;
  for (const comment of comments) {
    const gap = text.slice(end, comment.start);
    const isNext = gap.trim() === "" && gap.split("\n").length <= (lines.length === 0 ? Infinity : 2);
    const isDocComment = lines.length > 0 && comment.type === "Block";
    if (!isNext || isDocComment) break;
    lines.push(...comment.value.split("\n").filter((line) => /[^\s*]/.test(line)));
    end = comment.end;
  }
  return lines;
}
