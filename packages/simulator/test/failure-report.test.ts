// What somebody sees whose state machine is wrong: the property, the reason, and a call that runs the same thing again.
import { describe, expect, test } from "vitest";
import { Registers, registers, simulate, SimulationFailure } from "../src/index.ts";

const levels = ["core", "node"] as const;

async function failureOf(run: Promise<unknown>): Promise<SimulationFailure> {
  const error = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof SimulationFailure) return error;
  throw new Error("a SimulationFailure was expected", { cause: error });
}

/** Answers by how often it was asked since its process began: a replica that restarted answers differently. */
class Forgetful extends Registers {
  #applied = 0;

  override apply(batch: Parameters<Registers["apply"]>[0]): ReturnType<Registers["apply"]> {
    return super
      .apply(batch)
      .map((result) => ({ changed: result.changed && ++this.#applied + Forgetful.started < 40 }));
  }

  static started = 0;
}

class Throwing extends Registers {
  override apply(): never {
    throw new Error("no such command");
  }
}

class Unwilling extends Registers {
  override restore(): never {
    throw new Error("no such snapshot");
  }
}

class Shallow extends Registers {
  override restore(): void {
    // Forgets to take over what the snapshot says.
  }
}

describe("a failed run explains itself", () => {
  test.each(levels)(
    "a state machine that throws when it is restored is reported with its words (%s)",
    async (level) => {
      const stateMachine = (): Registers => new Unwilling();
      const snapshots = { everyEntries: 5, retainEntries: 0 };
      const failure = await failureOf(
        simulate({ seed: 1, level, faults: { crash: 60 }, snapshots, ...registers(), stateMachine }),
      );
      expect(failure.property).toBe("unexpected stop");
      expect(failure.finding).toContain("no such snapshot");
    },
  );

  test("a state machine that depends on more than its commands is found by its results", async () => {
    Forgetful.started = 0;
    const stateMachine = (): Registers => {
      Forgetful.started += 1;
      return new Forgetful();
    };
    const failure = await failureOf(simulate({ seed: 1, faults: "all", ...registers(), stateMachine }));
    expect(failure.property).toBe("same results");
    expect(failure.code).toBe("QUORATE_SIMULATION_FAILED");
  });

  test.each(levels)("a state machine that throws is reported with its words (%s)", async (level) => {
    const stateMachine = (): Registers => new Throwing();
    const failure = await failureOf(simulate({ seed: 1, level, faults: "none", ...registers(), stateMachine }));
    expect(failure.property).toBe("unexpected stop");
    expect(failure.finding).toContain("no such command");
  });

  test.each(levels)("a state machine that cannot be restored from its snapshot is found (%s)", async (level) => {
    const stateMachine = (): Registers => new Shallow();
    const failure = await failureOf(simulate({ seed: 1, level, faults: "none", ...registers(), stateMachine }));
    expect(failure.property).toBe("snapshots");
  });

  test("the message holds the seed, the latest events and a call with everything that the seed had chosen", async () => {
    const stateMachine = (): Registers => new Throwing();
    const failure = await failureOf(simulate({ seed: 77, nodes: 3, ...registers(), stateMachine }));
    expect(failure.message).toContain("seed 77");
    expect(failure.message).toContain('await simulate({\n  seed: 77,\n  level: "node",\n  nodes: 3,');
    expect(failure.message).toMatch(/faults: \{ .*\d.* \},/);
    expect(failure.message).toMatch(/\d+\.\d{3} ms {2}\w+/);
    expect(failure.trace.length).toBeGreaterThan(25);
  });

  test.each([
    { option: { nodes: 10 }, words: "nodes is 10: give a number from 1 to 9" },
    // As a program without types may call it.
    { option: { level: "toy" as "core" }, words: "level is toy: give node or core" },
    { option: { seed: 0.5 }, words: "seed is 0.5: give a safe integer" },
    { option: { faults: { loss: 2 } }, words: "faults.loss is 2: give a number from 0 to 0.9" },
    { option: { maxMessageBytes: 10 }, words: "maxMessageBytes is 10" },
    { option: { script: "rain" as unknown as [] }, words: "script is not a list of actions" },
    {
      option: { script: [{ fault: "rain", atMs: 1 }] as unknown as [] },
      words: 'script has {"fault":"rain","atMs":1}',
    },
    { option: { script: [{ fault: "crash", node: "n1" }] as unknown as [] }, words: 'script has {"fault":"crash"' },
  ])("options that cannot be are refused: $words", async ({ option, words }) => {
    await expect(simulate({ seed: 1, ...registers(), ...option })).rejects.toThrow(words);
  });
});
