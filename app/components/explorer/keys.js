// Keys that work wherever the focus is, but in a field that takes text.

const TEXT = /^(?:text|search|number|email|url|password)$/;

// keys: {"Shift+L": () => ..}; "Mod" is Ctrl or Cmd. unknown(name): what none of them is. -> stop()
export function listenForKeys(keys, unknown, page = document) {
  const listen = (event) => {
    if (event.defaultPrevented || event.altKey || takesText(event.composedPath()[0])) return;
    const name = keyName(event), use = keys[name];
    if (!use && !unknown(name)) return;
    event.preventDefault();
    use?.();
  };
  page.addEventListener("keydown", listen);
  return () => page.removeEventListener("keydown", listen);
}

// "Mod+Shift+Z"
export function keyName({ key, ctrlKey, metaKey, shiftKey }) {
  return [(ctrlKey || metaKey) && "Mod", shiftKey && "Shift", key.length === 1 ? key.toUpperCase() : key].filter(Boolean).join("+");
}

function takesText(field) {
  return field.isContentEditable || field.tagName === "TEXTAREA" || (field.tagName === "INPUT" && TEXT.test(field.type));
}
