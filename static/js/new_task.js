// The form that runs a task: choosing one in the list shows its fields at once.

const choose = /** @type {HTMLFormElement | null} */ (document.getElementById("choose"));
choose?.querySelector("button")?.toggleAttribute("hidden", true);
choose?.addEventListener("change", () => choose.submit());
