// The page's entry: the playground with its worker.

import { openPlayground } from "./playground/open-playground.tsx";

openPlayground(() => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }));
