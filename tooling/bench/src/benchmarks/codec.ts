// Messages to bytes and back, against what a project without a codec would do: JSON with base64, or the library that the
// codec uses, bare, which checks nothing and writes the names of all fields.
import { msgpackCodec } from "@quorate/codec-msgpack";
import { Packr } from "msgpackr";
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
      return {
        sample: (sampleMs) => ratePerSecond(() => void codec.encode(newMessage()), sampleMs, entriesPerMessage),
      };
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
  {
    name: "msgpackr-encode",
    unit,
    open: () => {
      const packr = barePackr();
      return { sample: (sampleMs) => ratePerSecond(() => void packr.pack(newMessage()), sampleMs, entriesPerMessage) };
    },
  },
  {
    name: "codec-msgpack-encode-to-bare",
    unit,
    comparedTo: "msgpackr-encode",
    open: () => {
      const codec = msgpackCodec();
      return {
        sample: (sampleMs) => ratePerSecond(() => void codec.encode(newMessage()), sampleMs, entriesPerMessage),
      };
    },
  },
  {
    name: "msgpackr-decode",
    unit,
    open: () => {
      const packr = barePackr();
      const bytes = packr.pack(busyAppend);
      return { sample: (sampleMs) => ratePerSecond(() => void packr.unpack(bytes), sampleMs, entriesPerMessage) };
    },
  },
  {
    name: "codec-msgpack-decode-to-bare",
    unit,
    comparedTo: "msgpackr-decode",
    open: () => {
      const codec = msgpackCodec();
      const bytes = codec.encode(busyAppend);
      return { sample: (sampleMs) => ratePerSecond(() => void codec.decode(bytes), sampleMs, entriesPerMessage) };
    },
  },
];

/** With a list of its own: the codec keeps the bytes of a list for the next peer, and would have nothing to do. */
function newMessage(): typeof busyAppend {
  const { message } = busyAppend;
  return { ...busyAppend, message: { ...message, entries: [...message.entries] } };
}

/** Without state between the two ends, as on a wire between versions. */
function barePackr(): Packr {
  return new Packr({ useRecords: false });
}

function toJson(): string {
  const envelope = newMessage();
  const { entries } = envelope.message;
  const written = entries.map((entry) => ({ ...entry, data: Buffer.from(entry.data).toString("base64") }));
  return JSON.stringify({ ...envelope, message: { ...envelope.message, entries: written } });
}

function fromJson(text: string): unknown {
  // The text that was written a moment ago.
  const envelope = JSON.parse(text) as { message: { entries: { data: string }[] } };
  const entries = envelope.message.entries.map((entry) => ({ ...entry, data: Buffer.from(entry.data, "base64") }));
  return { ...envelope, message: { ...envelope.message, entries } };
}
