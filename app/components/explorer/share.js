// A button that copies the address of the page.

const TOLD = 2000; // ms for which it says that it has

export function copyLinkWith(button) {
  const words = button.textContent;
  let timer;
  return async () => {
    const copied = await copy(location.href);
    button.textContent = copied ? "Copied" : "Not copied";
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
