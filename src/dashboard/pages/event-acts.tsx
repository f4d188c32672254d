// What can be done with one event: the forms of its page, and what each of them leads to.
import type { Hono } from "hono";
import type { Caller } from "../../contract/access.ts";
import type { EventStory } from "../../contract/history.ts";
import type { By, Done } from "../../operate/operator.ts";
import { by, done, field, needs, type PageContext, type PageDeps, type PageEnv, refuse, show } from "../page.tsx";
import { Page } from "../parts/layout.tsx";
import { Foreign, Post } from "../parts/parts.tsx";
import { type BodyView, viewBody } from "../words/body.ts";
import type { FlashCode } from "../words/flash.ts";

export const noSuchEvent = {
  status: 404,
  title: "There is no such event",
  detail: "Its id is wrong, or it is older than the relay keeps events.",
};

/** Where the forms lead. */
export function eventActs(app: Hono<PageEnv>, deps: PageDeps): void {
  const { acts } = deps.operator;

  /** A form that does something to the event of the path, to the destination of its field or to all. */
  const act = (
    action: "replay" | "cancel" | "send" | "route" | "delete",
    work: (event: string, read: (name: string) => string, asker: By) => Promise<Done<readonly [FlashCode, number?]>>,
  ) =>
    app.post(`/events/:id/${action}`, needs(deps, action === "delete" ? "admin" : "operator", "events"), async (c) => {
      const form = await c.req.formData();
      const id = c.req.param("id") ?? "";
      const result = await work(id, (name) => field(form, name), by(c, form));
      return result.ok
        ? done(c, `/events/${encodeURIComponent(id)}`, ...result.value)
        : refuse(c, "events", result.problem);
    });

  act("replay", async (event, read, asker) => {
    const target = { event, destination: read("destination") || null, failed: read("state") === "failed" };
    const result = await acts.replay(target, asker);
    return result.ok ? { ok: true, value: ["replayed", result.value.replayed] } : result;
  });
  act("cancel", async (event, read, asker) => {
    const result = await acts.cancel({ event, destination: read("destination") || null }, asker);
    return result.ok ? { ok: true, value: ["cancelled", result.value.cancelled] } : result;
  });
  act("send", async (event, read, asker) => {
    const result = await acts.send({ event }, asker, { destination: read("destination") });
    return result.ok ? { ok: true, value: [result.value.created ? "sent" : "already"] } : result;
  });

  act("delete", async (event, _read, asker) => {
    const result = await acts.delete({ event }, asker);
    return result.ok ? { ok: true, value: ["deleted"] } : result;
  });

  act("route", async (event, _read, asker) => {
    const result = await acts.route({ event }, asker);
    if (!result.ok) return result;
    const { routed, undecided } = result.value;
    return { ok: true, value: [routed === 0 && undecided.length > 0 ? "undecided" : "routed", routed] };
  });

  const editing = async (c: PageContext, given: Given | null) => {
    const found = await deps.operator.event(c.req.param("id") ?? "");
    if (found === null) return refuse(c, "events", noSuchEvent);
    if (found.story.body_gone !== undefined)
      return refuse(c, "events", {
        status: 410,
        title: "There is nothing to edit",
        detail: found.story.body_gone.says,
      });
    const body = await viewBody(found.story, found.body, undefined);
    if (given !== null) c.status(400);
    return show(c, <EditPage c={c} deps={deps} story={found.story} body={body} given={given} />);
  };
  app.get("/events/:id/edit", needs(deps, "admin", "events"), (c) => editing(c, null));
  app.post("/events/:id/edit", needs(deps, "admin", "events"), async (c) => {
    const form = await c.req.formData();
    const [destination, breaks] = [field(form, "destination"), field(form, "breaks")];
    // A browser writes every line break of a field as CRLF (HTML, 4.10.21.5).
    const body = breaks === "crlf" ? field(form, "body") : field(form, "body").replaceAll("\r\n", "\n");
    const order = { destination, body, encoding: "text", content_type: null } as const;
    const result = await acts.edit({ event: c.req.param("id") }, by(c, form), order);
    return result.ok
      ? done(c, `/events/${result.value.event}`, "sent")
      : await editing(c, { destination, body, fault: result.problem.detail ?? result.problem.title });
  });
}

/** What was sent and refused, so that nobody has to write it again. */
interface Given {
  readonly destination: string;
  readonly body: string;
  readonly fault: string;
}

interface EventActionsProps {
  readonly story: EventStory;
  readonly deps: PageDeps;
  readonly caller: Caller;
}

