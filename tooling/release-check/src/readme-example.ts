// The example of a README: its first fenced block of TypeScript.

/** The block's text, or `undefined` if the README shows none. */
export function firstExample(readme: string): string | undefined {
  return /^```(?:ts|typescript)\b[^\n]*\n(.*?)^```$/ms.exec(readme)?.[1];
}
