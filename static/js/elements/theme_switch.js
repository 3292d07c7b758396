// <theme-switch> of buttons valued light, dark and "" (the system's): a cookie remembers the choice,
// so the server sends the page in the right colours and nothing flashes.

const COOKIE = "thumbapp_theme";
const YEAR_S = 31_536_000;

class ThemeSwitch extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => {
      const button = /** @type {Element} */ (event.target).closest("button");
      if (button) this.#choose(button.value);
    });
    this.#press(document.documentElement.dataset.bsTheme ?? "");
  }

  /** @param {string} theme */
  #choose(theme) {
    document.cookie = `${COOKIE}=${theme}; path=/; max-age=${theme ? YEAR_S : 0}; samesite=lax`;
    if (theme) document.documentElement.dataset.bsTheme = theme;
    else delete document.documentElement.dataset.bsTheme;
    this.#press(theme);
  }

  /** @param {string} theme */
  #press(theme) {
    for (const button of this.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === theme));
    }
  }
}

customElements.define("theme-switch", ThemeSwitch);
