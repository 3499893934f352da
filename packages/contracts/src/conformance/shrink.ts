// Makes a failing list of steps shorter: leaves out ever smaller parts as long as what remains still fails.

/** Runs that the search may take: a slow adapter must not wait for the shortest story. */
const maxRuns = 150;

/** Runs steps on a fresh store; rejects if they fail. Says in `told` what each step does. */
export type RunSteps<Step> = (steps: readonly Step[], told: string[]) => Promise<void>;

/** The failure of the shortest failing part that was found, told step by step; undefined if the whole does not fail. */
export async function shortestFailing<Step>(
  steps: readonly Step[],
  run: RunSteps<Step>,
): Promise<{ readonly message: string; readonly cause: unknown } | undefined> {
  let shortest = await failureOf(steps, run);
  if (shortest === undefined) return undefined;
  let runs = 0;
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < shortest.steps.length && runs < maxRuns; runs += 1) {
      const fewer: readonly Step[] = shortest.steps.toSpliced(at, size);
      const failure: Failure<Step> | undefined = await failureOf(fewer, run);
      if (failure === undefined) at += size;
      else shortest = failure;
    }
  }
  const { told, cause } = shortest;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const story = told.map((line, position) => `\n  ${position + 1}. ${line}`).join("");
  return { message: `${reason}\nThe shortest history found that fails:${story}`, cause };
}

type Failure<Step> = { readonly steps: readonly Step[]; readonly told: readonly string[]; readonly cause: unknown };

async function failureOf<Step>(steps: readonly Step[], run: RunSteps<Step>): Promise<Failure<Step> | undefined> {
  const told: string[] = [];
  try {
    await run(steps, told);
    return undefined;
  } catch (cause) {
    return { steps, told, cause };
  }
}
