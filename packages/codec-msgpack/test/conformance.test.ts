// The codec keeps the contract that every codec keeps.
import { codecConformance } from "@quorate/contracts/conformance";
import { describe, test } from "vitest";
import { msgpackCodec } from "../src/index.ts";

codecConformance(
  { describe, test },
  { name: "codec-msgpack", makeCodec: () => msgpackCodec(), makeLimited: (maxBytes) => msgpackCodec({ maxBytes }) },
);
