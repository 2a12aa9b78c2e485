/** Hands a file to the browser, which keeps it under this name. */
export function saveFile(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // the browser has taken it by then
  window.setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
