// Names become tokens of subjects, and subjects say who sends to whom: <prefix>.<cluster>.<to>.<from>. A name must never
// add a token, be a wildcard, or be read as another name, because brokers grant permissions by subject.

import { QuorateError } from "@quorate/contracts";

/** Brokers read a protocol line of at most 4 KiB; a subject must leave room for the rest of it. */
const maxSubjectBytes = 1024;
const prefixPattern = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

/** The subjects of one server. */
export class Subjects {
  readonly #root: string;
  readonly #self: string;

  /** @throws QuorateError `QUORATE_OPTIONS_INVALID` if a name cannot be part of a subject. */
  constructor(facts: { readonly prefix: string; readonly clusterId: string; readonly nodeId: string }) {
    const cluster = tokenOf(facts.clusterId);
    const self = tokenOf(facts.nodeId);
    if (!prefixPattern.test(facts.prefix)) {
      throw invalid(`subjectPrefix "${facts.prefix}" is not made of letters, digits, "_" and "-", with dots between.`);
    }
    if (cluster === undefined) throw invalid(`The cluster's name "${facts.clusterId}" is empty or not text.`);
    if (self === undefined) throw invalid(`The server's name "${facts.nodeId}" is empty or not text.`);
    this.#root = `${facts.prefix}.${cluster}`;
    this.#self = self;
    if (`${this.inbox}${self}`.length > maxSubjectBytes) {
      throw invalid(`Prefix and names make a subject of more than ${maxSubjectBytes} bytes.`);
    }
  }

  /** What this server subscribes to: everything sent to it, by anyone. */
  get inbox(): string {
    return `${this.#root}.${this.#self}.*`;
  }

  /** Where this server publishes what is for a peer; undefined if the peer's name cannot be part of a subject. */
  outbox(peer: string): string | undefined {
    const token = tokenOf(peer);
    if (token === undefined) return undefined;
    const subject = `${this.#root}.${token}.${this.#self}`;
    return subject.length > maxSubjectBytes ? undefined : subject;
  }

  /** The token that stands for the sender in a subject of the inbox. */
  senderToken(subject: string): string {
    return subject.slice(subject.lastIndexOf(".") + 1);
  }
}

/**
 * A name as one token: letters, digits, "_" and "-" stay, every other byte of its UTF-8 becomes "=" and two hexadecimal
 * digits. Different names have different tokens. Undefined for the empty name and for text that UTF-8 cannot express.
 */
export function tokenOf(name: string): string | undefined {
  if (name === "" || !name.isWellFormed()) return undefined;
  return name.replaceAll(/[^A-Za-z0-9_-]/gu, (character) =>
    [...new TextEncoder().encode(character)]
      .map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, "0")}`)
      .join(""),
  );
}

function invalid(message: string): QuorateError {
  return new QuorateError({
    code: "QUORATE_OPTIONS_INVALID",
    message,
    hint: "Use short names of letters, digits, '_' and '-'.",
  });
}
