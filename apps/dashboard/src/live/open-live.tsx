// Puts the cluster page into the document, with the token that the page was opened with.

import { render } from "preact";
import { Connection } from "./connection.ts";
import { Live } from "./live.ts";
import { LiveView } from "./live-view.tsx";

/** Opens the page. */
export function openLive(): void {
  const place = document.getElementById("live");
  if (place === null) throw new Error("the document has no place for the page");
  const token = new URLSearchParams(location.search).get("token") ?? "";
  const live = new Live({ token, request: (path, init) => fetch(path, init) });
  const connection = new Connection({
    open: (signal) => live.openStream(signal),
    onFrame: (frame) => live.take(frame),
    onState: (state) => (live.connection.value = state),
    schedule: (callback, ms) => {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
  });
  place.replaceChildren();
  render(<LiveView live={live} />, place);
  connection.start();
}
