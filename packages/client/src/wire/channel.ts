// The part of a socket that both ends of a connection use. Whoever has something of this shape can carry the protocol: a TCP
// or TLS socket, or a pair of queues in a test.

/** A way for bytes to the other side. */
export type ByteChannel = {
  /** False if the channel wants to be drained before more comes. The bytes are not changed afterwards. */
  write(bytes: Uint8Array): boolean;
  /** Sends what was written, then ends. */
  end(): void;
  /** Ends at once; what was not sent is lost. */
  destroy(): void;
  /** Takes no more bytes from the other side until `resume`. */
  pause(): void;
  resume(): void;
  /** Bytes that were written and that the other side has not taken. */
  bufferedBytes(): number;
};

/** What a channel tells its owner. */
export type ByteChannelEvents = {
  onData(bytes: Uint8Array): void;
  onDrain(): void;
  /** Called once, whoever ended it; `reason` is for people. */
  onClose(reason: string): void;
};
