// The codec keeps the contract that every codec keeps.
import { codecConformance } from "@quorate/contracts/conformance";
import { describe, test } from "vitest";
import { jsonCodec } from "../src/index.ts";

codecConformance(
  { describe, test },
  { name: "codec-json", makeCodec: () => jsonCodec(), makeLimited: (maxBytes) => jsonCodec({ maxBytes }) },
);
