type Keys = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">;

/**
 * Whether a key pressed inside the widget is none of the notebook's business. In its command mode single keys act on cells
 * ("d d" deletes one), also while one of our buttons has the focus; shortcuts with Ctrl, and Shift+Enter, are left to it.
 */
export function staysHere({ key, ctrlKey, metaKey, altKey, shiftKey }: Keys): boolean {
  return !(ctrlKey || metaKey || altKey || (shiftKey && key === "Enter"));
}
