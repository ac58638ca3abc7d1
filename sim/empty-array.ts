/** `length = 0` gives the storage back to V8, which costs more than what is usually in there. */
export function emptyArray(array: unknown[]): void {
  if (array.length > 64) array.length = 0;
  else while (array.length > 0) array.pop();
}
