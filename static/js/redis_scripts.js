// The page of scripts: the editor, and tables of arguments that grow.

import "./elements/lua_editor.js";
import { followServer, submitsOnChange } from "./redis/head.js";

submitsOnChange();
followServer();

for (const table of document.querySelectorAll("[data-rows]")) {
  table.addEventListener("input", () => {
    const rows = [...table.querySelectorAll("li")];
    const last = rows.at(-1);
    const field = last?.querySelector("input");
    if (!last || !field?.value) return;
    const fresh = /** @type {HTMLElement} */ (last.cloneNode(true));
    const input = fresh.querySelector("input");
    if (input) {
      input.value = "";
      input.setAttribute("aria-label", (input.getAttribute("aria-label") ?? "").replace(/\d+$/, String(rows.length + 1)));
    }
    last.after(fresh);
  });
}
