/** Small pieces of text that several commands print. */

export function firstSentence(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return /^.*?[.?!](?= |$)/.exec(flat)?.[0] ?? flat;
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
