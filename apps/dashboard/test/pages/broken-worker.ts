// A worker whose registers do not take over what a snapshot says.
import { Registers, registers } from "@quorate/simulator";
import { serveRuns } from "../../src/run/serve-runs.ts";

class Shallow extends Registers {
  override restore(): void {
    // This is the mistake.
  }
}

serveRuns({ ...registers(), stateMachine: () => new Shallow() });
