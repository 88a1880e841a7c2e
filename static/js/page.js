// What every page does: the theme button, menus that close, exact times on hover.

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
  const use = /** @type {SVGUseElement} */ (button.querySelector("use"));
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${ICONS[theme]}`));
  button.querySelector("span").textContent = `Theme: ${theme}`;
  button.title = `Theme: ${theme}`;
}

for (const button of document.querySelectorAll("[data-theme-toggle]")) {
  button.hidden = false;
  showTheme(button);
  button.addEventListener("click", () => {
    setTheme(THEMES[(THEMES.indexOf(chosenTheme()) + 1) % THEMES.length]);
    showTheme(button);
  });
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(/** @type {Node} */ (event.target))) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
  event.stopPropagation();
});
