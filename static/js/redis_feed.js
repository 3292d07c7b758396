// The pages of what is published and of what happens to keys: one live feed each.

import { followServer, submitsOnChange } from "./redis/head.js";
import { Feed } from "./redis/feed.js";
import { publishesInPlace } from "./redis/publish.js";

submitsOnChange();
followServer();
publishesInPlace();
const place = document.getElementById("feed");
if (place) new Feed(place);

const form = document.getElementById("events-form");
if (form instanceof HTMLFormElement && form.dataset.leave) {
  const url = form.dataset.leave;
  window.addEventListener("pagehide", () => {
    const told = new FormData();
    told.set("csrf_token", String(new FormData(form).get("csrf_token")));
    navigator.sendBeacon(url, told);
  });
}
