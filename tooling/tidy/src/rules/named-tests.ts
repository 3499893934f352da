// The behaviour that must be visible (S) and the mistakes of other implementations (P) each have tests that begin with their
// id, so that one can see that none is forgotten. The gaps in the numbers are meant.
import type { Rule } from "../rule.ts";

const scenarios = Array.from({ length: 30 }, (_, position) => `S${String(position + 1).padStart(2, "0")}`);

const pitfalls = [
  ..."P01 P02 P04 P05 P06 P07 P08 P09 P11 P12 P13 P14 P15 P16 P17 P18 P19 P21 P22 P23 P24 P25 P26".split(" "),
  ..."P28 P29 P30 P31 P32 P33 P35 P36 P38 P39 P40 P41 P42 P44 P45 P47 P48 P49 P51 P53 P54 P55 P56".split(" "),
  ..."P58 P59 P60 P61 P62 P64 P66 P67 P68 P69 P71 P72 P73 P74 P75 P76 P77".split(" "),
];

/** Where the findings are reported: the list itself. */
const place = { path: "tooling/tidy/src/rules/named-tests.ts", line: 1 };

export const namedTests: Rule = {
  name: "named-tests",
  check: (repository) => {
    const tests = repository.paths.filter((path) => path.endsWith(".test.ts")).map((path) => repository.text(path));
    const isNamed = (id: string) => tests.some((text) => new RegExp(`["\`]${id}[ :]`).test(text));
    return [...scenarios, ...pitfalls]
      .filter((id) => !isNamed(id))
      .map((id) => ({
        ...place,
        subject: id,
        message: `no test begins with ${id}: write it, or begin its title with the id`,
      }));
  },
};
