// The name that a certificate proves: one URI among its alternative names, quorate://<cluster>/<node>. Host names and the
// common name prove nothing here, so certificates do not change when servers move.

import type { X509Certificate } from "node:crypto";
import { QuorateError } from "@quorate/contracts";

const scheme = "quorate://";

/**
 * The URI that stands for a server in its certificate. Letters, digits, "-", "_", "." and "~" of the names stay as they
 * are; every other byte of their UTF-8 becomes "%" and two hexadecimal digits.
 *
 * @throws QuorateError `QUORATE_OPTIONS_INVALID` if a name is empty or not text.
 */
export function certificateIdentity(server: { readonly clusterId: string; readonly nodeId: string }): string {
  return `${scheme}${segment(server.clusterId)}/${segment(server.nodeId)}`;
}

/** The servers for which a certificate speaks, as URIs. */
export function identitiesOf(certificate: X509Certificate): readonly string[] {
  // Node writes a value that has a comma in it with an escape instead, so no value can look like two.
  const names = (certificate.subjectAltName ?? "").split(", ");
  return names.filter((name) => name.startsWith(`URI:${scheme}`)).map((name) => name.slice("URI:".length));
}

function segment(name: string): string {
  if (name === "" || !name.isWellFormed()) {
    throw new QuorateError({
      code: "QUORATE_OPTIONS_INVALID",
      message: `The name ${JSON.stringify(name)} cannot be part of a certificate's identity.`,
      hint: "Give clusters and servers names that are not empty.",
    });
  }
  return encodeURIComponent(name).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
