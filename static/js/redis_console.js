// The console's page: the console, and the pane for what waits.

import { byId } from "./lib/dom.js";
import { Console } from "./redis/console.js";
import { followServer, submitsOnChange } from "./redis/head.js";
import { WaitPane } from "./redis/wait_pane.js";

submitsOnChange();
followServer();
const pane = new WaitPane(byId("wait"));
new Console(byId("console"), { onWait: (line) => pane.offer(line) });
if (location.hash.length > 1) pane.offer(decodeURIComponent(location.hash.slice(1)));
