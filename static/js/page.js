// What every page runs: its elements, times that stay true, the word about the workers.

import "./elements/copy_button.js";
import "./elements/theme_switch.js";
import { listenForShortcuts } from "./lib/shortcuts.js";
import { keepTimesTrue } from "./lib/times.js";
import { watchWorkers } from "./lib/workers.js";

keepTimesTrue();
listenForShortcuts();
watchWorkers();
