// The playground as it is, with another worker.
import { openPlayground } from "../../src/playground/open-playground.tsx";

openPlayground(() => new Worker(new URL("./broken-worker.ts", import.meta.url), { type: "module" }));
