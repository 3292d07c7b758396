// The page of one schedule: its history and its next run, kept true while it is looked at.

import { countDown } from "./lib/countdown.js";
import { follow } from "./lib/follow.js";

const EVERY_MS = 1_000;

const panel = document.getElementById("panel");
if (panel) follow(panel, { everyMs: EVERY_MS, onSwap: countDown(panel) });
