// Single key presses from the terminal.

/** Calls back with each key until the returned function is called. Ctrl-C arrives as `\u0003`. */
export function listenForKeys(input: NodeJS.ReadStream, onKey: (key: string) => void): () => void {
  const onData = (data: Buffer): void => {
    for (const key of data.toString()) onKey(key);
  };
  input.setRawMode(true);
  input.resume();
  input.on("data", onData);
  return () => {
    input.off("data", onData);
    input.setRawMode(false);
    input.pause();
  };
}
