// What no file of the repository may say: promises of later work, the machine it was written on,
// the registry it was installed from, numbers of a tracker that readers cannot open.
import type { Finding, Rule } from "../rule.ts";

interface Wording {
  readonly pattern: RegExp;
  readonly message: string;
}

const wordings: readonly Wording[] = [
  { pattern: /\b(TO[D]O|FIX[M]E|X[X]X)\b/, message: "do it now, or leave it out: no promises of later work" },
  { pattern: /(?<![\w.-])\/(work|root)\/[\w.]/, message: "an absolute path of one machine: make it relative" },
  {
    pattern: /\bregistry\.[\w-]+(\.[\w-]+)*\.(org|com|net|dev|io)\b/,
    message: "packages are named, registries are not",
  },
  {
    pattern: /\bissues?(\/| ?#)\d+\b|\b(issue|pull request) \d+\b/i,
    message: "say it in words: readers cannot open a tracker's number",
  },
];

export const wording: Rule = {
  name: "wording",
  check: (repository) =>
    repository.paths.flatMap((path) =>
      repository
        .text(path)
        .split("\n")
        .flatMap((text, index) => findings(path, text, index + 1)),
    ),
};

function findings(path: string, text: string, line: number): readonly Finding[] {
  return wordings.flatMap(({ pattern, message }) => {
    const found = pattern.exec(text);
    return found === null ? [] : [{ path, line, message: `"${found[0]}": ${message}`, subject: found[0] }];
  });
}
