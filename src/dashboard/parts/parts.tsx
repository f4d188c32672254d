// The small pieces that pages are made of: times, states, forms, texts of strangers.
// Each takes what it shows and knows nothing else.
import type { Child } from "hono/jsx";
import { ago, visible } from "../words/words.ts";

/** A moment: how long ago or ahead it is, with the exact time on hover and for machines. */
export function When({ at, now }: { readonly at: string | null; readonly now: number }) {
  if (at === null) return <span class="none">–</span>;
  return (
    <time datetime={at} title={at.replace("T", " ").replace("Z", " UTC")}>
      {ago(Date.parse(at) - now)}
    </time>
  );
}

/** A moment as date and time of day in UTC, for tables in which the order of seconds counts. */
export function Exactly({ at }: { readonly at: string | null }) {
  if (at === null) return <span class="none">–</span>;
  return (
    <time class="mono" datetime={at}>
      {at.slice(0, 10)} <b>{at.slice(11, 19)}</b>
      <span class="dim">{at.slice(19, 23)}</span>
    </time>
  );
}

/** Geometry of each state's sign, in a box of 12 by 12. */
const SIGNS: Readonly<Record<string, { readonly word: string; readonly path: string }>> = {
  delivered: { word: "delivered", path: "M2.5 6.5l2.5 2.5 4.5-5.5" },
  failed: { word: "failed", path: "M3 3l6 6M9 3l-6 6" },
  pending: { word: "waiting", path: "M6 3v3.2l2 1.3M6 1.2a4.8 4.8 0 1 0 .01 0z" },
  delivering: { word: "sending", path: "M1.8 6h8M6.6 2.8L9.8 6 6.6 9.2" },
  held: { word: "held", path: "M4 2.5v7M8 2.5v7" },
  retry: { word: "retry", path: "M9.6 6a3.6 3.6 0 1 1-1.1-2.6M8.8 1.2v2.4H6.4" },
  lost: { word: "lost", path: "M4 4.2a2 2 0 1 1 2.6 1.9c-.4.2-.6.5-.6 1v.4M6 9.6v.1" },
  running: { word: "sending", path: "M1.8 6h8M6.6 2.8L9.8 6 6.6 9.2" },
  unrouted: { word: "no destination", path: "M3 6h6" },
};

/** A state as shape, word and colour; none of them is the only sign. Takes attempts' outcomes as well. */
export function StateBadge({ state, label }: { readonly state: string; readonly label?: string }) {
  const sign = SIGNS[state] ?? SIGNS["unrouted"];
  return (
    <span class={`state ${state}`}>
      <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
        <path
          d={sign?.path}
          fill="none"
          stroke="currentColor"
          stroke-width="1.8"
          stroke-linecap="round"
          stroke-linejoin="round"
        />
      </svg>
      {label ?? sign?.word ?? state}
    </span>
  );
}

interface PostProps {
  readonly action: string;
  readonly label: string;
  /** 32 hexadecimal digits (`deps.newId()`): the form does its work once, however often it is sent. */
  readonly once: string;
  /** What will happen. Where it is given, the button opens it first, and a second one does it. */
  readonly confirm?: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly kind?: "plain" | "danger" | "primary";
  readonly children?: Child;
}

/** A button that does something: a form, so that it works without scripts. */
export function Post({ action, label, once, confirm, fields = {}, kind = "plain", children }: PostProps) {
  const form = (
    <form method="post" action={action} class="post">
      <input type="hidden" name="once" value={once} />
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      {children}
      {confirm === undefined ? null : <p>{confirm}</p>}
      <button type="submit" class={kind}>
        {confirm === undefined ? label : `Yes, ${label.charAt(0).toLowerCase()}${label.slice(1)}`}
      </button>
    </form>
  );
  if (confirm === undefined) return form;
  return (
    <details class="confirm">
      <summary class={`button ${kind}`}>{label}</summary>
      {form}
    </details>
  );
}

/** Where a list would be. */
export function Empty({ title, children }: { readonly title: string; readonly children?: Child }) {
  return (
    <div class="empty">
      <p>
        <b>{title}</b>
      </p>
      {children}
    </div>
  );
}

interface PagerProps {
  /** Of the page that is shown. */
  readonly url: URL;
  readonly next: string | null;
  readonly complete: boolean;
  readonly lookedBackTo?: string | undefined;
}

/**
 * On to older entries. A page that has only stopped early says that it is not at the end, and how far it has looked.
 */
export function Pager({ url, next, complete, lookedBackTo }: PagerProps) {
  const first = url.searchParams.has("cursor");
  if (next === null && !first) return null;
  return (
    <nav class="pager" aria-label="Pages">
      {first ? <a href={withQuery(url, { cursor: null })}>Newest</a> : null}
      {complete || lookedBackTo === undefined ? null : (
        <span class="note">
          Still looking: searched back to <b>{lookedBackTo.slice(0, 16).replace("T", " ")} UTC</b> so far.
        </span>
      )}
      {next === null ? (
        <span class="note">That is all.</span>
      ) : (
        <a rel="next" class="button" href={withQuery(url, { cursor: next })}>
          {complete ? "Older" : "Go on looking"}
        </a>
      )}
    </nav>
  );
}

/** The same page with other parameters; `null` takes one away. What a page was told once (`done`) goes. */
export function withQuery(url: URL, changes: Readonly<Record<string, string | null>>): string {
  const query = new URLSearchParams(url.searchParams);
  for (const name of ["done", "n"]) query.delete(name);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return text === "" ? url.pathname : `${url.pathname}?${text}`;
}

/**
 * Text that a stranger wrote, on one line: set apart from its neighbours' direction,
 * with its control characters to be seen.
 */
export function Foreign({ text }: { readonly text: string }) {
  return <bdi class="foreign">{visible(text)}</bdi>;
}

/** Text that people take elsewhere: copy.client.js puts a button beside it. @param label what it is */
export function Copyable({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <div class="copyable">
      <code data-copy data-label={label}>
        {text}
      </code>
    </div>
  );
}

/** A table that may be wider than a phone: it scrolls in a place of its own, which the keyboard reaches. */
export function Scroll({ label, children }: { readonly label: string; readonly children?: Child }) {
  return (
    <div class="scroll" role="region" aria-label={label} tabindex={0}>
      {children}
    </div>
  );
}

/** Whether news arrive: live.client.js fills it in. Without scripts it is not there. */
export function LivePill() {
  return <span class="pill" role="status" data-live="/api/live" />;
}

/** Names and values, such as a description list shows them. */
export function Facts({ rows }: { readonly rows: readonly (readonly [name: string, value: Child])[] }) {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
