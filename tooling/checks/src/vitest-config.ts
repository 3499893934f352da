// The one vitest configuration: packages resolve each other's sources, so that no test needs a build,
// and every run leaves its counts in reports/vitest.json for the summary.
import { defineConfig, type ViteUserConfig } from "vitest/config";

const conditions = ["quorate-source", "module", "node", "development|production"];

/** The configuration of one package's tests; `overrides` go into vitest's `test` section. */
export function packageTests(overrides: ViteUserConfig["test"] = {}): ViteUserConfig {
  return defineConfig({
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    // Set-up files run in an environment of vitest's own, which does not take over the settings above.
    environments: { __vitest__: { resolve: { conditions } } },
    test: {
      include: ["test/**/*.test.ts"],
      reporters: ["default", ["json", { outputFile: "reports/vitest.json" }]],
      allowOnly: false,
      ...overrides,
    },
  });
}
