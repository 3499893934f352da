// What histories carry as values: JSON, compared by content.

/** A JSON value, as inputs and results of operations carry it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** A text that two values share exactly if they are deeply equal: names of objects are sorted, `-0` is `0`. */
export function canonicalText(value: Json | undefined): string {
  if (value === undefined) return "undefined";
  if (isList(value)) return `[${value.map(canonicalText).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const names = Object.keys(value).toSorted();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalText(value[name])}`).join(",")}}`;
}

/** Whether lists and objects are nested at most `depth` deep, so that recursion over them is safe. */
export function isNestedAtMost(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((each) => isNestedAtMost(each, depth - 1));
}

/** Narrows a JSON value to a list; `Array.isArray` does not narrow read-only ones. */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
