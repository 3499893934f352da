// What `quorate-simulate --builds` takes: a module with builds, here twice the same one.
import { presentBuild } from "../../src/index.ts";

export const builds = [presentBuild, { ...presentBuild, name: "another" }];
