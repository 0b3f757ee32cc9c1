// A button that copies the address of the page.

const TOLD = 2000; // ms for which it says that it has

// said: where screen readers hear of it.
export function copyLinkWith(button, said) {
  const words = button.textContent;
  let timer;
  return async () => {
    const copied = await copy(location.href);
    button.textContent = copied ? "✓" : "✗";
    said.textContent = copied ? "Link copied" : "The link was not copied; it is in the address bar.";
    clearTimeout(timer);
    timer = setTimeout(() => { button.textContent = words; }, TOLD);
  };
}

// -> whether it worked. Pages that came over plain HTTP have no clipboard but the old command's.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    return copied;
  }
}
