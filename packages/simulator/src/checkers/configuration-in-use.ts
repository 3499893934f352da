// A server uses the newest configuration in its log as soon as it is there, and the one before it as soon as it is cut off.
// Thesis 4.1. What the log says is worked out here anew.

import type { Configuration, NodeId } from "@quorate/contracts";
import type { CheckerFactory } from "./checker.ts";
import { describeConfiguration, isSameConfiguration } from "./configurations.ts";

export const configurationInUse: CheckerFactory = ({ report }) => {
  const compared = new Map<NodeId, readonly [Configuration, Configuration]>();
  return {
    property: "configuration in use",
    onTurn: ({ id, configuration: stored }, { configuration: used, state }) => {
      // Whoever has stopped, because its disk refused a write for example, acts on no configuration any more.
      if (state !== "running") return;
      const before = compared.get(id);
      if (before !== undefined && before[0] === stored && before[1] === used) return;
      compared.set(id, [stored, used]);
      if (isSameConfiguration(stored, used)) return;
      const [uses, says] = [used, stored].map(describeConfiguration);
      report(`${id} uses the configuration ${uses}, and its log says ${says}`);
    },
  };
};
