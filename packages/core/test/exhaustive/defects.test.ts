// The search can fail: a core with a known mistake is caught, by the law that the mistake breaks.
import { describe, expect, test } from "vitest";
import { defects } from "./defects.ts";
import { openCore, scopeOf } from "./scopes.ts";
import { search } from "./search.ts";

describe("the search catches a server that", () => {
  test.each(defects)(
    "$says",
    async ({ name, scope, breaks }) => {
      const core = await openCore(name);
      const { violation } = search(scopeOf(scope, core));
      expect(violation?.law).toMatch(new RegExp(`^${breaks}`));
    },
    120_000,
  );
});
