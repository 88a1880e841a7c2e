// What every page does: the theme button, and menus that close.

const THEMES = /** @type {const} */ (["system", "light", "dark"]);
const ICONS = { system: "monitor", light: "sun", dark: "moon" };

/** @returns {"system"|"light"|"dark"} */
function chosenTheme() {
  const theme = document.documentElement.dataset.theme;
  return theme === "light" || theme === "dark" ? theme : "system";
}

/** @param {"system"|"light"|"dark"} theme */
function setTheme(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // Storage is refused: the choice lasts for this page.
  }
}

/** @param {HTMLButtonElement} button */
function showTheme(button) {
  const theme = chosenTheme();
  const use = button.querySelector("use");
  use?.setAttribute("href", (use.getAttribute("href") ?? "").replace(/#.*/, `#${ICONS[theme]}`));
  const name = button.querySelector("span");
  if (name) name.textContent = `Theme: ${theme}`;
  button.title = `Theme: ${theme}`;
}

/** @type {NodeListOf<HTMLButtonElement>} */
const toggles = document.querySelectorAll("[data-theme-toggle]");
for (const button of toggles) {
  button.hidden = false;
  showTheme(button);
  button.addEventListener("click", () => {
    setTheme(THEMES[(THEMES.indexOf(chosenTheme()) + 1) % THEMES.length]);
    showTheme(button);
  });
}

/** @returns {HTMLDetailsElement[]} */
function openMenus() {
  return /** @type {HTMLDetailsElement[]} */ ([...document.querySelectorAll("details.menu[open]")]);
}

document.addEventListener("click", (event) => {
  for (const menu of openMenus()) {
    if (!menu.contains(/** @type {Node} */ (event.target))) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const [menu] = openMenus();
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary")?.focus();
  event.stopPropagation();
});
