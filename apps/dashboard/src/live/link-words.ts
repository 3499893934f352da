// A link in words, short enough for its cell in the table.

import type { Sections } from "@quorate/counter/demo/page/protocol";

/** One direction between two nodes. */
export type Link = Sections["links"][number];

/** What is to be said of a link: a sign for its state, and the state in words. */
export type LinkWords = {
  readonly state: "whole" | "spoiled" | "cut";
  readonly sign: string;
  readonly lines: readonly string[];
};

/** The words for a link. */
export function wordsFor(link: Link): LinkWords {
  if (link.cut) return { state: "cut", sign: "✕", lines: ["cut"] };
  const faults = faultsOf(link);
  if (faults.length === 0) return { state: "whole", sign: "✓", lines: ["whole"] };
  return { state: "spoiled", sign: "≈", lines: faults };
}

function faultsOf({ lossPercent, duplicatePercent, reorderPercent, delayMs: [least, most] }: Link): readonly string[] {
  return [
    ...(lossPercent > 0 ? [`${lossPercent} % lost`] : []),
    ...(duplicatePercent > 0 ? [`${duplicatePercent} % doubled`] : []),
    ...(reorderPercent > 0 ? [`${reorderPercent} % overtaken`] : []),
    ...(most > 0 ? [`${least}–${most} ms late`] : []),
  ];
}
