// Server-sent events from a response. The browser's own EventSource can neither send the token in a header nor show
// heartbeats, without which nobody can tell a quiet demo from one that is gone.

/** What arrives: the data of an event, or only a sign of life. */
export type Arrival = { readonly type: "data"; readonly text: string } | { readonly type: "heartbeat" };

/** The events of a stream, as they arrive. Data of several lines is no event of ours. */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Arrival> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line.startsWith("data: ")) yield { type: "data", text: line.slice("data: ".length) };
        else if (line.startsWith(":")) yield { type: "heartbeat" };
      }
    }
  } finally {
    // Ends the request if whoever reads has seen enough.
    await reader.cancel().catch(() => {});
  }
}
