// Whatever arrives at a client port ends at most its own connection: no crash, no proposal, nothing kept.
import { array, assert, integer, property, uint8Array } from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { frameOf, headerBytes } from "../../src/wire/frame.ts";
import { encodeHello } from "../../src/wire/handshake.ts";
import { decodeRefusal } from "../../src/wire/handshake.ts";
import { FakeService } from "./fake-service.ts";

const hello = frameOf("hello", encodeHello({ clusterId: undefined }));
const services: FakeService[] = [];

afterEach(async () => {
  for (const service of services.splice(0)) await service.client.close();
});

function start(...options: ConstructorParameters<typeof FakeService>): FakeService {
  const service = new FakeService(...options);
  services.push(service);
  return service;
}

async function quiet(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A frame of requests made of these bytes. */
function requests(...bytes: readonly number[]): Uint8Array {
  return frameOf("requests", Uint8Array.from(bytes));
}

describe("malformed frames", () => {
  test("1,000 frames with arbitrary payloads and damaged headers change nothing and crash nothing", async () => {
    const service = start();
    assert(
      property(
        uint8Array({ maxLength: 64 }),
        array(integer({ min: 0, max: headerBytes * 8 - 1 }), { maxLength: 2 }),
        (payload, flips) => {
          const { end } = service.connect();
          end.channel.write(hello);
          const frame = frameOf("requests", payload);
          for (const bit of flips) frame[bit >> 3] = (frame[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          end.channel.write(frame);
          end.channel.end();
        },
      ),
      { numRuns: 1000 },
    );
    await quiet();
    expect(service.counters.applied).toBe(0);
    expect(service.defects).toEqual([]);
    expect(service.ports.get("a")?.connections).toBe(0);
    expect(service.ports.get("a")?.underWay).toBe(0);
  });

  test.each([
    ["no array", requests(0x01)],
    ["an array that declares more than there is", requests(0xdd, 0xff, 0xff, 0xff, 0xff)],
    ["a request of an unknown kind", requests(0x91, 0x92, 0x01, 0x63)],
    ["a request with an element too many", requests(0x91, 0x93, 0x01, 0x09, 0x01)],
    ["a map where an id belongs", requests(0x91, 0x92, 0x81, 0x09)],
    ["a session 0", requests(0x91, 0x96, 0x01, 0x01, 0x00, 0x01, 0x01, 0xc4, 0x00)],
    ["an acknowledgement beyond its own sequence", requests(0x91, 0x96, 0x01, 0x01, 0x01, 0x01, 0x02, 0xc4, 0x00)],
    ["bytes after the last request", requests(0x90, 0x00)],
    ["a frame that only servers send", frameOf("answers", Uint8Array.of(0x90))],
    ["a second hello", hello],
    ["another protocol", new TextEncoder().encode("GET /v1/status HTTP/1.1\r\n\r\n")],
  ])("%s ends the connection with a refusal that says why", async (_what, bytes) => {
    const service = start();
    const { end, heard, closed } = service.connect();
    end.channel.write(hello);
    end.channel.write(bytes);
    await quiet();
    expect(closed()).toBe(true);
    const refusal = decodeRefusal((heard.at(-1) ?? new Uint8Array()).subarray(headerBytes));
    expect(refusal.code).toBe("QUORATE_DECODE_FAILED");
    expect(service.proposals).toEqual([]);
  });

  test("requests before the hello end the connection", async () => {
    const service = start();
    const { end, closed } = service.connect();
    end.channel.write(requests(0x91, 0x92, 0x01, 0x06));
    await quiet();
    expect(closed()).toBe(true);
    expect(service.proposals).toEqual([]);
  });

  test("bytes that are no command concern only their request", async () => {
    const service = start();
    const { end, heard, closed } = service.connect();
    end.channel.write(hello);
    end.channel.write(requests(0x91, 0x93, 0x01, 0x02, 0xc4, 0x01, 0xc1));
    await quiet();
    expect(closed()).toBe(false);
    expect(heard.length).toBe(2);
    expect(service.proposals).toEqual([]);
  });

  test("a hello for another cluster is refused by name", async () => {
    const service = start();
    const { end, heard, closed } = service.connect();
    end.channel.write(frameOf("hello", encodeHello({ clusterId: "other" })));
    await quiet();
    expect(closed()).toBe(true);
    expect(decodeRefusal((heard[0] ?? new Uint8Array()).subarray(headerBytes))).toMatchObject({
      code: "QUORATE_CLUSTER_MISMATCH",
      message: "a is of cluster test, not other",
    });
  });
});

describe("limits", () => {
  /** Lets time pass until the connection is closed. Fails after ten checks of the port's clock. */
  async function closedAt(service: FakeService, closed: () => boolean): Promise<number> {
    for (let check = 0; check < 200 && !closed(); check += 1) {
      const next = Promise.withResolvers<void>();
      service.clock.schedule(service.clock.now() + 1000, next.resolve);
      await service.clock.settle(next.promise);
      await quiet();
    }
    return service.clock.now();
  }

  test("a client that says no hello within 5 s is cut off", async () => {
    const service = start();
    const { closed } = service.connect();
    expect(await closedAt(service, closed)).toBe(5000);
  });

  test("a frame that takes longer than 30 s is cut off, however slowly it goes on", async () => {
    const service = start();
    const { end, closed } = service.connect();
    end.channel.write(hello);
    end.channel.write(frameOf("requests", new Uint8Array(100)).subarray(0, 20));
    await quiet();
    expect(await closedAt(service, closed)).toBe(30_000);
  });

  test("a connection without anything under way is closed after two minutes of silence", async () => {
    const service = start();
    const { end, closed } = service.connect();
    end.channel.write(hello);
    await quiet();
    expect(await closedAt(service, closed)).toBe(120_000);
  });

  test("a hello of more than 1 KiB is refused by its header alone", async () => {
    const service = start();
    const { end, closed } = service.connect();
    end.channel.write(frameOf("hello", new Uint8Array(1025)).subarray(0, headerBytes));
    await quiet();
    expect(closed()).toBe(true);
  });

  test("requests beyond those that may be under way are refused as QUORATE_BUSY, and nothing is done", async () => {
    const service = start({ limits: { maxInFlight: 2 } });
    const gate = Promise.withResolvers<void>();
    service.gate = gate.promise;
    const { end, heard } = service.connect();
    end.channel.write(hello);
    end.channel.write(requests(0x93, 0x92, 0x01, 0x06, 0x92, 0x02, 0x06, 0x92, 0x03, 0x06));
    await quiet();
    expect(service.proposals.length).toBe(2);
    expect(new TextDecoder().decode(heard.at(-1))).toContain("QUORATE_BUSY");
    gate.resolve();
    await quiet();
    expect(service.ports.get("a")?.underWay).toBe(0);
  });

  test("requests of all connections together have a bound of their own", async () => {
    const service = start({ limits: { maxInFlightTotal: 1 } });
    service.gate = new Promise(() => {});
    for (const { end } of [service.connect(), service.connect()]) {
      end.channel.write(hello);
      end.channel.write(requests(0x91, 0x92, 0x01, 0x06));
    }
    await quiet();
    expect(service.proposals.length).toBe(1);
  });

  test("one connection too many is turned away", async () => {
    const service = start({ limits: { maxConnections: 1 } });
    service.connect();
    const { heard, closed } = service.connect();
    await quiet();
    expect(closed()).toBe(true);
    expect(new TextDecoder().decode(heard[0])).toContain("QUORATE_BUSY");
    expect(service.ports.get("a")?.connections).toBe(1);
  });

  test("a client that does not read its answers is cut off at the bound of what may wait for it", async () => {
    const service = start({ limits: { maxBufferedBytes: 1000 } });
    const { end, closed } = service.connect();
    end.channel.write(hello);
    await quiet();
    const serverEnd = service.serverEnds.at(-1);
    if (serverEnd !== undefined) serverEnd.stalled = true;
    for (let sent = 0; sent < 100 && !closed(); sent += 1) {
      end.channel.write(requests(0x91, 0x92, 0x01, 0x09));
      await quiet();
    }
    expect(closed()).toBe(true);
  });
});

test("a port that closes answers what is under way, then ends its connections", async () => {
  const service = start();
  const gate = Promise.withResolvers<void>();
  service.gate = gate.promise;
  const { end, heard, closed } = service.connect();
  end.channel.write(hello);
  end.channel.write(requests(0x91, 0x92, 0x01, 0x06));
  await quiet();
  const closing = service.ports.get("a")?.close(3000);
  await quiet();
  expect(closed()).toBe(false);
  gate.resolve();
  await closing;
  await quiet();
  expect(closed()).toBe(true);
  expect(heard.length).toBe(2);
});
