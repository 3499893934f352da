// The one call of this package: a whole cluster, from one seed, to a verdict.

import { expandOptions, type SimulationOptions } from "./options.ts";
import type { SimulationResult } from "./result.ts";
import { Run } from "./run.ts";
import { SeededRandom } from "./world/random.ts";

/**
 * Runs a cluster in virtual time: clients work while faults are injected, then everything is healed and the cluster must
 * serve everybody again within `recoveryMs` and end with equal replicas.
 *
 * The same options give the same run, event for event, as long as the state machine and the workload use nothing but their
 * arguments. Rejects with a `SimulationFailure` when a property does not hold, and with a `RangeError` on impossible options.
 */
export async function simulate<Query, Answer, Result>(
  options: SimulationOptions<Query, Answer, Result>,
): Promise<SimulationResult> {
  const { stateMachine, workload, ...rest } = options;
  const random = new SeededRandom(options.seed);
  const settings = expandOptions(rest, random);
  return new Run({ settings, random, stateMachine, workload }).execute();
}
