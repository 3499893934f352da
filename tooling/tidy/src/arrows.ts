// Which package may depend on which. These arrows are the design: a change here is a change of architecture.

export interface Arrows {
  /** Packages of this workspace, by folder name, that the sources may import. */
  readonly mayImport: readonly string[];
  /** More packages that only the tests may import. */
  readonly testsMayImport?: readonly string[];
  /** Of `mayImport`: packages of which only types may be imported. */
  readonly typesOnly?: readonly string[];
  /** How many libraries from outside the sources may depend on. */
  readonly outsideLibraries: number;
  /** Source files in which Node's own modules may be imported. */
  readonly nodeModulesIn: "all" | "none" | RegExp;
}

const adapter: Arrows = {
  mayImport: ["contracts"],
  testsMayImport: ["certificates"],
  outsideLibraries: 1,
  nodeModulesIn: "all",
};

const table: Readonly<Record<string, Arrows>> = {
  "packages/core": { mayImport: [], outsideLibraries: 0, nodeModulesIn: "none" },
  "packages/linearizability": { mayImport: [], outsideLibraries: 0, nodeModulesIn: /^src\/cli/ },
  "packages/contracts": { mayImport: ["core"], typesOnly: ["core"], outsideLibraries: 0, nodeModulesIn: "none" },
  "packages/memory": { mayImport: ["contracts"], outsideLibraries: 0, nodeModulesIn: "none" },
  "packages/node": {
    mayImport: ["core", "contracts"],
    testsMayImport: ["memory"],
    outsideLibraries: Infinity,
    nodeModulesIn: "none",
  },
  "packages/client": {
    mayImport: ["contracts"],
    testsMayImport: ["certificates"],
    outsideLibraries: Infinity,
    nodeModulesIn: /^src\/server/,
  },
  "packages/simulator": {
    mayImport: ["core", "contracts", "node", "memory"],
    testsMayImport: ["linearizability", "client"],
    outsideLibraries: Infinity,
    nodeModulesIn: /^src\/cli/,
  },
  // The cluster page takes from the service only the types of what it is told; its tests run a real cluster.
  "apps/dashboard": {
    mayImport: ["contracts", "simulator", "counter"],
    typesOnly: ["counter"],
    outsideLibraries: Infinity,
    nodeModulesIn: "none",
  },
  "apps/docs": { mayImport: [], outsideLibraries: Infinity, nodeModulesIn: "all" },
};

/** The arrows of the package in a folder; `undefined` if the folder has no place in the design yet. */
export function arrowsOf(folder: string, packageNames: readonly string[]): Arrows | undefined {
  if (/^packages\/(storage|codec|transport)-/.test(folder)) return adapter;
  const composesEverything = /^(apps\/counter|examples|tooling\/.+)$/.test(folder);
  if (composesEverything) return { mayImport: packageNames, outsideLibraries: Infinity, nodeModulesIn: "all" };
  return table[folder];
}
