// What a build is made of, as it is in this working tree: `freeze.ts` bundles this file.

import { msgpackCodec } from "@quorate/codec-msgpack";
import type { Codec } from "@quorate/contracts";
import { RaftNode } from "@quorate/node";
import type { Build } from "@quorate/simulator";

export const start: Build["start"] = (options) => RaftNode.start(options);
export const codec: Codec = msgpackCodec();
