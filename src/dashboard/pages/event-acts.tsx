// What can be done with one event: the forms of its page, and what each of them leads to.
import type { Hono } from "hono";
import type { Caller } from "../../contract/access.ts";
import type { EventStory } from "../../contract/history.ts";
import type { By, Done } from "../../operate/operator.ts";
import { by, done, field, needs, type PageDeps, type PageEnv, refuse } from "../page.tsx";
import { Post } from "../parts/parts.tsx";
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
    action: "replay" | "cancel" | "send",
    work: (event: string, read: (name: string) => string, asker: By) => Promise<Done<readonly [FlashCode, number?]>>,
  ) =>
    app.post(`/events/:id/${action}`, needs(deps, "operator", "events"), async (c) => {
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
}

interface EventActionsProps {
  readonly story: EventStory;
  readonly deps: PageDeps;
  readonly caller: Caller;
}

/** What can be done with all of it. Only what would change something is there. */
export function EventActions({ story, deps }: EventActionsProps) {
  const has = (...states: string[]) => story.deliveries.filter(({ state }) => states.includes(state)).length;
  const [failed, ended, waiting] = [has("failed"), has("failed", "delivered"), has("pending", "held")];
  const others = [...deps.config.destinations.keys()].filter(
    (name) => !story.deliveries.some(({ destination }) => destination === name),
  );
  const path = `/events/${story.id}`;
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
          confirm={`${ended === 1 ? "The delivery that has ended is" : `The ${ended} deliveries that have ended are`} sent again, under the same webhook-id; a receiver that keeps to it takes no event twice.`}
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
    </div>
  );
}
