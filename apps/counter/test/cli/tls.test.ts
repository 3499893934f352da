// quorate tls: certificates for a cluster, made once, added to, renewed, and shown.

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { X509Certificate } from "node:crypto";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { run } from "./run.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "quorate-tls-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
});

const init = (...args: readonly string[]) => run(["tls", "init", "--directory", directory, ...args], {});
const forDemo = (...args: readonly string[]) => init("--cluster", "demo", "--nodes", "n1,n2", ...args);
const certificate = (name: string) => new X509Certificate(readFileSync(join(directory, name)));

describe("quorate tls init", () => {
  test("makes an authority and a certificate per node that names cluster and node", async () => {
    const { exitCode, stdout } = await forDemo();
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`"cert":"${join(directory, "n1.pem")}"`);
    const [ca, n1] = [certificate("ca.pem"), certificate("n1.pem")];
    expect({ ca: ca.ca, signed: n1.verify(ca.publicKey), names: n1.subjectAltName }).toEqual({
      ca: true,
      signed: true,
      names: "URI:quorate://demo/n1",
    });
    expect(Date.parse(n1.validTo) - Date.now()).toBeGreaterThan(364 * 24 * 60 * 60 * 1000);
  });

  test("lets nobody else read the keys", async () => {
    await forDemo();
    const modes = ["ca-key.pem", "n1-key.pem"].map((name) => statSync(join(directory, name)).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600]);
  });

  test("run again keeps what is there and adds a new node by the same authority", async () => {
    await forDemo();
    const before = [certificate("ca.pem").fingerprint256, certificate("n1.pem").fingerprint256];
    const { stdout } = await init("--cluster", "demo", "--nodes", "n1,n4", "-o", "json");
    expect([certificate("ca.pem").fingerprint256, certificate("n1.pem").fingerprint256]).toEqual(before);
    expect(certificate("n4.pem").verify(certificate("ca.pem").publicKey)).toBe(true);
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      isNewAuthority: false,
      nodes: [
        { id: "n1", isNew: false },
        { id: "n4", isNew: true },
      ],
    });
  });

  test("renews certificates when asked to", async () => {
    await forDemo();
    const before = certificate("n1.pem").fingerprint256;
    await forDemo("--renew", "--days", "7");
    expect(certificate("n1.pem").fingerprint256).not.toBe(before);
    expect(Date.parse(certificate("n1.pem").validTo)).toBeLessThan(Date.now() + 8 * 24 * 60 * 60 * 1000);
  });

  test("takes the names from a configuration", async () => {
    const config = join(directory, "n1.json");
    writeFileSync(config, JSON.stringify({ cluster: "orders", members: { a: {}, b: {} } }));
    expect((await init("--config", config)).exitCode).toBe(0);
    expect(certificate("b.pem").subjectAltName).toBe("URI:quorate://orders/b");
  });

  test.each<[string, readonly string[], RegExp]>([
    ["without names", [], /Give --config FILE, or --cluster NAME/],
    [
      "with a name that leads out of the folder",
      ["--cluster", "demo", "--nodes", "../n1"],
      /"\.\.\/n1" is not a usable name/,
    ],
    ["with a time that is none", ["--cluster", "demo", "--nodes", "n1", "--days", "0"], /--days must be/],
  ])("%s is a usage error", async (_what, args, message) => {
    const { exitCode, stderr } = await init(...args);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
  });

  test("refuses an authority without its key", async () => {
    await forDemo();
    rmSync(join(directory, "ca-key.pem"));
    const { exitCode, stderr } = await forDemo();
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/QUORATE_TLS_UNUSABLE: .* one of them is missing/);
  });
});

describe("quorate tls show", () => {
  test("tells for whom a certificate speaks and until when", async () => {
    await forDemo();
    const { stdout } = await run(["tls", "show", join(directory, "n2.pem")], {});
    expect(stdout).toMatch(/^quorate:\/\/demo\/n2 {2}until \d{4}-\d{2}-\d{2}T/);
  });

  test("tells all certificates of a file", async () => {
    await forDemo();
    const both = join(directory, "both.pem");
    writeFileSync(
      both,
      readFileSync(join(directory, "ca.pem"), "utf8") + readFileSync(join(directory, "n1.pem"), "utf8"),
    );
    const { stdout } = await run(["tls", "show", both, "-o", "json"], {});
    expect(JSON.parse(stdout)).toMatchObject({
      certificates: [
        { speaksFor: expect.stringContaining("Quorate development CA of demo") },
        { speaksFor: "quorate://demo/n1" },
      ],
    });
  });

  test("says what a file is not", async () => {
    await forDemo();
    const { exitCode, stderr } = await run(["tls", "show", join(directory, "n1-key.pem")], {});
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/There is no certificate in the file/);
  });
});
