// The one call of this package: a whole cluster, from one seed, to a verdict.

import { checkBuilds, presentBuild } from "./builds/build.ts";
import { SimulationFailure } from "./failure.ts";
import { expandOptions, type Settings, type SimulationOptions } from "./options.ts";
import type { SimulationResult } from "./result.ts";
import { Run } from "./run.ts";
import { playgroundLink } from "./scenario.ts";
import { shrink } from "./shrink.ts";
import { SeededRandom } from "./world/random.ts";

const DEFAULT_SHRINK_RUNS = 60;

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
  try {
    return await runOnce(options);
  } catch (error) {
    const { shrinkRuns = DEFAULT_SHRINK_RUNS, playgroundUrl, builds } = options;
    if (!(error instanceof SimulationFailure) || shrinkRuns === 0) throw error;
    const shrunk = await shrunkSettings(options, error, shrinkRuns);
    // The playground has no other builds than the present one.
    throw error.withShrunk(shrunk, builds === undefined ? await playgroundLink(shrunk, playgroundUrl) : undefined);
  }
}

async function runOnce<Query, Answer, Result>(
  options: SimulationOptions<Query, Answer, Result>,
): Promise<SimulationResult> {
  const {
    stateMachine,
    workload,
    builds = [presentBuild],
    onStep,
    shrinkRuns: _runs,
    playgroundUrl: _url,
    ...rest
  } = options;
  checkBuilds(builds);
  if (options.level === "core" && options.builds !== undefined) {
    throw new RangeError('builds are versions of whole nodes: leave them out at level "core"');
  }
  const random = new SeededRandom(options.seed);
  const settings = expandOptions(rest, random);
  return new Run({ settings, random, stateMachine, workload, builds, onStep }).execute();
}

function shrunkSettings<Query, Answer, Result>(
  { onStep: _watcher, ...options }: SimulationOptions<Query, Answer, Result>,
  { property, settings, script }: SimulationFailure,
  maxRuns: number,
): Promise<Settings> {
  const fails = async (candidate: Settings): Promise<boolean> => {
    try {
      await runOnce({ ...options, ...candidate });
      return false;
    } catch (error) {
      return error instanceof SimulationFailure && error.property === property;
    }
  };
  return shrink({ ...settings, script }, { fails, maxRuns });
}