/** What can be done with all of it. Only what would change something is there. */
export function EventActions({ story, deps, caller }: EventActionsProps) {
  const has = (...states: string[]) => story.deliveries.filter(({ state }) => states.includes(state)).length;
  const [failed, ended, waiting] = [has("failed"), has("failed", "delivered"), has("pending", "held")];
  const others = [...deps.config.destinations.keys()].filter(
    (name) => !story.deliveries.some(({ destination }) => destination === name),
  );
  const path = `/events/${story.id}`;
  if (story.body_gone !== undefined)
    return (
      <div class="actions" role="group" aria-label="Actions on this event">
        <Deletion story={story} deps={deps} caller={caller} />
      </div>
    );
  return (
    <div class="actions" role="group" aria-label="Actions on this event">
      {failed === 0 || failed === ended ? null : (
        <Post
          action={`${path}/replay`}
          label={failed === 1 ? "Replay the failed one" : `Replay the ${failed} failed`}
          once={deps.newId()}
          fields={{ state: "failed" }}
          kind="primary"
        />
      )}
      {ended === 0 ? null : (
        <Post
          action={`${path}/replay`}
          label={ended === 1 ? "Replay" : `Replay all ${ended}`}
          once={deps.newId()}
          kind={failed > 0 && failed === ended ? "primary" : "plain"}
          confirm={`${ended === 1 ? "The delivery that has ended is" : `The ${ended} deliveries that have ended are`} sent again, under the same webhook-id; a receiver that deduplicates by it processes no event twice.`}
        />
      )}
      {waiting === 0 ? null : (
        <Post
          action={`${path}/cancel`}
          label="Cancel pending deliveries"
          once={deps.newId()}
          kind="danger"
          confirm="What waits or is held is ended and not tried any more. A replay opens it again."
        />
      )}
      {story.deliveries.length > 0 && story.undecided.length === 0 ? null : (
        <Post action={`${path}/route`} label="Route it again" once={deps.newId()} kind="primary" />
      )}
      {others.length === 0 ? null : (
        <Post
          action={`${path}/send`}
          label="Send to another destination"
          once={deps.newId()}
          confirm="The event goes to it as if a route had named it."
        >
          <label>
            <span>Destination</span>
            <select name="destination" required>
              {others.map((name) => (
                <option value={name}>{name}</option>
              ))}
            </select>
          </label>
        </Post>
      )}
      {others.length + story.deliveries.length > 0 && deps.access.allows(caller, "admin") ? (
        <a class="button" href={`${path}/edit`}>
          Edit and replay
        </a>
      ) : null}
      <Deletion story={story} deps={deps} caller={caller} />
    </div>
  );
}

/** Its end, everywhere. */
function Deletion({ story, deps, caller }: EventActionsProps) {
  if (story.body_gone?.why === "deleted" || !deps.access.allows(caller, "admin")) return null;
  return (
    <Post
      action={`/events/${story.id}/delete`}
      label="Delete"
      once={deps.newId()}
      kind="danger"
      confirm="Its body, headers and all copies of them are deleted permanently, and its open deliveries are cancelled. Receivers keep what was sent."
    />
  );
}

interface EditPageProps {
  readonly c: PageContext;
  readonly deps: PageDeps;
  readonly story: EventStory;
  readonly body: BodyView;
  readonly given: Given | null;
}

function EditPage({ c, deps, story, body, given }: EditPageProps) {
  const { id } = story;
  return (
    <Page title={`Edit ${id}`} caller={c.var.caller} current="events" styles={["past.css"]}>
      <p class="trail">
        <a href="/events">Events</a> <span aria-hidden="true">/</span>{" "}
        <a class="mono" href={`/events/${id}`}>
          {id}
        </a>{" "}
        <span aria-hidden="true">/</span> Edit and replay
      </p>
      <h1>
        Edit and replay <Foreign text={story.type} /> <span class="dim">from {story.source}</span>
      </h1>
      {body.whole === null ? (
        <ByCommand story={story} />
      ) : (
        <EditForm deps={deps} story={story} body={body} given={given} />
      )}
    </Page>
  );
}

/** A field of a form holds text, and no more of it than an edited body may have. */
function ByCommand({ story }: Pick<EditPageProps, "story">) {
  const [delivery] = story.deliveries;
  const why = story.encoding === "base64" ? "This body is not text" : "This body is larger than an edited one may be";
  return (
    <>
      <p class="lead">{why}, so it cannot be edited in a browser. The command line sends any file of up to 256 KB:</p>
      <pre class="content" role="region" aria-label="Commands" tabindex={0}>
        {`hookline event ${story.id} --body > body.bin\nhookline edit ${story.id} --to ${delivery?.destination ?? "DESTINATION"} --body body.bin`}
      </pre>
    </>
  );
}

function EditForm({ deps, story, body, given }: Omit<EditPageProps, "c">) {
  const names = [...deps.config.destinations.keys()];
  const chosen =
    given?.destination ?? story.deliveries.find(({ destination }) => names.includes(destination))?.destination;
  const crlf = body.whole?.includes("\r\n") === true;
  return (
    <form method="post" action={`/events/${story.id}/edit`} class="card">
      <input type="hidden" name="once" value={deps.newId()} />
      <input type="hidden" name="breaks" value={crlf ? "crlf" : "lf"} />
      {given === null ? null : (
        <p class="fault" id="edit-fault" role="alert">
          <Foreign text={given.fault} />
        </p>
      )}
      <p>
        <label for="edit-to">Destination</label>
        <select id="edit-to" name="destination" required>
          {names.map((name) => (
            <option value={name} selected={name === chosen}>
              {name}
            </option>
          ))}
        </select>
      </p>
      <label for="edit-body">Body</label>
      {/* A line break at its beginning would be taken for the form's own. */}
      <textarea
        id="edit-body"
        name="body"
        rows={20}
        dir="ltr"
        spellcheck={false}
        autocomplete="off"
        aria-describedby={given === null ? "edit-says" : "edit-fault edit-says"}
      >
        {`\n${given?.body ?? body.text}`}
      </textarea>
      <p class="note" id="edit-says">
        This makes a new event with this body and sends it to one destination, with its own <code>webhook-id</code>: a
        receiver accepts it even if it has accepted the original. The original event and its deliveries do not change.
        The sender has not signed the new body; the relay signs it like any other. The audit log names you, the
        destination and a hash of the body.
      </p>
      <div class="actions">
        <button type="submit" class="primary">
          Send the edited event
        </button>
        <a class="button" href={`/events/${story.id}`}>
          Back
        </a>
      </div>
    </form>
  );
}
