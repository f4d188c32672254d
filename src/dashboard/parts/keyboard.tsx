// Which keys do what in a list. keys.client.js opens it; without scripts there are no such keys, and it stays closed.
const KEYS = [
  ["j", "next row"],
  ["k", "row before"],
  ["Enter", "open the row"],
  ["/", "search and filter"],
  ["n", "older entries"],
  ["?", "this help"],
] as const;

export function KeyboardHelp() {
  return (
    <dialog id="keys" class="keys" aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <dl>
        {KEYS.map(([key, what]) => (
          <div>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}
