// Kinds of faults in words: as choices in the form, and as what goes wrong all along.

import type { FaultKind, FaultOptions } from "@quorate/simulator";

/** All kinds by what they hit, with a name for each; without `upgrade`, because the page has one version of the code. */
export const faultGroups: Readonly<Record<string, Partial<Readonly<Record<FaultKind, string>>>>> = {
  Messages: { loss: "lost", duplicate: "doubled", replay: "old ones again", delay: "late" },
  Links: {
    partition: "partition",
    isolate: "one node cut off",
    oneWay: "one way only",
    bridge: "two groups share a node",
    flap: "up and down",
    slowLink: "slow",
  },
  Processes: {
    crash: "crash",
    crashMidTurn: "crash in the middle of a step",
    crashAll: "all crash at once",
    pause: "stand still",
    applyError: "state machine throws",
    wrongCluster: "wrong cluster name",
  },
  Operator: { transfer: "leadership transfer", membership: "membership changes" },
  Time: { clockDrift: "clocks drift apart", slowLoop: "slow event loop" },
  Disks: {
    slowFlush: "slow flush",
    lateReport: "late reports",
    diskStall: "stall",
    diskError: "error",
    diskFull: "full",
    bitRot: "bit rot",
    misdirectedWrite: "misdirected write",
    lostSnapshot: "snapshot gone",
    wipe: "lost",
  },
};

/** What goes wrong all along, with its strength: these faults are in no script. */
export function ambientFaults(faults: FaultOptions): readonly string[] {
  const { loss, duplicate, replay, delay, clockDrift, slowLoop, slowFlush, lateReport } = faults;
  const said: readonly (readonly [number, string])[] = [
    [loss, `${percent(loss)} of messages lost`],
    [duplicate, `${percent(duplicate)} doubled`],
    [replay, `${percent(replay)} with an old one again`],
    [delay, `${percent(delay)} late`],
    [clockDrift, `clocks up to ${percent(clockDrift)} off`],
    [slowLoop, `event loops up to ${slowLoop} ms late`],
    [slowFlush, `${percent(slowFlush)} of disk flushes slow`],
    [lateReport, `${percent(lateReport)} reported late`],
  ];
  return said.filter(([strength]) => strength > 0).map(([, words]) => words);
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}
