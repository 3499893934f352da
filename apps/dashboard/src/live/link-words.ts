// A link in words: short ones for its cell, a sentence for its label.

import type { Sections } from "@quorate/counter/demo/page/protocol";

/** One direction between two nodes. */
export type Link = Sections["links"][number];

/** A sign, and a line for each fault in force. */
export function linesOf(link: Link): readonly string[] {
  if (link.cut) return ["✕ cut"];
  const faults = faultsOf(link);
  return faults.length === 0 ? ["✓ whole"] : ["≈", ...faults];
}

/** Such as "n1 to n2: 10 % lost, up to 10 ms late". */
export function describeLink(link: Link): string {
  const faults = faultsOf(link);
  const state = link.cut ? "cut" : faults.length === 0 ? "whole" : faults.join(", ");
  return `${link.from} to ${link.to}: ${state}`;
}

function faultsOf({ lossPercent, duplicatePercent, reorderPercent, delayMs: [least, most] }: Link): readonly string[] {
  return [
    ...(lossPercent > 0 ? [`${lossPercent} % lost`] : []),
    ...(duplicatePercent > 0 ? [`${duplicatePercent} % doubled`] : []),
    ...(reorderPercent > 0 ? [`${reorderPercent} % overtaken`] : []),
    ...(most > 0 ? [`${least}–${most} ms late`] : []),
  ];
}
