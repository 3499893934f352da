// Two ends of a connection without a socket: what one writes, the other hears a turn of the event loop later.
import type { ByteChannel, ByteChannelEvents } from "../../src/wire/channel.ts";

export type End = {
  /** For whoever writes at this end. */
  readonly channel: ByteChannel;
  /** Sizes of all writes at this end, in order. */
  readonly writes: readonly number[];
  /** While true, nothing that is written here arrives, and every write says that the channel is full. */
  stalled: boolean;
  /** Cuts the connection at both ends; nothing that is on its way arrives. */
  cut(reason: string): void;
};

/** Connects two listeners. Each end's events are given later than its channel, as with sockets. */
export function pipe(events: { left(): ByteChannelEvents; right(): ByteChannelEvents }): {
  readonly left: End;
  readonly right: End;
} {
  let isOpen = true;
  const close = (reason: string): void => {
    if (!isOpen) return;
    isOpen = false;
    setImmediate(() => {
      events.left().onClose(reason);
      events.right().onClose(reason);
    });
  };
  const end = (other: () => ByteChannelEvents): End => {
    const writes: number[] = [];
    let buffered = 0;
    const self: End = {
      writes,
      stalled: false,
      cut: close,
      channel: {
        write(bytes) {
          writes.push(bytes.length);
          if (self.stalled) {
            buffered += bytes.length;
            return false;
          }
          setImmediate(() => {
            if (isOpen) other().onData(bytes);
          });
          return true;
        },
        end: () => void setImmediate(() => close("the other side has ended the connection")),
        destroy: () => close("the connection was destroyed"),
        pause: () => {},
        resume: () => {},
        bufferedBytes: () => buffered,
      },
    };
    return self;
  };
  return { left: end(() => events.right()), right: end(() => events.left()) };
}
