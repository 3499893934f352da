// Some tests need something of the machine that not every machine gives. There they are skipped, with the reason in their
// title, which the summary of the run repeats: they count neither as passed nor as failed, and are not silent.

/** What ends the title of a test that stands behind this obstacle: nothing if there is none. */
export function skipped(obstacle: string | undefined): string {
  return obstacle === undefined ? "" : ` (skipped: ${obstacle})`;
}
