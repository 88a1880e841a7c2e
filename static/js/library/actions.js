// Retry and delete without leaving the page; deleting asks first, in a dialog in place of the page
// that asks where there are no scripts.

/**
 * @param {HTMLDialogElement} dialog
 * @param {HTMLElement} page
 */
export function actInPlace(dialog, page) {
  const form = dialog.querySelector("form");
  page.addEventListener("click", (event) => {
    const link = event.target.closest('[data-part="delete"]');
    if (!link) return;
    event.preventDefault();
    form.action = link.href;
    dialog.querySelector("[data-delete-name]").textContent = link.dataset.name;
    dialog.showModal();
  });
  dialog.querySelector("[data-delete-cancel]").addEventListener("click", () => dialog.close());
  page.addEventListener("submit", (event) => {
    if (event.target.dataset.part === "retry") quietly(event);
  });
  form.addEventListener("submit", (event) => {
    dialog.close();
    quietly(event);
  });
}

/** Post the form without leaving the page: the socket tells what came of it. */
async function quietly(event) {
  event.preventDefault();
  const form = event.target;
  const answer = await fetch(form.action, {
    method: "POST",
    body: new FormData(form),
    headers: { Accept: "application/json" },
  }).catch(() => null);
  if (answer?.status !== 204) location.reload();
}
