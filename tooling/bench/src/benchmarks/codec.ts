// Messages to bytes and back, against JSON with base64: what a project without a codec would do.
import { msgpackCodec } from "@quorate/codec-msgpack";
import type { Benchmark } from "../benchmark.ts";
import { ratePerSecond } from "../rate.ts";
import { busyAppend, entriesPerMessage } from "../sample-message.ts";

const unit = "entries/s";

export const codecBenchmarks: readonly Benchmark[] = [
  {
    name: "json-encode",
    unit,
    open: () => ({ sample: (sampleMs) => ratePerSecond(() => void toJson(), sampleMs, entriesPerMessage) }),
  },
  {
    name: "codec-msgpack-encode",
    unit,
    comparedTo: "json-encode",
    open: () => {
      const codec = msgpackCodec();
      return { sample: (sampleMs) => ratePerSecond(() => void codec.encode(busyAppend), sampleMs, entriesPerMessage) };
    },
  },
  {
    name: "json-decode",
    unit,
    open: () => {
      const text = toJson();
      return { sample: (sampleMs) => ratePerSecond(() => void fromJson(text), sampleMs, entriesPerMessage) };
    },
  },
  {
    name: "codec-msgpack-decode",
    unit,
    comparedTo: "json-decode",
    open: () => {
      const codec = msgpackCodec();
      const bytes = codec.encode(busyAppend);
      return { sample: (sampleMs) => ratePerSecond(() => void codec.decode(bytes), sampleMs, entriesPerMessage) };
    },
  },
];

function toJson(): string {
  return JSON.stringify(busyAppend, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
  );
}

function fromJson(text: string): unknown {
  return JSON.parse(text, (key, value: unknown) =>
    key === "data" && typeof value === "string" ? new Uint8Array(Buffer.from(value, "base64")) : value,
  );
}
