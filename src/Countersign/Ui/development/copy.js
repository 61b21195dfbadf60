/** Copies what an element says, and says on the button that it did. */
export async function copy(button, source) {
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    // No clipboard for pages that are neither on this machine nor on HTTPS: select it, so that it can be copied by hand.
    getSelection().selectAllChildren(source);
    return;
  }
  button.textContent = "Copied";
  button.classList.add("done");
  setTimeout(() => {
    button.textContent = "Copy";
    button.classList.remove("done");
  }, 1500);
}
