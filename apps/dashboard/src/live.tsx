// The entry of the cluster page.

import { openLive } from "./live/open-live.tsx";

openLive();
