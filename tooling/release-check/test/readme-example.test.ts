// The first block of TypeScript is the example, whatever stands around it.
import { expect, test } from "vitest";
import { firstExample } from "../src/readme-example.ts";

test("the first block of TypeScript is taken whole", () => {
  const readme = "# X\n\n```sh\nnpm i x\n```\n\n```ts\nconst a = 1;\n\nconst b = 2;\n```\n\n```ts\nconst c = 3;\n```\n";
  expect(firstExample(readme)).toBe("const a = 1;\n\nconst b = 2;\n");
});

test("a block may carry a title", () => {
  expect(firstExample('```ts title="a.ts"\na();\n```\n')).toBe("a();\n");
});

test.each(["# X\n", "```sh\nnpm i x\n```\n", "```tsx\n<A />\n```\n", "```ts\nnever closed\n"])(
  "%j has no example",
  (readme) => {
    expect(firstExample(readme)).toBeUndefined();
  },
);
