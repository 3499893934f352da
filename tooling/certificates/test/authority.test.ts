// What the suites that use these certificates rely on, seen with Node's own eyes.

import { createPrivateKey, X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { Authority } from "@quorate/certificates";

const [authority, other] = [new Authority("One"), new Authority("Another")];

function isSignedBy(certificate: X509Certificate, { pem }: Authority): boolean {
  const signer = new X509Certificate(pem);
  return certificate.checkIssued(signer) && certificate.verify(signer.publicKey);
}

test("a certificate is signed by its authority and no other, and belongs to its key", () => {
  const { cert, key } = authority.issue({ name: "n1" });
  const certificate = new X509Certificate(cert);
  expect([isSignedBy(certificate, authority), isSignedBy(certificate, other)]).toEqual([true, false]);
  expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
});

test("a certificate carries the names and the time that were wished", () => {
  const names = { uris: ["quorate://c-1/n1"], dnsNames: ["localhost"], ips: ["127.0.0.1"] };
  const certificate = new X509Certificate(authority.issue({ name: "n1", ...names, validDays: [-2, -1] }).cert);
  expect(certificate.subject).toBe("CN=n1");
  expect(certificate.subjectAltName).toBe("DNS:localhost, URI:quorate://c-1/n1, IP Address:127.0.0.1");
  expect(Date.parse(certificate.validTo)).toBeLessThan(Date.now());
});
