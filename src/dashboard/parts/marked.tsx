// Sentences of the provider data, in which names of the protocol stand between backticks, as elements.

/** Text with its `code` set as such. */
export function Marked({ text }: { readonly text: string }) {
  return <span class="text">{text.split("`").map((part, n) => (n % 2 === 1 ? <code>{part}</code> : part))}</span>;
}
