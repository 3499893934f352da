// Where a member is reached, as the service writes it into the replicated log: to the log it is opaque text, and only this
// file knows its form.

/** The addresses of one member. */
export type MemberAddress = {
  /** Other members connect here, as `HOST:PORT`; missing where the transport needs no addresses. */
  readonly peer?: string;
  /** Base address of the HTTP interface, such as `http://127.0.0.1:8101`. */
  readonly http: string;
  /** Programs connect here with the binary protocol, as `HOST:PORT`. */
  readonly client?: string;
};

/** The addresses as text for the log. */
export function encodeAddress({ peer, http, client }: MemberAddress): string {
  return JSON.stringify({ peer, http, client });
}

/** The addresses in a text of the log; undefined if it is none of this service's. */
export function decodeAddress(text: string): MemberAddress | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("http" in value) || typeof value.http !== "string") {
      return undefined;
    }
    const peer = "peer" in value && typeof value.peer === "string" ? value.peer : undefined;
    const client = "client" in value && typeof value.client === "string" ? value.client : undefined;
    return { ...(peer !== undefined && { peer }), http: value.http, ...(client !== undefined && { client }) };
  } catch {
    return undefined;
  }
}
