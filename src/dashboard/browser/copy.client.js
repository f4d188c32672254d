// Gives everything that is marked with data-copy a button that copies it. data-label says what it is.
addButtons();
document.addEventListener("renewed", addButtons);

function addButtons() {
  for (const text of document.querySelectorAll("[data-copy]"))
    if (text.nextElementSibling?.className !== "copy") addButton(text);
}

/** @param {Element} text */
function addButton(text) {
  const what = text.getAttribute("data-label");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", what === null ? "Copy" : `Copy the ${what}`);
  button.addEventListener("click", () => void copy(text, button));
  text.after(button);
}

/**
 * @param {Element} text
 * @param {HTMLElement} button
 */
async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text.textContent ?? "");
    button.textContent = "Copied";
  } catch {
    // Where the page may not write there (plain http), the text is selected for the person to copy.
    getSelection()?.selectAllChildren(text);
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = "Copy"), 2_000);
}
