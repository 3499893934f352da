// Builds and serves the two pages, the playground and the live cluster: a folder of static files that any web server can serve from any path.
import { defaultClientConditions, defineConfig } from "vite";

/** Where links lead by default: `PLAYGROUND_URL` of the simulator. */
const address = { port: 7420, strictPort: true };

export default defineConfig({
  base: "./",
  resolve: { conditions: ["quorate-source", ...defaultClientConditions] },
  server: address,
  preview: address,
  worker: { format: "es" },
  build: { modulePreload: { polyfill: false }, rolldownOptions: { input: ["index.html", "live.html"] } },
});
