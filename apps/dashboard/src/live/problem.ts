// Why the demo did not do what it was asked for.

/** The reason in an answer with problem details, or what there is instead. */
export async function detailOf(response: Response): Promise<string> {
  const problem: unknown = await response.json().catch(() => undefined);
  const isProblem = typeof problem === "object" && problem !== null && "detail" in problem;
  return isProblem ? String(problem.detail) : `The demo answered with ${response.status}.`;
}
