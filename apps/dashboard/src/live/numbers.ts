// Numbers as the page shows them.

/** Such as `12 345`: thousands apart. */
export function count(value: number): string {
  return value.toLocaleString("en").replaceAll(",", "\u202f");
}

/** A node or nodes, a failure or failures. */
export function counted(value: number, one: string): string {
  return `${count(value)} ${one}${value === 1 ? "" : "s"}`;
}
